"""A diff as JSON, for tools."""

import json
from collections.abc import Iterable
from typing import Any

from ops.diff.compare import ABSENT, Change
from ops.diff.diff import Diff
from ops.diff.impact import Consequence, consequences
from ops.diff.sources import Compared, Failure
from ops.diff.steps import Operation, Step


def to_json(sections: Iterable[Compared]) -> str:
    """Returns `{"stacks": [...]}`, each stack with summary, consequences, steps and exports.

    A stack that could not be recorded has `error` instead. A value that one side lacks is omitted
    on that side.
    """
    stacks = [
        {"stack": one.stack, "error": one.found.message}
        if isinstance(one.found, Failure)
        else {"stack": one.stack, **as_dict(one.found), **({"note": one.note} if one.note else {})}
        for one in sections
    ]
    return json.dumps({"stacks": stacks}, indent=1, ensure_ascii=False) + "\n"


def as_dict(diff: Diff) -> dict[str, Any]:
    """Returns one diff as plain data, in a stable order."""
    return {
        "project": diff.new.project,
        "from": diff.old.stack,
        "to": diff.new.stack,
        "summary": {str(op): len(diff.of(op)) for op in Operation},
        "consequences": [_consequence(one) for one in consequences(diff)],
        "steps": [_step(step) for step in diff.steps],
        "exports": [_change(change) for change in diff.exports],
    }


def _consequence(one: Consequence) -> dict[str, Any]:
    return {
        "kind": str(one.kind),
        "level": one.level.name,
        "text": one.text,
        "details": list(one.details),
        "causes": [{"resource": cause.resource, "what": cause.what} for cause in one.causes],
        "jobs": one.jobs,
    }


def _step(step: Step) -> dict[str, Any]:
    resource = step.resource
    return {
        "operation": str(step.operation),
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "changes": [_change(change) for change in step.changes],
        "forcedBy": list(step.forced_by),
        "unknown": list(step.unknown),
        "follows": [str(change) for change in step.propagated],
    }


def _change(change: Change) -> dict[str, Any]:
    sides = {"old": change.old, "new": change.new}
    known = {side: value for side, value in sides.items() if value is not ABSENT}
    return {"path": change.path, **known}
