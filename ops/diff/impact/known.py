"""What is known of a change as regards Spark jobs that run: by type, operation and path.

What no row names is not known, and a diff says so. A row has its basis in `source`.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from ops.diff.compare import ABSENT, Change
from ops.diff.impact.known_aws import AWS
from ops.diff.impact.known_kubernetes import BESIDE_JOBS, KUBERNETES, OTHER
from ops.diff.impact.known_row import Known
from ops.plan import paths
from ops.plan.model import Resource
from ops.plan.packages import RELEASE

__all__ = ["AWS", "KUBERNETES", "OTHER", "Known", "grows", "parts", "row", "speaks_of"]


def row(resource: Resource) -> Known | None:
    """Returns the row of a resource's type, None without one."""
    chart = str(resource.inputs.get("chart"))
    if resource.type == RELEASE and chart in BESIDE_JOBS:
        return BESIDE_JOBS[chart]
    if resource.type in OTHER:
        return OTHER[resource.type]
    if resource.package == "aws":
        return AWS.get(resource.type.removeprefix("aws:"))
    if resource.is_kubernetes_object:
        return KUBERNETES.get(str(resource.inputs.get("kind")))
    return None


def speaks_of(patterns: str, path: str) -> bool:
    """Returns whether one of the patterns names the path or something above it.

    `[]` in a pattern is any item of a list, `.*.` any keys in between.
    """
    plain = re.sub(r"\[\d+\]", "[]", path)
    return any(_compiled(pattern).match(plain) for pattern in patterns.split())


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    below = re.escape(pattern).replace(r"\.\*\.", r"(?:[.\[{].*)?[.{]")
    return re.compile(rf"{below}(?:[.\[{{}}].*)?\Z")


def grows(patterns: str, change: Change) -> bool:
    """Returns whether a change adds an item to a list, or raises a number, that a pattern names."""
    named = re.sub(r"\[\d+\]\Z", "", change.path)
    if not any(re.sub(r"\[\d+\]", "[]", one) in patterns.split() for one in (named, change.path)):
        return False
    if change.old is ABSENT:
        return True
    numbers = [isinstance(one, int | float) for one in (change.old, change.new)]
    return all(numbers) and change.path == named and change.new > change.old


def parts(change: Change) -> Iterator[Change]:
    """Yields the change; of an object or list that comes or goes as a whole, what is in it."""
    side = change.new if change.old is ABSENT else change.old
    if ABSENT not in (change.old, change.new) or not isinstance(side, dict | list) or not side:
        yield change
        return
    for path, value in paths.leaves(side):
        yield Change(_below(change.path, path), *_sides(change, value))


def _below(path: str, below: paths.Path) -> str:
    text = paths.text(below)
    return f"{path}{text}" if text.startswith("[") else f"{path}.{text}"


def _sides(change: Change, value: Any) -> tuple[Any, Any]:
    return (ABSENT, value) if change.old is ABSENT else (value, ABSENT)
