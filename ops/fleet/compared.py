"""Settings that a job notices, compared between the members that run it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.fleet.facts import Facts
from ops.fleet.settings import Fleet

_KEYS = ("autoscaler", "pools", "drivers", "storage", "spark")
"""Top-level keys that a job notices: where it runs, on what, with which rights and limits."""
_OF_ONE = ("spark.acceptJobs", "spark.submitTo")
"""What a fleet's file itself says of each member."""
_TEAMS = "spark.teams."
_ABSENT = "not set"


@dataclass(frozen=True)
class Difference:
    """A key with several values; `members` are those that have it, or should."""

    key: str
    values: Mapping[str, str]
    """Value, as JSON, by member."""

    @property
    def members(self) -> list[str]:
        return list(self.values)

    @property
    def texts(self) -> str:
        """Each value with the members that have it."""
        by_value: dict[str, list[str]] = defaultdict(list)
        for member, value in self.values.items():
            by_value[value].append(member)
        return "; ".join(f"{value} on {', '.join(named)}" for value, named in by_value.items())

    def is_below(self, key: str) -> bool:
        """Whether it is this key, or a part of it."""
        return self.key == key or self.key.startswith(f"{key}.")


def differences(fleet: Fleet, members: Sequence[Facts]) -> list[Difference]:
    """Returns the keys that differ, sorted. Keys of a team and of its pool are compared between the
    members that the team runs on."""
    leaves = {one.name: dict(_of(one)) for one in members}
    keys = sorted({key for found in leaves.values() for key in found} - {*_OF_ONE})
    found = []
    for key in keys:
        names = [name for name in leaves if _concerns(key, name, fleet)]
        values = {name: leaves[name].get(key, _ABSENT) for name in names}
        if len(set(values.values())) > 1:
            found.append(Difference(key, values))
    return found


def _concerns(key: str, member: str, fleet: Fleet) -> bool:
    if not key.startswith(_TEAMS):
        return True
    return member in fleet.of_team(key.removeprefix(_TEAMS).partition(".")[0])


def _of(member: Facts) -> Iterator[tuple[str, str]]:
    for key in _KEYS:
        if key in member.values:
            yield from _leaves(member.values[key], key)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields each value below a path; an entry of a list has its name in place of an index."""
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}")
    elif isinstance(value, list) and _are_named(value):
        for one in value:
            rest = {key: below for key, below in one.items() if key != "name"}
            yield from _leaves(rest or "there", f"{path}.{one['name']}")
    else:
        yield path, json.dumps(value, sort_keys=True)


def _are_named(values: list[Any]) -> bool:
    """Whether each entry has a name of its own: pools and teams, not a team's buckets."""
    found = [one.get("name") if isinstance(one, Mapping) else None for one in values]
    return bool(found) and None not in found and len(set(map(str, found))) == len(found)
