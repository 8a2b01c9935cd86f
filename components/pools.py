"""Settings of Spark's node pools: pools of executors, and the pool of drivers."""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import pulumi
from pydantic import AfterValidator

from components.base import Problems, Settings
from components.cron import check_cron
from components.formats import Name, Text, ZoneLetter, duration, entries, text, whole
from components.instances import (
    SIZES,
    Arch,
    Family,
    Size,
    arch_of,
    has_instance_store,
    vcpus_of,
)
from components.jar_bucket import JarBucketSettings
from components.names import DRIVER_POOL, SHARED_JARS

_DEFAULT_POOL = "default"
_IOPS_PER_MIB = 4
"""gp3 has 0.25 MiB/s for each IOPS at most: docs.aws.amazon.com/ebs/latest/userguide/
general-purpose.html#gp3-ebs-volume-type."""

CapacityType = Literal["spot", "on-demand"]
NodeOs = Literal["al2023", "bottlerocket"]
Families = Annotated[list[Family], entries(least=1)]
Sizes = Annotated[list[Size], entries(least=1)]


class Tier(NamedTuple):
    """One NodePool of a pool: processor, capacity type, and the weight that orders it."""

    name: str
    arch: Arch
    capacity_type: CapacityType
    weight: int


FALLBACK_ORDER = (
    Tier("arm-spot", "arm64", "spot", 100),
    Tier("x86-spot", "amd64", "spot", 80),
    Tier("arm-on-demand", "arm64", "on-demand", 60),
    Tier("x86-on-demand", "amd64", "on-demand", 40),
)
"""Weights differ: Karpenter orders equal ones by name, descending
(github.com/kubernetes-sigs/karpenter/issues/2976)."""


class Budget(Settings):
    """A Karpenter disruption budget: how many nodes of a pool it may disrupt at once."""

    nodes: Annotated[
        str, text(r"(100|[0-9]{1,2})%|[0-9]{1,5}", "a number of nodes or a percentage, such as 10%")
    ]
    """Number or percentage of nodes, as text."""
    reasons: (
        Annotated[list[Literal["Underutilized", "Empty", "Drifted"]], entries(least=1)] | None
    ) = None
    """Reasons that it applies to; default: all."""
    schedule: Annotated[Text, AfterValidator(check_cron)] | None = None
    """Cron expression in UTC; with `duration`."""
    duration: (
        Annotated[
            str,
            text(
                r"(?!0+[hm](0+m)?(0s)?$)([0-9]{1,5}[hm]|[0-9]{1,5}h[0-9]{1,5}m)(0s)?",
                "a duration in hours and minutes, such as 8h or 1h30m",
            ),
        ]
        | None
    ) = None
    """How long the budget is active from each time of the schedule."""

    def problems(self) -> Problems:
        if (self.schedule is None) != (self.duration is None):
            yield "", "schedule and duration come together"


class Consolidation(Settings):
    policy: Literal["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"] = "WhenEmpty"
    """`WhenEmpty` never evicts a running executor."""
    after: Annotated[str, duration(never=True)] = "1m"
    """How long a node must be empty before Karpenter removes it."""


class Limits(Settings):
    """Limits of all nodes of one NodePool together."""

    cpu: Annotated[int, whole(1, 1_000_000)]
    """vCPU."""
    memory_gib: Annotated[int, whole(1, 10_000_000)]
    """GiB."""


def check_gp3(key: str, throughput: int, iops_key: str, iops: int) -> Problems:
    """A gp3 volume's throughput in MiB/s needs IOPS."""
    if throughput * _IOPS_PER_MIB > iops:
        needed = throughput * _IOPS_PER_MIB
        yield key, f"{throughput} MiB/s need {needed} {iops_key}; {iops_key} is {iops}"


