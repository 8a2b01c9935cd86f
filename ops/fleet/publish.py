"""A release of JARs for every member of a fleet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.plan.errors import Failed, UserError

Publish = Callable[[str], None]
"""Publishes the release to a member's bucket. Raises UserError and Failed."""


@dataclass(frozen=True)
class Copy:
    """Whether a member has a release now, and why not."""

    member: str
    error: str = ""


def publish_all(members: Sequence[str], publish: Publish) -> list[Copy]:
    """Publishes to one member after the other, and returns who has it: one that fails does not
    keep it from the others. Raises UserError where the request itself is wrong for all."""
    copies: list[Copy] = []
    wrong: UserError | None = None
    for member in members:
        try:
            publish(member)
        except (UserError, Failed) as error:
            wrong = wrong or (error if isinstance(error, UserError) else None)
            copies.append(Copy(member, str(error)))
        else:
            copies.append(Copy(member))
    if wrong and len({one.error for one in copies}) == 1:
        raise wrong
    return copies
