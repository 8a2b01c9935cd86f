"""What a team's people, drivers and executors could try, and what stops each attempt."""

from typing import Any, Literal, NamedTuple

from tests.tiers.cluster.api import Object

Who = Literal["person", "spark-driver", "spark-executor"]
"""A person of the team with `edit` in its namespace, and the accounts of its pods."""
Verb = Literal["create", "delete", "get", "list", "patch"]
Guard = Literal["", "CRD", "webhook", "policy", "pod security", "RBAC", "quota"]
"""Empty: the attempt succeeds, because a job needs it."""


class Attempt(NamedTuple):
    """`by` does `verb` on `target`, whose namespace is the team's own where it has none; `says` is
    part of the refusal."""

    name: str
    by: Who
    verb: Verb
    target: Object
    guard: Guard = ""
    says: str = ""
    change: Any = None
    """Of a patch."""

    def __str__(self) -> str:
        return self.name
