"""A release of JARs for every member of a fleet."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Held:
    """The releases that a member has, each with why it is not complete, or empty text; `error` is
    why that is not known."""

    member: str
    releases: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Everywhere:
    """Which member has which release."""

    members: Sequence[Held]

    @property
    def names(self) -> list[str]:
        """All releases, sorted."""
        return sorted({name for one in self.members for name in one.releases})

    def state(self, member: Held, name: str) -> str:
        """Returns `complete`, or why a release is not there."""
        if member.error:
            return "not known"
        return member.releases.get(name, "not published") or "complete"

    @property
    def complete(self) -> bool:
        """Whether every member is known to have every release."""
        return not any(one.error for one in self.members) and all(
            self.state(one, name) == "complete" for one in self.members for name in self.names
        )


def releases_of_all(
    members: Sequence[str], releases: Callable[[str], Mapping[str, str]]
) -> Everywhere:
    """Returns what each member has, asked at the same time. `releases` raises UserError and
    Failed."""

    def ask(member: str) -> Held:
        try:
            return Held(member, releases(member))
        except (UserError, Failed) as error:
            return Held(member, error=str(error))

    with ThreadPoolExecutor(2) as pool:
        return Everywhere(list(pool.map(ask, members)))
