"""A fleet's file: members, the teams on each, and the order of a roll-out."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ops.plan import yamlfile
from ops.plan.errors import UserError
from ops.plan.file_errors import lines_of

FOLDER = "fleets"
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be at most 32 lower-case letters, digits and hyphens")
    return value


Name = Annotated[str, AfterValidator(_name)]


class _File(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
    )


class Accepts(StrEnum):
    """Whether a member takes new jobs; a standby takes them when no other member of the team
    answers."""

    yes = "true"
    no = "false"
    standby = "standby"


def _accepts(value: Any) -> Any:
    text = str(value).lower() if isinstance(value, bool) else value
    if text not in list(Accepts):
        raise ValueError("must be true, false or standby")
    return Accepts(text)


class Member(_File):
    """One cluster: a stack of its own, with a state and a lock of its own."""

    region: str | None = None
    """AWS region; default: that of the fleet's defaults."""
    zones: list[str] | None = None
    """Letters of availability zones: `network.zones`."""
    cidr: str | None = None
    """IPv4 block of its VPC: `network.cidr`."""
    weight: Annotated[int, Field(ge=0, le=1000)] = 0
    """Share of the jobs, beside the other members' weights. 0: none that is not sent to it by
    name."""
    accept_jobs: Annotated[Accepts, BeforeValidator(_accepts)] = Accepts.yes
    """true, false or standby."""
    context: str = ""
    """kubectl's context of the cluster; default: the member's name."""
    config: dict[str, Any] = {}
    """Keys of its stack file that differ from the defaults. Objects are merged; lists and values
    replace (RFC 7396), null removes a key."""


class Team(_File):
    """Where a team's jobs may run."""

    members: Annotated[list[Name], Field(min_length=1)]
    """The members that have the team's namespace, rights and quota."""
    survives_one: bool = False
    """The team needs a second member that takes its jobs when one is lost."""
    data_region: str | None = None
    """Region of the team's data: members there are chosen first."""


class Difference(_File):
    """A difference between members that is meant."""

    key: str
    """The key, as the check names it: `spark.teams.ingest.quota`."""
    why: Annotated[str, Field(min_length=10)]
    """The reason, in a sentence."""


class Fleet(_File):
    """fleets/<name>.yaml."""

    defaults: Name
    """The stack whose file each member starts from: stacks/Pulumi.<defaults>.yaml."""
    members: Annotated[dict[Name, Member], Field(min_length=1)]
    """By name, which is the stack's."""
    teams: dict[Name, Team]
    """By name: every team of the defaults' `spark.teams`."""
    order: list[Name]
    """All members, in the order of a roll-out: the least important first."""
    differences: list[Difference] = []
    """Differences between members that are meant."""

    def of_team(self, team: str) -> Mapping[str, Member]:
        """Returns the members that a team runs on, by name; none for an unknown team."""
        found = self.teams.get(team)
        names = found.members if found else []
        return {name: self.members[name] for name in names if name in self.members}

    def problems(self) -> Iterator[str]:
        """Yields what is wrong with the file itself."""
        for name in sorted({*self.order} - self.members.keys()):
            yield f"order: {name} is no member; the members are: {', '.join(self.members)}"
        for name in self.members:
            if (count := self.order.count(name)) != 1:
                yield f"order: has {name} {count} times; each member must be there once"
        for team, found in self.teams.items():
            for name in found.members:
                if name not in self.members:
                    known = ", ".join(self.members)
                    yield f"teams.{team}.members: {name} is no member; the members are: {known}"
            if len(set(found.members)) < len(found.members):
                yield f"teams.{team}.members: names a member twice"
        contexts = Counter(one.context or name for name, one in self.members.items())
        for context in (context for context, count in contexts.items() if count > 1):
            named = [name for name, one in self.members.items() if (one.context or name) == context]
            yield f"members.{named[1]}.context: {context} is {named[0]}'s, too; give each its own"
        if self.defaults in self.members:
            yield f"members.{self.defaults}: is the stack of the defaults; give it another name"


def names(root: Path) -> list[str]:
    """Returns the names of the project's fleets, sorted."""
    return sorted(path.stem for path in (root / FOLDER).glob("*.yaml"))


def load(root: Path, name: str) -> Fleet:
    """Returns a fleet. Raises UserError for an unknown one, and with every problem of its file."""
    path = root / FOLDER / f"{name}.yaml"
    if not name or "/" in name or not path.is_file():
        known = ", ".join(names(root)) or "none"
        raise UserError(f"there is no fleet {name!r}; the fleets are: {known}")
    try:
        fleet = Fleet.model_validate(yamlfile.read(path))
        problems = [*fleet.problems(), *_taken(root, name, fleet)]
    except ValidationError as error:
        problems = lines_of(error, Fleet)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "\n".join(f"  {one}" for one in problems)
        raise UserError(f"{count} in {FOLDER}/{name}.yaml:\n{lines}")
    return fleet


def _taken(root: Path, name: str, fleet: Fleet) -> Iterator[str]:
    """Members that another fleet has, too: each would write the other's stack file."""
    for other in names(root):
        with suppress(UserError):
            members = yamlfile.read(root / FOLDER / f"{other}.yaml").get("members")
            if other != name and isinstance(members, dict):
                for member in fleet.members.keys() & members.keys():
                    yield f"members.{member}: the fleet {other} has it, too; rename one"
