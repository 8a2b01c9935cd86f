"""Before and after in one picture: the colours of what is made, changed, replaced and deleted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ops.diff.diff import Diff
from ops.diff.steps import Operation, more_severe
from ops.plan.model import Plan

Text = Callable[..., str]


@dataclass(frozen=True)
class Change:
    """What happens within one component: the counts in words, and the gravest of it."""

    words: str = ""
    gravest: Operation | None = None


NONE = Change()

_COLOURS = {
    Operation.update: ("#b45309", "#fffbeb", "changed"),
    Operation.create: ("#15803d", "#f0fdf4", "made"),
    Operation.may_replace: ("#a21caf", "#fdf4ff", "may be replaced"),
    Operation.replace: ("#7e22ce", "#faf5ff", "replaced"),
    Operation.delete: ("#b91c1c", "#fef2f2", "deleted"),
}
_DASHED = 'stroke-dasharray="6 4"'


def together(diff: Diff) -> Plan:
    """Returns the plan as it will be, with what goes still in it."""
    kept = {resource.urn for resource in diff.new.resources}
    gone = [resource for resource in diff.old.resources if resource.urn not in kept]
    return replace(diff.new, resources=(*diff.new.resources, *gone))


def by_component(diff: Diff) -> Mapping[str, Change]:
    """Returns what happens in each outermost component that does not stay as it is."""
    counts: dict[str, dict[Operation, int]] = {}
    for step in diff.steps:
        plan = diff.new if step.new is not None else diff.old
        component = plan.component(step.resource)
        # A component itself is nothing in the cloud.
        if component is not None and (step.resource.custom or step.resource.remote):
            found = counts.setdefault(component.name, {})
            found[step.operation] = found.get(step.operation, 0) + 1
    before, after = ({one.name for one in plan.resources} for plan in (diff.old, diff.new))
    return {
        name: Change(
            ", ".join(f"{found[op]} {_COLOURS[op][2]}" for op in _COLOURS if op in found),
            _gravest(found, is_new=name not in before, is_gone=name not in after),
        )
        for name, found in counts.items()
    }


def _gravest(found: Iterable[Operation], *, is_new: bool, is_gone: bool) -> Operation:
    """Returns what happens to a component: parts that come or go are a change of it."""
    if is_new or is_gone:
        return Operation.create if is_new else Operation.delete
    gravest = Operation.update
    for operation in found:
        if operation in (Operation.may_replace, Operation.replace):
            gravest = more_severe(gravest, operation)
    return gravest


def edge(change: Change) -> str:
    """Returns the attributes of a changed component's box; nothing for one that stays."""
    if change.gravest is None:
        return ""
    colour, fill, _ = _COLOURS[change.gravest]
    dashes = f" {_DASHED}" if change.gravest is Operation.delete else ""
    return f'fill="{fill}" stroke="{colour}" stroke-width="2"{dashes}'


def words(change: Change, x: float, y: float, text: Text) -> Iterator[str]:
    """Yields the line of a box that says what happens within it."""
    if change.gravest is not None:
        yield text(x, y, change.words, size=12, colour=_COLOURS[change.gravest][0], weight=600)


def legend(text: Text) -> Iterator[str]:
    """Yields the colours and what they mean."""
    x = 40.0
    for operation, (colour, fill, word) in _COLOURS.items():
        dashes = f" {_DASHED}" if operation is Operation.delete else ""
        yield (
            f'<rect x="{x:.1f}" y="80" width="14" height="14" rx="3" fill="{fill}" '
            f'stroke="{colour}" stroke-width="2"{dashes}/>'
        )
        yield text(x + 20, 92, word, size=12)
        x += 40 + 7.0 * len(word)