class NodeShape(Settings):
    """Instance types, image, disk and lifetime of a pool's nodes."""

    families: Families
    """Instance families of either processor, for example m7g, m6g, m7i."""
    sizes: Sizes
    """Sizes, for example 2xlarge, 4xlarge."""
    os: NodeOs = "al2023"
    """Operating system of the nodes."""
    ami_release: Text | None = None
    """Release of the image, for Karpenter as in versions.py (the default), for Cluster Autoscaler
    as that of a node group (1.35.2-20260724). A new one replaces the nodes."""
    disk_gib: Annotated[int, whole(20, 16384)] = 100
    """Root volume in GiB, gp3, encrypted: images, logs, JAR cache, shuffle files if nodes have no
    instance store."""
    disk_iops: Annotated[int, whole(3000, 16_000)] | None = None
    """IOPS of the root volume; default: 3000, which gp3 has."""
    disk_throughput: Annotated[int, whole(125, 1000)] | None = None
    """Throughput of the root volume in MiB/s; default: 125, which gp3 has."""
    local_disk: Literal["nvme", "ebs"] | None = None
    """Where emptyDir volumes are: on the instance store, which all families must then have, or on
    the root volume in any case. Default: on the instance store of the types that have
    it."""
    expire_after: Annotated[str, duration("1h", never=True)] = "Never"
    """Age at which a node is replaced, running pods included: an hour or more."""
    termination_grace_period: Annotated[str, duration("30s")] = "10m"
    """Longest time that a node drains before the remaining pods are killed."""

    def problems(self) -> Problems:
        all_sizes = {size for family in self.families for size in SIZES[family]}
        for size in self.sizes:
            if size not in all_sizes:
                yield "sizes", f"'{size}' has no effect: none of the families has this size"
        yield from self._disk_problems()
        useful = all_sizes & set(self.sizes)
        for family in self.families if useful else ():
            if not useful & set(SIZES[family]):
                text = f"it has none of the sizes, but {', '.join(SIZES[family])}"
                yield "families", f"'{family}' has no effect: {text}"

    def families_of(self, arch: Arch) -> list[str]:
        """The families with this processor, in the order given."""
        return [family for family in self.families if arch_of(family) == arch]

    def _disk_problems(self) -> Problems:
        iops, throughput = self.disk_iops or 3000, self.disk_throughput or 125
        yield from check_gp3("diskThroughput", throughput, "diskIops", iops)
        without = [family for family in self.families if not has_instance_store(family)]
        if without and self.local_disk == "nvme":
            names = ", ".join(without)
            yield "families", f"{names}: without instance store, which localDisk: nvme asks for"

    @property
    def disk_speed(self) -> dict[str, int]:
        """IOPS and throughput of the root volume in EC2's keys, as far as they are set."""
        given = {"iops": self.disk_iops, "throughput": self.disk_throughput}
        return {key: value for key, value in given.items() if value is not None}

    @property
    def uses_instance_store(self) -> bool:
        """Whether emptyDir volumes are on NVMe instance store, of the types that have it."""
        return self.local_disk != "ebs" and any(map(has_instance_store, self.families))

    @property
    def smallest_vcpus(self) -> int:
        """vCPU of the smallest size."""
        return min(vcpus_of(size) for size in self.sizes)


