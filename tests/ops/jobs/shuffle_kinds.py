"""Every kind of shuffle on every stack, alone and beside what else a stack may have."""

from typing import NamedTuple

from tests.plans import CELEBORN_POOL, DAEMONSET, NODE

KINDS = ("node", "claim", "celeborn", "lustre")
_TEAMS = {"dev": 2, "staging": 2, "prod": 2, "existing": 1}
_POOLS = {"dev": 1, "staging": 2, "prod": 2}
_GRACE = "terminationGracePeriod: 90m, "
_ZONE = {"dev": "b", "staging": "b", "prod": "b"}


class Mix(NamedTuple):
    """A stack, a kind, and what is changed beside."""

    stack: str
    kind: str
    beside: str = "alone"

    def __str__(self) -> str:
        return f"{self.stack}-{self.kind}-{self.beside}"

    @property
    def sets(self) -> tuple[str, ...]:
        """The stack's first team keeps its shuffle files there."""
        return (*BESIDE[self.beside], *self._kind)

    @property
    def _kind(self) -> tuple[str, ...]:
        last = _POOLS.get(self.stack, 0)
        sets = (f"spark.teams[0].shuffle={self.kind}", "systemNodes.minSize=4")
        if self.stack == "existing":
            sets = sets[:1]
        if self.kind == "celeborn" and last:
            sets += (f"pools[{last}]={self._pool}", "storage.celeborn.pool=celeborn")
            # A stack with several pools names that of each team.
            sets += ("spark.teams[0].pool=default",)
            sets += ("spark.teams[1].pool=default",) if last == 1 else ()
        if self.kind == "lustre" and last:
            sets += (f"pools[0].zones=[{_ZONE[self.stack]}]",)
        return sets

    @property
    def _pool(self) -> str:
        # A key that Karpenter alone has.
        karpenter = self.beside != "cluster-autoscaler"
        return CELEBORN_POOL if karpenter else CELEBORN_POOL.replace(_GRACE, "")


BESIDE = {
    "alone": (),
    "yunikorn": ("spark.yunikorn.enabled=true",),
    "userdata": NODE,
    "daemonset": DAEMONSET,
    "cluster-autoscaler": ("autoscaler=cluster-autoscaler", "pools[0].families=[m7gd, m7i]",
                           "pools[0].sizes=[4xlarge]",
                           "drivers={families: [m7g, m7i], sizes: [xlarge]}"),
}  # fmt: skip

REFUSED = {
    ("existing", "celeborn"): "storage.celeborn.pool: is not set",
    ("existing", "lustre"): "pools: is empty; shuffle: lustre needs a pool",
    # A pool of staging has several sizes and a bucket of its own.
    ("staging", "daemonset"): "a DaemonSet mounts one set",
    ("staging", "cluster-autoscaler"): "must be one size with cluster-autoscaler",
    ("prod", "cluster-autoscaler"): "must be one size with cluster-autoscaler",
    ("existing", "userdata"): "reaches no existing node",
    ("existing", "cluster-autoscaler"): "leaves cluster-autoscaler without nodes",
}
"""What a stack cannot have, by kind or by what is beside, and how it says so."""
EVERY = [Mix(stack, kind, beside) for stack in _TEAMS for beside in BESIDE for kind in KINDS]
