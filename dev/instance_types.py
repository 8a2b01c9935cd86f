"""Writes components/instance_types.txt from EC2's own figures: `python -m dev.instance_types`."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.plan.instances import facts, source

FILE = Path(__file__).parent.parent / "components" / "instance_types.txt"
_ACCELERATORS = ("GpuInfo", "FpgaInfo", "InferenceAcceleratorInfo", "MediaAcceleratorInfo")
_ACCELERATED = re.compile(r"(dl|inf|trn|vt|f|g|gr|p)[0-9]")
_UNSUITED = re.compile(r"(hpc|mac|u)[0-9-]|(a1|c1|m1|m2|t1)$")
"""Without Spot, for macOS, of many TiB, or older than what Amazon Linux 2023 supports:
docs.aws.amazon.com/linux/al2023/ug/system-requirements.html."""
_SIZE = re.compile(r"medium|([0-9]*x)?large")


def render() -> str:
    """The file's text: families with the same sizes in one line."""
    sizes: dict[str, list[str]] = defaultdict(list)
    others: dict[str, set[str]] = {"accelerated": set(), "unsuited": set()}
    for name, raw in facts().items():
        family, _, size = name.partition(".")
        if reason := _reason(family, raw):
            others[reason].add(family)
        elif _SIZE.fullmatch(size):
            sizes[family].append(size)
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for family, found in sorted(sizes.items()):
        alike[tuple(sorted(found, key=_order))].append(family)
    lines = [
        "# EC2's instance types for nodes: families, and their sizes without bare metal.",
        f"# Written by `python -m dev.instance_types` from {source()}.",
        *(f"{' '.join(families)}: {' '.join(of)}" for of, families in alike.items()),
        "# Families with GPUs or other accelerators, and families that are no nodes of this stack.",
        *(f"{reason}: {' '.join(sorted(families))}" for reason, families in others.items()),
    ]
    return "".join(f"{line}\n" for line in lines)


def _reason(family: str, raw: Mapping[str, Any]) -> str:
    if _ACCELERATED.match(family) or any(key in raw for key in _ACCELERATORS):
        return "accelerated"
    return "unsuited" if _UNSUITED.match(family) else ""


def _order(size: str) -> tuple[bool, bool, int]:
    number = re.match(r"[0-9]+", size)
    return size not in ("medium", "large"), size == "large", int(number[0]) if number else 1


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
