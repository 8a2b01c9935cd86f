"""Which member a run goes to: the same for the same run, by weight over many runs, without state.

Weighted rendezvous hashing: each member has a score of the run, and the highest wins. A weight that
changes moves its share of the runs and no other.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ops.fleet.settings import Accepts, Fleet, Member
from ops.plan.errors import UserError


@dataclass(frozen=True)
class Run:
    """One run of a job: a retry has the same `id`."""

    team: str
    job: str
    id: str


@dataclass(frozen=True)
class Candidate:
    """A member that may take a run, and why it stands where it does."""

    name: str
    reason: str


def candidates(fleet: Fleet, run: Run, regions: "dict[str, str] | None" = None) -> list[Candidate]:
    """Returns the members that may take a run, first choice first: those of the data's Region,
    then the others, then standbys.

    `regions` are the members' Regions by name. Raises UserError for a team that the fleet does not
    have, and where no member takes its jobs.
    """
    if run.team not in fleet.teams:
        known = ", ".join(fleet.teams) or "none"
        raise UserError(f"there is no team {run.team!r} in this fleet; the teams are: {known}")
    members = fleet.of_team(run.team)
    takes = {
        name: one
        for name, one in members.items()
        if one.accept_jobs is Accepts.yes and one.weight > 0
    }
    standby = {name: one for name, one in members.items() if one.accept_jobs is Accepts.standby}
    if not takes and not standby:
        raise UserError(
            f"no member of {run.team} takes jobs: set acceptJobs: true and a weight for one of "
            f"{', '.join(members)}"
        )
    data = fleet.teams[run.team].data_region
    near = [name for name in takes if data and (regions or {}).get(name) == data]
    far = [name for name in takes if name not in near]
    total = sum(one.weight for one in takes.values())
    where = f"in {data}, where the data is" if near else "of the team's members"
    return [
        *(_candidate(name, takes[name], total, where) for name in _ranked(near, takes, run)),
        *(
            _candidate(name, takes[name], total, "outside the data's Region" if near else where)
            for name in _ranked(far, takes, run)
        ),
        *(Candidate(name, "standby") for name in _ranked(list(standby), standby, run)),
    ]


def _candidate(name: str, member: Member, total: int, where: str) -> Candidate:
    return Candidate(name, f"{where}, weight {member.weight} of {total}")


def _ranked(names: Sequence[str], members: "dict[str, Member]", run: Run) -> list[str]:
    return sorted(names, key=lambda name: (-_score(name, members[name], run), name))


def _score(name: str, member: Member, run: Run) -> float:
    """A standby has the weight 1."""
    key = "\0".join((run.team, run.job, run.id, name)).encode()
    number = int.from_bytes(hashlib.sha256(key).digest()[:8], "big") >> 12
    # Above 0 and below 1 as a float, too, so that the logarithm is below 0.
    fraction = (number + 0.5) / 2**52
    return max(member.weight, 1) / -math.log(fraction)
