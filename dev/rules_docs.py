"""Writes the tables and the command output of docs/rules.md from the rules."""

import io
import re
from pathlib import Path

from ops.plan.record import record
from ops.rules import show
from ops.rules.catalog import MODULES, RULES
from ops.rules.check import check
from tests.mutation.survivors import REASONS
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, STACKS, plan_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
_SHOWN = re.compile(r"^\$ make check STACK=(\w+)\n(?:.*\n)*?```$", re.MULTILINE)


def render(page: str) -> str:
    """The page with new tables and the same text between them."""
    rules, exceptions, survivors = _rules(), _exceptions(), _survivors()
    for name, table in (("rules", rules), ("exceptions", exceptions), ("survivors", survivors)):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return _SHOWN.sub(_real, page)


def _real(shown: re.Match[str]) -> str:
    """The command with its current output."""
    stream = io.StringIO()
    show.render(check(record(PAGE.parent.parent, shown[1])), stream)
    return f"$ make check STACK={shown[1]}\n{stream.getvalue()}```"


def _rules() -> str:
    lines = ["| rule | severity | what it requires | why | source |", "|---|---|---|---|---|"]
    for module in MODULES:
        for rule in RULES:
            if rule not in vars(module).values():
                continue
            what = " ".join((rule.check.__doc__ or "").split())
            lines.append(
                f"| `{rule.id}` | {rule.severity} | {what} | {rule.reason} | "
                f"[{_host(rule.source)}]({rule.source}) |"
            )
    return "\n".join(lines) + "\n"


def _exceptions() -> str:
    plans = [plan_of(stack) for stack in STACKS]
    plans += [plan_of("dev", *DAEMONSET), plan_of("dev", *CLUSTER_AUTOSCALER)]
    plans.append(plan_of("dev", "spark.yunikorn.enabled=true"))
    subjects: dict[tuple[str, str, str], set[str]] = {}
    for plan in plans:
        for finding, waiver in check(plan).excepted:
            key = (waiver.rule, waiver.resource, waiver.reason)
            subjects.setdefault(key, set()).add(finding.broken.subject)
    lines = ["| rule | resource | what | reason |", "|---|---|---|---|"]
    for (rule, resource, reason), found in sorted(subjects.items()):
        lines.append(f"| `{rule}` | `{resource}` | {_codes(sorted(found))} | {reason} |")
    return "\n".join(lines) + "\n"


def _survivors() -> str:
    lines = ["| guard | why no test protects it |", "|---|---|"]
    lines += [f"| `{_cell(place)}` | {reason} |" for place, reason in REASONS.items()]
    return "\n".join(lines) + "\n"


def _codes(texts: list[str]) -> str:
    shown = "<br>".join(f"`{_cell(text)}`" for text in texts[:3])
    return f"{shown}<br>and {len(texts) - 3} more" if len(texts) > 3 else shown


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _host(address: str) -> str:
    return address.removeprefix("https://").partition("/")[0]


def main() -> None:
    """Writes the page."""
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
