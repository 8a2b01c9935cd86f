"""Puts right what can be put right without a decision."""

from collections.abc import Mapping, Sequence
from typing import Any

from ops.jobs.check import Verdict, judged
from ops.jobs.findings import Change, Finding, applied
from ops.jobs.model import Target

_ROUNDS = 200


def mended(
    document: Mapping[str, Any], target: Target, beside: Sequence[Mapping[str, Any]] = ()
) -> tuple[dict[str, Any], list[Finding], Verdict]:
    """The document put right, the findings that were, and the verdict on the result.

    One finding at a time: a change may move what another one names. The errors come first. What a
    change did not put right is left alone.
    """
    current: dict[str, Any] = applied(document, ())
    done: list[Finding] = []
    tried: set[tuple[str, tuple[Change, ...]]] = set()
    rejected: set[tuple[str, tuple[Change, ...]]] = set()
    verdict = judged(current, target, beside)
    for _ in range(_ROUNDS):
        waiting = [
            one for one in verdict.findings if one.changes and _key(one) not in tried | rejected
        ]
        if not waiting:
            break
        (first, *_) = waiting
        changed = applied(current, first.changes)
        after = judged(changed, target, beside)
        if changed == current or _is_worse(verdict, after):
            rejected.add(_key(first))
            continue
        tried.add(_key(first))
        # A change that made things worse may do no harm after this one.
        rejected.clear()
        current, verdict = changed, after
        done.append(first)
    return current, done, verdict


def _key(finding: Finding) -> tuple[str, tuple[Change, ...]]:
    return finding.field + finding.why, tuple(
        Change(one.path, repr(one.value)) for one in finding.changes
    )


def _is_worse(before: Verdict, after: Verdict) -> bool:
    """Whether there is an error that has no change, and was not there."""
    old = {(one.field, one.why) for one in before.findings}
    return any(
        (one.field, one.why) not in old and not one.changes
        for one in after.findings
        if one.severity == "error"
    )
