"""Updates that a service refuses because a resource would have more entries or bytes than it
allows."""

from collections.abc import Iterator

from ops.diff.diff import Diff
from ops.diff.impact.model import Cause, Consequence, Kind, causes_of
from ops.diff.steps import Operation, key_of
from ops.plan.limit_counts import Count, counts, over


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what grows above a limit. What was above it before and does not grow is there, so that
    the account has a higher quota."""
    grown = over(diff.new)
    if not grown:
        return
    before: dict[tuple[str, str], int] = {}
    for one in counts(diff.old):
        before[one.limit.what, key_of(one.subject.urn, diff.old)] = one.number
    for one in grown:
        known = before.get((one.limit.what, key_of(one.subject.urn, diff.new)), 0)
        if one.number > known and (causes := _causes(diff, one)):
            yield Consequence(Kind.fails, _text(one), causes)


def _causes(diff: Diff, one: Count) -> tuple[Cause, ...]:
    parts = {key_of(part.urn, diff.new) for part in one.parts}
    return tuple(
        cause
        for step in diff.steps
        if step.key in parts and step.operation is not Operation.delete
        for cause in (causes_of(step, *one.inputs) or causes_of(step))
    )


def _text(one: Count) -> str:
    limit = one.limit
    allows = f"allows {limit.most}"
    if limit.code:
        allows += " unless the account's quota is higher"
    out = f"ask AWS to raise {limit.code}, or {limit.way_out}" if limit.code else limit.way_out
    name = one.subject.name
    return (
        f"fails: {name} has {one.number} {limit.what}, and {limit.service} {allows}; way out: {out}"
    )
