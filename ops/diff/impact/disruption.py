"""NodePools whose nodes Karpenter may disrupt more than before: consolidation and budgets."""

import re
from collections.abc import Iterator
from typing import Any

from ops.diff.diff import Diff
from ops.diff.impact.drift import DEFAULT_BUDGETS
from ops.diff.impact.model import Consequence, Kind, causes_of, merged
from ops.diff.steps import Operation, Step
from ops.plan.model import Resource
from ops.plan.nodes import NODE_POOL
from ops.plan.values import at, mappings

_PATH = "spec.disruption"
_WAIT, _EXPIRES = f"{_PATH}.consolidateAfter", "spec.template.spec.expireAfter"
_EMPTY_ONLY, _NEVER = "WhenEmpty", "Never"
ENDS = "executors there end and their tasks run again, a driver there ends its job"
_MOVED = f"on nodes of NodePool {{}}: {ENDS}"


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields NodePools that start to move pods, and budgets that open for nodes with pods."""
    yield from merged(
        (step.resource.object_name, one) for step in diff.of_kind(NODE_POOL) for one in of(step)
    )


def of(step: Step) -> Iterator[Consequence]:
    """Yields the consequences of one NodePool's step; `{}` stands for its name."""
    if step.old is None or step.new is None or step.operation is not Operation.update:
        return
    old, new, causes = step.old, step.new, causes_of(step, _PATH)
    yield from _expiry(step, old, new)
    if not _moves(old) and _moves(new):
        text = "NodePool {} starts to move pods from nodes that are not full"
        yield Consequence(Kind.drifts_nodes, text, causes, jobs=_MOVED)
    elif _moves(new) and _seconds(at(new.inputs, _WAIT)) < _seconds(at(old.inputs, _WAIT)):
        before, after = (at(one.inputs, _WAIT) or "0s" for one in (old, new))
        text = f"NodePool {{}} moves pods from nodes that are not full after {after}, not {before}"
        yield Consequence(Kind.drifts_nodes, text, causes, jobs=_MOVED)
    for reason in ("Drifted", "Underutilized"):
        before, after = _allowed(old, reason), _allowed(new, reason)
        if reason == "Underutilized" and not _moves(new):
            continue
        if before != after and not _is_closer(before, after):
            text = (
                f"NodePool {{}} may disrupt more nodes at once that are {reason.lower()}: "
                f"{_words(before)} -> {_words(after)}; nodes that waited go now"
            )
            yield Consequence(Kind.drifts_nodes, text, causes, jobs=_MOVED)


def _expiry(step: Step, old: Resource, new: Resource) -> Iterator[Consequence]:
    """karpenter.sh/docs/concepts/disruption, Expiration: forceful, so that no budget holds it; the
    default is 720h."""
    before, after = (at(one.inputs, _EXPIRES) or "720h" for one in (old, new))
    if _seconds(after) < _seconds(before):
        text = (
            f"nodes of NodePool {{}} end {after} after their start, not "
            f"{'never' if before == _NEVER else before}: no budget and no PodDisruptionBudget "
            "holds that"
        )
        jobs = f"on nodes of NodePool {{}} older than {after}: {ENDS}"
        yield Consequence(Kind.drifts_nodes, text, causes_of(step, _EXPIRES), jobs=jobs)


def _seconds(duration: str | None) -> float:
    """Of `1h30m`, `30s` or `Never`; 0 without one, the CRD's default for consolidation."""
    if duration == _NEVER:
        return float("inf")
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)([hms])", duration or "0s"))


def _moves(pool: Resource) -> bool:
    """Whether consolidation moves running pods; the CRD's default does."""
    policy = at(pool.inputs, f"{_PATH}.consolidationPolicy")
    return policy != _EMPTY_ONLY and at(pool.inputs, _WAIT) != _NEVER


def _allowed(pool: Resource, reason: str) -> list[tuple[Any, ...]]:
    """The budgets for a reason; none means that nothing limits it."""
    budgets = at(pool.inputs, f"{_PATH}.budgets")
    found = mappings(DEFAULT_BUDGETS if budgets is None else budgets)
    return sorted(
        (str(one.get("nodes")), str(one.get("schedule") or ""), str(one.get("duration") or ""))
        for one in found
        if one.get("reasons") is None or reason in one["reasons"]
    )


def _is_closer(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> bool:
    """Whether the new budgets certainly allow no more: all that were there, or a smaller one of the
    same unit that always holds."""
    if before and set(before) <= set(after):
        return True
    always = [nodes for nodes, schedule, _ in after if not schedule]
    if "0" in always or "0%" in always:
        return True
    share = [_number(nodes) for nodes, schedule, _ in before if not schedule]
    return any(
        not before or any(unit == other and count <= number for number, other in share)
        for count, unit in map(_number, always)
    )


def _number(nodes: str) -> tuple[int, str]:
    return int(nodes.removesuffix("%")), "%" if nodes.endswith("%") else ""


def _words(budgets: list[tuple[Any, ...]]) -> str:
    found = [f"{nodes} from {when}" if when else str(nodes) for nodes, when, _ in budgets]
    return ", ".join(found) or "all"
