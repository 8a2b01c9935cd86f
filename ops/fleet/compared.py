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
_TEAMS = "spark.teams"
_NAMED = ("pools", _TEAMS)
_ABSENT, _THERE = "not set", "there"


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
    """Returns the keys that differ, sorted. Keys of a team are compared between the members that it
    runs on and whose stack has it; a pool that a member lacks is one difference."""
    leaves = {one.name: dict(_of(one)) for one in members}
    keys = sorted({key for found in leaves.values() for key in found} - {*_OF_ONE})
    found: list[Difference] = []
    for key in keys:
        names = [name for name in leaves if _concerns(key, leaves[name], name, fleet)]
        values = {name: leaves[name].get(key, _ABSENT) for name in names}
        whole = any(key.startswith(f"{one.key}.") for one in found if _THERE in one.values.values())
        if len(set(values.values())) > 1 and not whole:
            found.append(Difference(key, values))
    return found


def _concerns(key: str, leaves: Mapping[str, str], member: str, fleet: Fleet) -> bool:
    if not key.startswith(f"{_TEAMS}."):
        return True
    team = key.removeprefix(f"{_TEAMS}.").partition(".")[0]
    return member in fleet.of_team(team) and f"{_TEAMS}.{team}" in leaves


def _of(member: Facts) -> Iterator[tuple[str, str]]:
    for key in _KEYS:
        if key in member.values:
            yield from _leaves(member.values[key], key)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields each value below a path; a pool or team has its name in place of an index."""
    if path in _NAMED and isinstance(value, list):
        for one in value:
            name = one.get("name") if isinstance(one, Mapping) else one
            yield f"{path}.{name}", _THERE
            if isinstance(one, Mapping):
                rest = {key: below for key, below in one.items() if key != "name"}
                yield from _leaves(rest, f"{path}.{name}")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}")
    else:
        yield path, json.dumps(value, sort_keys=True)
