"""Writes ops/plan/on_demand_prices.txt from Karpenter's list: `python -m dev.instance_prices`."""

import json
import re
import subprocess
from pathlib import Path

from ops.plan.instances import facts

ROOT = Path(__file__).parent.parent
FILE = ROOT / "ops" / "plan" / "on_demand_prices.txt"
_MODULE = "github.com/aws/karpenter-provider-aws"
_LIST = "pkg/providers/pricing/zz_generated.pricing_aws.go"
_MADE = re.compile(r"// generated at (\S+)T\S+ for (\S+)")
_PRICE = re.compile(r'"([a-z0-9-]+\.[a-z0-9-]+)": ([0-9.]+)')


def render() -> str:
    """The file's text: the types that have EC2's figures. Needs Go, and the module in its cache."""
    tier = ROOT / "tests" / "tiers" / "karpenter"
    command = ["go", "list", "-m", "-json", _MODULE]
    told = subprocess.run(command, cwd=tier, capture_output=True, text=True, check=True).stdout
    module = json.loads(told)
    listed = (Path(module["Dir"]) / _LIST).read_text(encoding="utf-8")
    made = _MADE.search(listed)
    assert made is not None
    known = facts()
    prices = {name: price for name, price in _PRICE.findall(listed) if name in known}
    lines = [
        f"# On-Demand, Linux, {made[2]}, {made[1]}: USD an hour.",
        f"# Written by `python -m dev.instance_prices` from {_MODULE} {module['Version']},",
        f"# {_LIST}.",
        *(f"{name} {float(price):g}" for name, price in sorted(prices.items())),
    ]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
