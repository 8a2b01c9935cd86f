"""A new Kubernetes version as a second cluster: what must hold before weight moves to it, before
the old member drains, and before it is destroyed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ops.fleet.checks import Problem, check
from ops.fleet.clusters import NoAnswer, Refused
from ops.fleet.comparison import Seen, failures, not_more, ratio
from ops.fleet.facts import Facts
from ops.fleet.live import Cluster, Ended
from ops.fleet.settings import Accepts, Fleet
from ops.plan.errors import Failed, UserError
from ops.plan.versions import minor


class Step(StrEnum):
    """A step of the upgrade, in their order."""

    weight = "weight"
    drain = "drain"
    destroy = "destroy"


class Compared(StrEnum):
    """A comparison that may be left out where it is not known."""

    start = "start"
    cost = "cost"


@dataclass(frozen=True)
class Condition:
    """What must hold; `holds` is None where that is not known, `seen` what was found, and
    `accepted` that one goes on without knowing."""

    what: str
    holds: bool | None
    seen: str = ""
    accepted: bool = False

    @property
    def lets_go_on(self) -> bool:
        """Whether the step may be taken as far as this goes."""
        return bool(self.holds) or (self.holds is None and self.accepted)


Has = Callable[[str], Mapping[str, str]]
"""The releases of JARs of a member, each with why it is not complete. Raises UserError, Failed."""


@dataclass(frozen=True)
class Upgrade:
    """From the old member to the new one; `hours` back runs are compared."""

    fleet: Fleet
    old: str
    new: str
    facts: Mapping[str, Facts]
    default_teams: Sequence[str]
    clusters: Mapping[str, Cluster]
    releases: Has
    hours: int = 24
    accept: frozenset[Compared] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        for name in (self.old, self.new):
            if name not in self.fleet.members:
                known = ", ".join(self.fleet.members)
                raise UserError(f"{name!r} is no member; the members are: {known}")
        if self.old == self.new:
            raise UserError(f"FROM and TO are both {self.old}")

    @property
    def teams(self) -> list[str]:
        """The teams of the old member."""
        return [team for team in self.fleet.teams if self.old in self.fleet.of_team(team)]

    def conditions(self, step: Step) -> list[Condition]:
        """Returns what must hold before a step."""
        return list({
            Step.weight: self._before_weight,
            Step.drain: self._before_drain,
            Step.destroy: self._before_destroy,
        }[step]())  # fmt: skip

    def next_step(self) -> Step:
        """Returns the step that comes next by the fleet's file."""
        if self.fleet.members[self.old].accept_jobs is Accepts.no:
            return Step.destroy
        return Step.drain if self.fleet.members[self.new].weight else Step.weight

    def _before_weight(self) -> Iterator[Condition]:
        yield self._newer()
        yield self._no_problem(self.fleet, "no problem between the members")
        here = [one for one in self.teams if self.new in self.fleet.of_team(one)]
        absent = sorted({*self.teams} - {*here})
        yield Condition(f"{self.new} has the teams of {self.old}", *_none(absent))
        yield from self._runs_there(here)
        yield self._has_releases()

    def _before_drain(self) -> Iterator[Condition]:
        yield from self._before_weight()
        weight = self.fleet.members[self.new].weight
        yield Condition(f"{self.new} has weight", weight > 0, f"it is {weight}")
        old = self.fleet.members[self.old].model_copy(update={"accept_jobs": Accepts.no})
        members = {**self.fleet.members, self.old: old}
        drained = self.fleet.model_copy(update={"members": members})
        yield self._no_problem(drained, f"no problem between the members without {self.old}")
        yield from self._compared()

    def _before_destroy(self) -> Iterator[Condition]:
        member = self.fleet.members[self.old]
        drains = member.accept_jobs is Accepts.no
        yield Condition(f"{self.old} has acceptJobs: false", drains, f"it is {member.accept_jobs}")
        old, teams = self.clusters[self.old], self.teams
        yield _asked(f"{self.old} refuses new applications", lambda: (old.drains(), ""))
        yield _asked(f"nothing runs on {self.old}", lambda: _none(old.running(teams)))
        yield _asked(
            f"no schedule of {self.old} is still to start runs", lambda: _none(old.schedules(teams))
        )
        yield from self._runs_there(teams)

    def commands(self, step: Step, fleet_name: str) -> list[str]:
        """Returns how the step is taken."""
        file, write = f"fleets/{fleet_name}.yaml", f"make fleet FLEET={fleet_name}"
        if step is Step.weight:
            return [f"in {file}, raise members.{self.new}.weight and lower {self.old}'s", write]
        if step is Step.drain:
            change = f"in {file}, members.{self.old}.acceptJobs: false"
            return [change, write, f"pulumi up --stack {self.old}"]
        return [
            f"destroy {self.old}: docs/deploy.md#destroy",
            f"in {file}, take {self.old} out of members, teams and order; {write}",
            f"delete stacks/Pulumi.{self.old}.yaml",
        ]

    def _newer(self) -> Condition:
        old, new = (self.facts[one].kubernetes for one in (self.old, self.new))
        if not old or not new:
            return Condition(f"{self.new} is of a newer version", None, "its stack does not say")
        return Condition(
            f"{self.new} is of a newer version", minor(new) > minor(old), f"{new} after {old}"
        )

    def _no_problem(self, fleet: Fleet, what: str) -> Condition:
        found: list[Problem] = check(
            fleet, [self.facts[name] for name in fleet.order], self.default_teams
        )
        return Condition(what, not found, "; ".join(f"{one.where}: {one.text}" for one in found))

    def _runs_there(self, teams: Sequence[str]) -> Iterator[Condition]:
        new, wanted = self.clusters[self.new], self.facts[self.new].kubernetes
        version = wanted or "its version"
        yield _asked(
            f"{self.new} answers with {version}",
            lambda: ((found := new.version()) == (wanted or found), f"it is {found}"),
        )
        yield _asked(f"{self.new} has the teams' namespaces", lambda: _none(new.lacks(teams)))
        yield _asked(f"{self.new} accepts applications", lambda: (not new.drains(), ""))

    def _has_releases(self) -> Condition:
        what = f"{self.new} has the releases of JARs of {self.old}"
        try:
            old, new = self.releases(self.old), self.releases(self.new)
        except (Failed, UserError) as error:
            return Condition(what, None, str(error))
        wanted = [name for name, wrong in old.items() if not wrong]
        absent = [f"{one}: {new.get(one, 'not published')}" for one in wanted if new.get(one, "-")]
        return Condition(what, not absent, "; ".join(absent))

    def _compared(self) -> Iterator[Condition]:
        """The same jobs on both members: their runs are where their hashes say."""
        old, new = self.clusters[self.old], self.clusters[self.new]
        teams, hours = self.teams, self.hours
        counts: dict[str, Ended] = {}

        def failed() -> Seen:
            counts.update({self.old: old.ended(teams, hours), self.new: new.ended(teams, hours)})
            return failures(counts[self.old], counts[self.new], hours)

        def cost() -> Seen:
            each = [
                ratio(one.dollars(teams, hours), counts[name].runs if name in counts else 0)
                for name, one in ((self.old, old), (self.new, new))
            ]
            return not_more(*each, "{:.4f} dollars a run")

        yield _asked(f"no more runs fail on {self.new}", failed)
        yield _asked(
            f"runs start as soon on {self.new}",
            lambda: not_more(
                *(one.start_seconds(teams, hours) for one in (old, new)),
                "{:.0f} s until 90 % of the drivers run",
            ),
            accepted=Compared.start in self.accept,
        )
        yield _asked(
            f"a run costs no more on {self.new}", cost, accepted=Compared.cost in self.accept
        )


def _asked(what: str, ask: Callable[[], Seen], *, accepted: bool = False) -> Condition:
    try:
        holds, detail = ask()
    except (NoAnswer, Refused) as error:
        return Condition(what, None, str(error), accepted)
    return Condition(what, holds, detail, accepted)


def _none(found: Sequence[str]) -> tuple[bool, str]:
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return not found, ", ".join(found[:5]) + more
