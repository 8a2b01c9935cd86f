"""Versions of Kubernetes and of charts."""

import re


def minor(version: str) -> tuple[int, int]:
    """Returns major and minor of `1.35`, `v1.35.2` or `1.35.2-20260724`; zeros of anything else."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)
