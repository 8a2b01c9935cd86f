"""Compares a row of changes with the diff of its two plans."""

from ops.diff.diff import Diff, compare
from ops.diff.impact import consequences
from tests.ops.diff.changes import Row
from tests.plans import plan_of
from tests.tiers.engine.test_knobs import KNOBS

_ENGINE = {knob.key: knob for knob in KNOBS}


def diff_of(row: Row) -> Diff:
    """The diff from before to after."""
    return compare(plan_of(row.stack, *row.before), plan_of(row.stack, *row.after))


def misjudged(row: Row, diff: Diff) -> list[str]:
    """Differences between the diff and the row; empty if they agree."""
    said = [f"{one.kind}: {one.text} {' '.join(one.details)}" for one in consequences(diff)]
    wrong = (
        [f"said, {len(row.expected)} expected: {said}"] if len(said) != len(row.expected) else []
    )
    for text, expected in zip(said, row.expected, strict=False):
        kind, _, fragment = expected.partition(": ")
        if not (text.startswith(f"{kind}: ") and fragment in text):
            wrong.append(f"{expected!r} expected, not {text!r}")
    return wrong


def operations(diff: Diff) -> list[str]:
    """The operation on each resource, in the terms of the engine tier; without components."""
    named = [
        f"{step.operation} {step.resource.type.rsplit(':', 1)[1]} {step.resource.name}"
        for step in diff.steps
        if step.resource.custom or step.resource.remote
    ]
    # The engine sees the cluster that the component creates.
    return sorted(
        line.replace("Cluster cluster-eks", "Cluster cluster-eks-eksCluster") for line in named
    )


def on_the_engine(row: Row) -> list[str]:
    """The operations that the real engine does for the same change."""
    return sorted(_ENGINE[row.knob].operations)
