"""Checks across the members of a fleet: all errors at once, without AWS."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from ops.fleet.compared import differences
from ops.fleet.facts import ACCOUNT, GLOBAL, Facts
from ops.fleet.settings import Accepts, Fleet, Member
from ops.plan.values import at
from ops.plan.versions import minor


class Problem(NamedTuple):
    """What is wrong: the check, the members or the team, and what to change."""

    check: str
    where: str
    text: str


def check(fleet: Fleet, members: Sequence[Facts], teams: Sequence[str]) -> list[Problem]:
    """Returns every problem. `teams` are those of the stack of the defaults."""
    return [
        *_blocks(members),
        *_names(members),
        *_copies(members),
        *_versions(members),
        *_same(fleet, members),
        *_teams(fleet, members, teams),
        *(problem for team in fleet.teams for problem in _routes(team, fleet, members)),
    ]


def _blocks(members: Sequence[Facts]) -> Iterator[Problem]:
    made = [one for one in members if one.block]
    for one, other in combinations(made, 2):
        if ipaddress.ip_network(one.block).overlaps(ipaddress.ip_network(other.block)):
            text = (
                f"their VPCs have {one.block} and {other.block}, which overlap: no peering or "
                "transit gateway joins them; set another cidr"
            )
            yield Problem("blocks-distinct", f"{one.name}, {other.name}", text)


def _names(members: Sequence[Facts]) -> Iterator[Problem]:
    taken: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in members:
        for (type_, name, where), resource in one.names.items():
            scope = {GLOBAL: "", ACCOUNT: one.account}.get(where, f"{one.account} {one.region}")
            taken[type_, name, where, scope, resource].append(one.name)
    for (type_, name, where, _, resource), named in sorted(taken.items()):
        if len(named) > 1:
            text = (
                f"{resource} ({type_}) is {name} in each, and a name is unique {where}: leave "
                "cluster.name and the bucket's name out of the defaults"
            )
            yield Problem("names-unique", ", ".join(named), text)


_COPIED = ("jarBucket", "spark.historyServer.logs", "observability.logs.bucket")
"""Buckets that may have `replicateTo`; pools' own are added."""


def _copies(members: Sequence[Facts]) -> Iterator[Problem]:
    """Two sources would write the same keys of one bucket, and a member's own must not change."""
    own = {
        name: (one.name, resource)
        for one in members
        for (_, name, where), resource in one.names.items()
        if where == GLOBAL
    }
    users: dict[str, list[str]] = defaultdict(list)
    for one in members:
        pools = [pool for pool in one.values.get("pools") or [] if isinstance(pool, Mapping)]
        given = {key: at(one.values, f"{key}.replicateTo.bucket") for key in _COPIED}
        given |= {f"pools.{pool.get('name')}": at(pool, "jarBucket.replicateTo.bucket")
                  for pool in pools}  # fmt: skip
        for key, bucket in given.items():
            if isinstance(bucket, str):
                users[bucket].append(f"{key} of {one.name}")
    for bucket, keys in users.items():
        if len(keys) > 1:
            text = f"all copy to {bucket}, where one replaces the other's: give each its own"
            yield Problem("copies-apart", ", ".join(keys), text)
        if bucket in own:
            member, resource = own[bucket]
            text = (
                f"{bucket} is {resource} of {member}, whose mounts must not see a release change: "
                "give the copies a bucket of their own"
            )
            yield Problem("copies-apart", ", ".join(keys), text)


_APART = {
    "Kubernetes": (1, "at most one minor version apart"),
    "the Spark operator": (0, "the same minor version"),
}


def _versions(members: Sequence[Facts]) -> Iterator[Problem]:
    for word, (most, allowed) in _APART.items():
        of = {one.name: one.operator if most == 0 else one.kubernetes for one in members}
        minors = {name: minor(version) for name, version in of.items() if version}
        if not minors:
            continue
        low, high = min(minors, key=minors.__getitem__), max(minors, key=minors.__getitem__)
        if minors[high][0] != minors[low][0] or minors[high][1] - minors[low][1] > most:
            text = (
                f"{word} is {of[low]} and {of[high]}: what is tried on one may not run on the "
                f"other; {allowed} is allowed"
            )
            yield Problem("versions-near", f"{low}, {high}", text)


def _same(fleet: Fleet, members: Sequence[Facts]) -> Iterator[Problem]:
    """What a job notices is the same on each member, or a difference that the file names."""
    used: set[str] = set()
    for one in differences(fleet, members):
        named = [d.key for d in fleet.differences if one.is_below(d.key)]
        used.update(named)
        if not named:
            text = (
                f"{one.key} is {one.texts}: the same job runs otherwise; make it equal, or name it "
                "in `differences` with the reason"
            )
            yield Problem("same-for-jobs", ", ".join(one.members), text)
    for difference in fleet.differences:
        if difference.key not in used:
            text = f"differences: {difference.key} does not differ; remove the entry"
            yield Problem("same-for-jobs", "the fleet", text)


def _teams(fleet: Fleet, members: Sequence[Facts], teams: Sequence[str]) -> Iterator[Problem]:
    for team in sorted({*teams} - fleet.teams.keys()):
        text = f"teams: {team} of the defaults' spark.teams is not here, and so on no member"
        yield Problem("teams-placed", team, text)
    for team, found in fleet.teams.items():
        for one in members:
            if one.name in found.members and team not in team_names(one):
                text = f"its stack has no team {team}: add it to spark.teams"
                yield Problem("teams-placed", one.name, text)


def team_names(member: Facts) -> list[str]:
    """Returns the names of the teams in a member's stack."""
    teams = (member.values.get("spark") or {}).get("teams") or []
    return [str(team.get("name")) for team in teams if isinstance(team, Mapping)]


def _routes(team: str, fleet: Fleet, members: Sequence[Facts]) -> Iterator[Problem]:
    regions = {one.name: one.region for one in members}
    runs = fleet.of_team(team)
    takes = {name: one for name, one in runs.items() if _takes(one)}
    ready = {**takes, **{n: one for n, one in runs.items() if one.accept_jobs is Accepts.standby}}
    if not takes:
        text = (
            f"no member of {team} has acceptJobs: true and a weight above 0: its jobs go nowhere; "
            f"its members are {', '.join(runs)}"
        )
        yield Problem("jobs-accepted", team, text)
    settings = fleet.teams[team]
    if settings.survives_one and len(ready) < 2:
        text = (
            f"{team} must survive the loss of a member, and "
            f"{'only ' + ', '.join(ready) if ready else 'none'} takes its jobs: add a member, or a "
            "standby"
        )
        yield Problem("survives-one", team, text)
    elif settings.survives_one and len(places := _zones(members, ready)) == 1:
        text = f"all members of {team} have the one zone {places.pop()}: give one another zone"
        yield Problem("survives-one", team, text)
    data = settings.data_region
    near = {regions.get(name) for name in takes}
    if data and takes and "" not in near and data not in near:
        text = (
            f"the data of {team} is in {data}, and no member that takes its jobs is there: every "
            "read crosses Regions"
        )
        yield Problem("data-near", team, text)


def _takes(member: Member) -> bool:
    return member.accept_jobs is Accepts.yes and member.weight > 0


def _zones(members: Sequence[Facts], names: Mapping[str, Member]) -> set[str]:
    """The zones of the executors of these members; two of an unknown number if one says none."""
    found: set[str] = set()
    for one in members:
        if one.name in names:
            letters = (one.values.get("network") or {}).get("zones") or ["a", "b"]
            found |= {f"{one.region}{letter}" for letter in letters}
    return found
