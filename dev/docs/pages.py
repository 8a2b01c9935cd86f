"""Writes into README.md and docs/ what they take from the code: `make docs`."""

import io
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from dev.docs import alerts, capacity, configuration, cost, rules
from ops.advice import show as show_advice
from ops.advice.command import advise_on
from ops.advice.price import prices_of
from ops.capacity import show as show_capacity
from ops.capacity.report import Request, report
from ops.diff import text as show_diff
from ops.diff.diff import compare
from ops.diff.mermaid import chart_of, to_mermaid
from ops.plan import tree
from ops.plan.command import table
from ops.rules import show as show_rules
from ops.rules.check import check
from tests.plans import ROOT, plan_of
from tests.user_data import sizes

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
"""The pages with tables, outputs or pictures."""


def _sizes() -> str:
    """The user data of each stack's nodes."""
    rows = [[name, str(size), str(encoded)] for name, (size, encoded) in sizes().items()]
    return table(["node", "bytes", "base64"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "configuration": configuration.keys,
    "alerts": alerts.runbook,
    "cost": cost.monthly,
    "executors": capacity.executors,
    "mounts": capacity.mounts,
    "limits": capacity.limits,
    "formulas": capacity.formulas,
    "quotas": capacity.account_quotas,
    "rules": rules.catalog,
    "exceptions": rules.exceptions,
    "survivors": rules.survivors,
    "sizes": _sizes,
}
"""By the name in a page's comment; each is in one page."""
MADE = re.compile(r"(<!-- made by `make docs`: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SHOWN = re.compile(
    r"^\$ make (?P<command>preview|diff|check|capacity|advise) (?P<arguments>.*)\n"
    r"(?P<output>(?:(?!\$ |```).*\n)+)```$",
    re.MULTILINE,
)
"""The last command of a block, with its output: a command without output does not match."""
PICTURES = re.compile(
    r"(?P<head>^<!-- make picture STACK=(?P<stack>[a-z-]+) -->\n\n```mermaid\n)(?P<chart>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
"""A Mermaid chart, after a comment with the command that prints it."""


def output(command: str, arguments: str) -> str:
    """The output of a make target with arguments such as `STACK=dev SET='drivers.zone=b'`."""
    given = dict(word.split("=", 1) for word in shlex.split(arguments))
    plan = plan_of(given["STACK"], *([given["SET"]] if "SET" in given else []))
    stream = io.StringIO()
    match command:
        case "preview":
            tree.render(plan, stream, int(given.get("DEPTH", 0)))
        case "diff":
            show_diff.render(compare(plan_of(given["STACK"]), plan), stream)
        case "check":
            show_rules.render(check(plan), stream)
        case "capacity":
            asked = Request(executors=int(given["EXECUTORS"]))
            show_capacity.render(report(plan, asked), stream)
        case "advise":
            prices = prices_of(given.get("PRICE", ""))
            place = str(ROOT / given["LOGS"])
            found = advise_on(place, plan, team=given["TEAM"], prices=prices, last=0, region="")
            show_advice.render(found, stream)
    return stream.getvalue()


def picture(stack: str) -> str:
    """The output of `make picture` for a stack."""
    return to_mermaid(chart_of(plan_of(stack)))


def render(page: str) -> str:
    """The page with current tables, outputs and pictures; the rest is unchanged."""
    page = MADE.sub(lambda made: f"{made[1]}{TABLES[made[2]]()}{made[3]}", page)
    page = SHOWN.sub(_renewed, page)
    return PICTURES.sub(lambda shown: f"{shown['head']}{picture(shown['stack'])}```", page)


def _renewed(shown: re.Match[str]) -> str:
    command, arguments = shown["command"], shown["arguments"]
    return f"$ make {command} {arguments}\n{output(command, arguments)}```"


def texts() -> dict[Path, str]:
    """The pages as they are. Raises LookupError if they lack the markers of a table."""
    found = {page: page.read_text(encoding="utf-8") for page in PAGES}
    missing = TABLES.keys() - {made[2] for text in found.values() for made in MADE.finditer(text)}
    if missing:
        raise LookupError(f"no page has markers for: {', '.join(sorted(missing))}")
    return found


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(render(text), encoding="utf-8")