class Pool(NodeShape):
    """`pools[]`: a pool of executors, as up to four NodePools in a fallback order."""

    name: Name
    """Value of the nodes' label and taint, and part of the NodePools' names."""
    families: Families = [
        "m7g", "m6g", "r7g", "r6g", "m7i", "m6i", "r7i", "r6i",
    ]  # fmt: skip
    """Instance families of either processor; a NodePool without a family is left out."""
    sizes: Sizes = ["2xlarge", "4xlarge", "8xlarge"]
    """Sizes. A NodePool needs a few dozen types at most: Karpenter falls back to the next NodePool
    only when none of them has capacity."""
    capacity_types: Annotated[list[CapacityType], entries(least=1)] = ["spot", "on-demand"]
    """Capacity types; Spot is tried first."""
    zones: Annotated[list[ZoneLetter], entries(1, 6), AfterValidator(sorted)] | None = None
    """Letters of the zones of its nodes; one zone spares shuffles the charge between zones, and has
    less Spot capacity. Default: all of the network's."""
    limits: Limits = Limits.model_validate({"cpu": 512, "memoryGiB": 2048})
    """Limits of each NodePool: at its limit Karpenter falls back to the next."""
    consolidation: Consolidation = Consolidation()
    """Karpenter consolidation."""
    budgets: Annotated[list[Budget], entries(most=50)] = [
        Budget.model_validate({"nodes": "100%", "reasons": ["Empty"]}),
        Budget.model_validate({"nodes": "10%", "reasons": ["Underutilized", "Drifted"]}),
    ]
    """Disruption budgets. Running executors can be evicted by drift, and by underutilization if
    enabled."""
    jar_bucket: JarBucketSettings | None = None
    """A bucket of JARs of its own; the pool then also has a drivers' pool of its own."""

    @property
    def tiers(self) -> list[Tier]:
        """The NodePools that this pool has: those with a family and an allowed capacity type."""
        return [
            tier
            for tier in FALLBACK_ORDER
            if tier.capacity_type in self.capacity_types and self.families_of(tier.arch)
        ]

    @property
    def jar_set(self) -> str:
        """Name of the set of JARs on this pool's nodes."""
        return f"{self.name}-jars" if self.jar_bucket else SHARED_JARS

    @property
    def driver_pool(self) -> str:
        """Name of the pool of this pool's drivers."""
        return f"{self.name}-{DRIVER_POOL}" if self.jar_bucket else DRIVER_POOL


class DriverPool(NodeShape):
    """`drivers`: nodes of Spark drivers: On-Demand, in one zone, removed only when empty."""

    zone: ZoneLetter | None = None
    """Letter of the zone; default: the first of the network's zones."""
    families: Families = ["m7g", "m6g", "m7i", "m6i"]
    """Instance families of either processor."""
    sizes: Sizes = ["large", "xlarge", "2xlarge"]
    """Sizes."""
    limits: Limits = Limits.model_validate({"cpu": 128, "memoryGiB": 512})
    """Limits of the NodePool."""
    empty_after: Annotated[str, duration()] = "5m"
    """How long a node must be empty before Karpenter removes it."""
    termination_grace_period: Annotated[str, duration("30s")] = "1h"
    """Longest time that a node drains, for example on destroy, before its drivers are killed."""


def default_pool(pools: Sequence[Pool]) -> str:
    """Name of the pool of teams that name none: `default`, or the only one; empty if there is
    neither. It does not depend on the order of the pools."""
    names = [pool.name for pool in pools]
    if _DEFAULT_POOL in names:
        return _DEFAULT_POOL
    return names[0] if len(names) == 1 else ""


class PoolGroup(NamedTuple):
    """Pools that share one set of JARs, and so a drivers' pool."""

    jar_set: str
    pools: Sequence[Pool]
    driver_pool: str

    @property
    def node_pools(self) -> list[str]:
        """Names of the pools, the drivers' last."""
        return [*(pool.name for pool in self.pools), self.driver_pool]

    def aliases(self, pool: str, name: str) -> list[pulumi.Alias]:
        """The former name of what each pool has of its own now: the set of JARs had it, and the
        drivers' pool, whose nodes stay longest, keeps it. `{}` in `name` stands for the set."""
        former = [pulumi.Alias(name=name.format(self.jar_set))]
        return former if pool == self.driver_pool else []


def pool_groups(pools: Sequence[Pool]) -> list[PoolGroup]:
    """The pools by set of JARs; a pool with a bucket of its own is a group of its own."""
    shared = [pool for pool in pools if pool.jar_bucket is None]
    groups = [PoolGroup(SHARED_JARS, shared, DRIVER_POOL)] if shared else []
    own = [pool for pool in pools if pool.jar_bucket is not None]
    return groups + [PoolGroup(pool.jar_set, [pool], pool.driver_pool) for pool in own]


def named_shapes(pools: Sequence[Pool], drivers: DriverPool) -> dict[str, Pool | DriverPool]:
    """Every pool's and the drivers' nodes, by their key in a stack file."""
    return {**{f"pools[{index}]": pool for index, pool in enumerate(pools)}, "drivers": drivers}
