"""Compares two stacks, one of which never becomes the other: only what differs beyond names.

What carries a stack's own name (cluster, account, region, the stack itself) is renamed in the first
plan to what the second one has, so that it is no difference.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ops.diff.diff import Diff, compare
from ops.diff.steps import Operation, Step
from ops.plan.cloud import DEFAULT_ACCOUNT
from ops.plan.model import Plan

_CLUSTER, _PROVIDER = "eks:index:Cluster", "pulumi:providers:aws"


def compare_stacks(old: Plan, new: Plan) -> Diff:
    """Returns what only one of two stacks has, and what differs. Nothing is replaced: there is no
    update from one to the other."""
    diff = compare(_renamed(old, new), new)
    steps = [found for step in diff.steps if (found := _difference(step))]
    return replace(diff, old=old, steps=tuple(steps))


def names_of(plan: Plan) -> dict[str, str]:
    """Returns what carries the stack's own name: cluster, account and region."""
    found = {"account": DEFAULT_ACCOUNT}
    for one in plan.by_type(_CLUSTER):
        found["cluster"] = str(one.inputs.get("name"))
    for one in plan.by_type(_PROVIDER):
        found["region"] = str(one.inputs.get("region"))
        for account in one.inputs.get("allowedAccountIds") or ():
            found["account"] = str(account)
    return found


def _renamed(old: Plan, new: Plan) -> Plan:
    """The first plan with the second one's names."""
    ours, theirs = names_of(old), names_of(new)
    pairs = {
        before: theirs[what] for what, before in ours.items() if before != theirs.get(what, before)
    }
    rename = _renaming(pairs)

    def of(text: str) -> str:
        # The stack's name may be part of any word: only as a whole value is it surely the name.
        if text == old.stack:
            return new.stack
        return rename(text).replace(f'"{old.stack}"', f'"{new.stack}"')

    return replace(
        old,
        resources=tuple(replace(one, inputs=_each(one.inputs, of)) for one in old.resources),
        exports=_each(old.exports, of),
    )


def _renaming(pairs: Mapping[str, str]) -> Callable[[str], str]:
    """Replaces whole words; a zone begins with its region."""
    if not pairs:
        return lambda text: text
    longest = sorted(pairs, key=len, reverse=True)
    words = "|".join(re.escape(word) for word in longest)
    pattern = re.compile(rf"(?<![A-Za-z0-9])({words})(?=[a-f]?(?![A-Za-z0-9]))")
    return lambda text: pattern.sub(lambda found: pairs[found[1]], text)


def _each(value: Any, of: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return of(value)
    if isinstance(value, Mapping):
        return {of(key): _each(item, of) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_each(item, of) for item in value]
    return value


def _difference(step: Step) -> Step | None:
    if step.operation in (Operation.create, Operation.delete):
        return step
    if not step.changes:
        return None
    return replace(step, operation=Operation.update, forced_by=(), unknown=(), propagated=())
