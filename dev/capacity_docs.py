"""Writes the tables of docs/capacity.md from the reports of the stacks' plans."""

import io
import re
from collections.abc import Callable
from pathlib import Path

from ops.capacity import quotas, show
from ops.capacity.formulas import FORMULAS
from ops.capacity.measured import METHODS, NODE, POD
from ops.capacity.report import Report, Request, report
from ops.capacity.show import number
from ops.capacity.start import s3
from ops.plan.model import Plan
from ops.plan.record import record

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "capacity.md"

COUNTS = (100, 1_000, 10_000)
STACKS = ("dev", "staging", "prod")
_TABLE = re.compile(r"(<!-- made by `make docs`: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

PlanOf = Callable[[str], Plan]


def render(page: str, plan_of: PlanOf) -> str:
    """The page with new tables and the same text around them.

    Raises LookupError if the page lacks the markers of a table.
    """
    tables = {
        "example": _example,
        "executors": _executors,
        "mounts": _mounts,
        "limits": _limits,
        "formulas": _formulas,
        "quotas": _quotas,
    }
    missing = sorted(tables.keys() - {found[2] for found in _TABLE.finditer(page)})
    if missing:
        raise LookupError(f"{PAGE.name} has no markers for: {', '.join(missing)}")
    return _TABLE.sub(lambda found: f"{found[1]}{tables[found[2]](plan_of)}{found[3]}", page)


def _example(plan_of: PlanOf) -> str:
    text = io.StringIO()
    show.render(report(plan_of("dev"), Request(executors=100)), text)
    return f"```console\n$ make capacity STACK=dev EXECUTORS=100\n{text.getvalue()}```\n"


def _executors(plan_of: PlanOf) -> str:
    reports = [report(plan_of("prod"), Request(executors=count)) for count in COUNTS]
    first = reports[0]
    types = [f"`{fit.name}`, {fit.per_node} a node" for fit in first.fits]
    head = [""] + [f"{count:,} on {name}" for count in COUNTS for name in types]
    rows = []
    for key, formula in FORMULAS.items():
        if all(key in figures for figures in first.figures):
            title = f"{formula.title}, {formula.unit}" if formula.unit else formula.title
            cells = [number(figures[key]) for one in reports for figures in one.figures]
            rows.append([title, *cells])
    intro = (
        f"Stack `prod`, pool `{first.pool}`, JARs in pod level, {first.scenario.platform.nat} NAT "
        "gateways, executors of 4 vCPU and 16 GiB:"
    )
    return f"{intro}\n\n{_table(head, rows)}"


def _mounts(plan_of: PlanOf) -> str:
    fit = report(plan_of("prod"), Request()).fits[-1]
    head = ["way"]
    for count in COUNTS:
        head += [f"{count:,}: requests", "a second", "s at 5,500 a second", "GiB"]
    rows = []
    for method in METHODS:
        cells = []
        for count in COUNTS:
            figures = s3(count, -(-count // fit.per_node), 1, method)
            cells += [number(figures[key]) for key in _S3_KEYS]
        title = f"**{method.title}**" if method in (POD, NODE) else method.title
        rows.append([title, *cells])
    intro = f"{fit.per_node} executors a node (`{fit.name}`), one claim:"
    return f"{intro}\n\n{_table(head, rows)}"


_S3_KEYS = ("s3-requests", "s3-rate", "s3-seconds", "s3-gib")


def _limits(plan_of: PlanOf) -> str:
    reports = [report(plan_of(stack), Request()) for stack in STACKS]
    keys = list(dict.fromkeys(one.quota.key for found in reports for one in found.limits))
    names = {one.quota.key: one.quota.name for found in reports for one in found.limits}
    rows = [
        [f"{names[key]} (`{key}`)", *(_exceeded_at(found, key) for found in reports)]
        for key in keys
    ]
    return _table(["limit", *(f"`{stack}`" for stack in STACKS)], rows)


def _exceeded_at(found: Report, key: str) -> str:
    for one in found.limits:
        if one.quota.key == key:
            return "never" if one.exceeded_at is None else number(one.exceeded_at)
    return "-"


def _formulas(plan_of: PlanOf) -> str:
    rows = [[one.title, one.how, one.source] for one in FORMULAS.values()]
    return _table(["figure", "formula", "source"], rows, right=False)


def _quotas(plan_of: PlanOf) -> str:
    rows = [
        [f"`{one.key}`", one.name, _default(one), one.source]
        for one in quotas.ALL
        if one.source != "the plan"
    ]
    return _table(["key", "name", "default", "source"], rows, right=False)


def _default(one: quotas.Quota) -> str:
    return f"{number(one.default)} {one.unit}".strip() if one.default else "by instance type"


def _table(head: list[str], rows: list[list[str]], *, right: bool = True) -> str:
    side = "--:" if right else "---"
    lines = [f"| {' | '.join(head)} |", "|---|" + f"{side}|" * (len(head) - 1)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(), lambda stack: record(ROOT, stack)))
