"""Tables of docs/rules.md, from the rules and the components' exceptions."""

from ops.plan.command import table
from ops.rules.catalog import RULES
from ops.rules.check import check
from tests.mutation.survivors import REASONS
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, STACKS, plan_of


def catalog() -> str:
    """Every rule with its reason and source."""
    rows = []
    for rule in RULES:
        what = " ".join((rule.check.__doc__ or "").split())
        source = f"[{_host(rule.source)}]({rule.source})"
        rows.append([f"`{rule.id}`", rule.severity, what, rule.reason, source])
    return table(["rule", "severity", "what it requires", "why", "source"], rows)


def exceptions() -> str:
    """Every exception that applies to a stack, with the findings that it allows."""
    plans = [plan_of(stack) for stack in STACKS]
    plans += [plan_of("dev", *DAEMONSET), plan_of("dev", *CLUSTER_AUTOSCALER)]
    plans.append(plan_of("dev", "spark.yunikorn.enabled=true"))
    subjects: dict[tuple[str, str, str], set[str]] = {}
    for plan in plans:
        for finding, waiver in check(plan).excepted:
            key = (waiver.rule, waiver.resource, waiver.reason)
            subjects.setdefault(key, set()).add(finding.broken.subject)
    rows = [
        [f"`{rule}`", f"`{resource}`", _codes(sorted(found)), reason]
        for (rule, resource, reason), found in sorted(subjects.items())
    ]
    return table(["rule", "resource", "what", "reason"], rows)


def survivors() -> str:
    """The guards that no test protects."""
    rows = [[f"`{_cell(place)}`", reason] for place, reason in REASONS.items()]
    return table(["guard", "why no test protects it"], rows)


def _codes(texts: list[str]) -> str:
    shown = "<br>".join(f"`{_cell(text)}`" for text in texts[:3])
    return f"{shown}<br>and {len(texts) - 3} more" if len(texts) > 3 else shown


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _host(address: str) -> str:
    return address.removeprefix("https://").partition("/")[0]
