"""Tables of docs/capacity.md, from the reports of the stacks' plans."""

from ops.capacity import quotas
from ops.capacity.formulas import FORMULAS
from ops.capacity.measured import METHODS, NODE, POD
from ops.capacity.report import Report, Request, report
from ops.capacity.start import s3
from ops.plan.command import table
from ops.plan.text import number
from tests.plans import plan_of

COUNTS = (100, 1_000, 10_000)
STACKS = ("dev", "staging", "prod")
_S3_KEYS = ("s3-requests", "s3-rate", "s3-seconds", "s3-gib")


def executors() -> str:
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
    return f"{intro}\n\n{table(head, rows, right=len(head) - 1)}"


def mounts() -> str:
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
    return f"{intro}\n\n{table(head, rows, right=len(head) - 1)}"


def limits() -> str:
    reports = [report(plan_of(stack), Request()) for stack in STACKS]
    keys = list(dict.fromkeys(one.quota.key for found in reports for one in found.limits))
    names = {one.quota.key: one.quota.name for found in reports for one in found.limits}
    rows = [
        [f"{names[key]} (`{key}`)", *(_exceeded_at(found, key) for found in reports)]
        for key in keys
    ]
    return table(["limit", *(f"`{stack}`" for stack in STACKS)], rows, right=len(STACKS))


def _exceeded_at(found: Report, key: str) -> str:
    for one in found.limits:
        if one.quota.key == key:
            return "never" if one.exceeded_at is None else number(one.exceeded_at)
    return "-"


def formulas() -> str:
    rows = [[one.title, one.how, one.source] for one in FORMULAS.values()]
    return table(["figure", "formula", "source"], rows)


def account_quotas() -> str:
    rows = [
        [f"`{one.key}`", one.name, _default(one), one.source]
        for one in quotas.ALL
        if one.source != "the plan"
    ]
    return table(["key", "name", "default", "source"], rows)


def _default(one: quotas.Quota) -> str:
    return f"{number(one.default)} {one.unit}".strip() if one.default else "by instance type"
