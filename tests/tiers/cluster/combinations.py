"""Every stack in every mount level: the parameters of this tier's tests."""

from typing import NamedTuple

from ops.plan.model import Plan
from tests.plans import DAEMONSET, LOGS, NODE, OPEN_TEAM, plan_of
from tests.tiers.cluster.api import Object
from tests.tiers.cluster.objects import objects_of

_POD = ("jarMount={level: pod}",)
# A DaemonSet mounts one set of JARs, so no pool of staging may have a bucket of its own there.
_STAGING_POOLS = ("pools=[{name: default}, {name: etl, families: [r7gd, r6gd, r7i, r6id]}]",)


class Combination(NamedTuple):
    """A stack with a mount level; `overrides` as `make plan SET=` takes them."""

    stack: str
    level: str
    overrides: tuple[str, ...]

    @property
    def plan(self) -> Plan:
        """Its plan."""
        return plan_of(self.stack, *self.overrides)

    @property
    def objects(self) -> list[Object]:
        """Its manifests in the order of their dependencies."""
        return objects_of(self.plan)

    def __str__(self) -> str:
        return f"{self.stack}-{self.level}"


LOGGED = Combination("dev", "logs", (*_POD, *LOGS))
"""With agents of logs, and History Servers that link to them."""

COMBINATIONS = (
    Combination("dev", "daemonset", DAEMONSET),
    Combination("dev", "pod", _POD),
    Combination("dev", "userdata", NODE),
    Combination("staging", "pod", _POD),
    Combination("staging", "userdata", NODE),
    Combination("staging", "daemonset", (*DAEMONSET, *_STAGING_POOLS)),
    Combination("prod", "pod", _POD),
    Combination("prod", "userdata", NODE),
    Combination("prod", "daemonset", DAEMONSET),
    # It adds no nodes, so user data has no effect.
    Combination("existing", "pod", _POD),
    Combination("existing", "daemonset", DAEMONSET),
    LOGGED,
)
"""To add one: a line here, and every test over combinations runs it."""

GANGS = Combination("prod", "gangs", (*_POD, "spark.yunikorn.enabled=true"))
"""With YuniKorn, which changes what teams' namespaces admit and nothing about mounts or nodes."""

OPEN = Combination("dev", "open", (*_POD, *OPEN_TEAM))
"""Teams `a` and `b`, with all that a stack file can open for `a`."""

# Both are prefixes of the list, so that pytest runs all tests of one combination together.
ONE_WITH_ALL_KINDS = COMBINATIONS[:1]
WITH_POOLS = COMBINATIONS[:9]


def combination(stack: str, level: str) -> Combination:
    """The combination of this stack and level."""
    (found,) = [one for one in COMBINATIONS if (one.stack, one.level) == (stack, level)]
    return found


TEAMS = {
    "dev": {"team-a": "default", "team-b": "default"},
    "staging": {"team-a": "default", "team-etl": "etl"},
    "prod": {"analytics": "default", "ingest": "memory"},
}
"""Stack to teams, and the pool that each team's executors run on (`spark.teams[].pool`)."""
