"""Pools of Spark nodes as a stack file describes them: executors' pools and the drivers' pool."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from components.base import Duration, DurationOrNever, Name, Settings
from components.instances import Arch, Family, Size, arch_of, has_local_disks, vcpus_of
from components.jar_bucket import JarBucketSettings

LABEL_DOMAIN = "spark-on-eks"
POOL_LABEL = f"{LABEL_DOMAIN}/pool"
"""Label and taint key of every Spark node: its value is the pool's name."""
TIER_LABEL = f"{LABEL_DOMAIN}/tier"
"""Which rung of the ladder a node is from, for people and dashboards; nothing selects it."""
JARS_LABEL = f"{LABEL_DOMAIN}/jars"
"""Which set of JARs a node mounts: a volume over a node's folder is bound to such nodes."""

DRIVERS = "drivers"
SHARED_JARS = "jars"
"""Name of the set of JARs that pools without a bucket of their own share."""

CapacityType = Literal["spot", "on-demand"]
NodeOs = Literal["al2023", "bottlerocket"]


class Tier(NamedTuple):
    """One rung of the ladder: a processor and a way to pay, and how early it is tried."""

    name: str
    arch: Arch
    capacity_type: CapacityType
    weight: int


LADDER = (
    Tier("arm-spot", "arm64", "spot", 100),
    Tier("x86-spot", "amd64", "spot", 80),
    Tier("arm-on-demand", "arm64", "on-demand", 60),
    Tier("x86-on-demand", "amd64", "on-demand", 40),
)
"""Distinct weights: equal ones are tried by name, backwards
(github.com/kubernetes-sigs/karpenter/issues/2976)."""


class Budget(Settings):
    """How many nodes of a pool may be disrupted at once, as a Karpenter disruption budget."""

    nodes: Annotated[str, Field(pattern=r"^((100|[0-9]{1,2})%|[0-9]+)$")]
    """A number or a percentage, as text."""
    reasons: list[Literal["Underutilized", "Empty", "Drifted"]] | None = None
    """For these reasons only; without it for all."""
    schedule: str | None = None
    """Cron expression in UTC; with `duration`."""
    duration: Annotated[str, Field(pattern=r"^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$")] | None = (
        None
    )
    """How long the budget holds from each time of the schedule."""

    @model_validator(mode="after")
    def _together(self) -> "Budget":
        if (self.schedule is None) != (self.duration is None):
            raise ValueError("schedule and duration come together")
        return self


class Consolidation(Settings):
    policy: Literal["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"] = "WhenEmpty"
    """`WhenEmpty` never moves a running executor."""
    after: DurationOrNever = "1m"
    """How long a node waits, empty, before it goes."""


class Limits(Settings):
    """What all nodes of one rung may add up to."""

    cpu: Annotated[int, Field(ge=1)]
    """vCPU."""
    memory_gi_b: Annotated[int, Field(ge=1, alias="memoryGiB")]
    """GiB."""


class NodeShape(Settings):
    """What nodes of a pool are made of."""

    families: Annotated[list[Family], Field(min_length=1)]
    """Instance families of either processor, for example m7g, m6g, m7i."""
    sizes: Annotated[list[Size], Field(min_length=1)]
    """Sizes, for example 2xlarge, 4xlarge."""
    os: NodeOs = "al2023"
    """Operating system of the nodes."""
    ami_release: str | None = None
    """Release of the EKS image; without it the one in versions.py. A new one drifts the nodes."""
    disk_gi_b: Annotated[int, Field(ge=20, le=16384, alias="diskGiB")] = 100
    """Root volume in GiB, gp3, encrypted: images, logs, JAR cache, shuffle without local disks."""
    expire_after: DurationOrNever = "Never"
    """Age at which a node is replaced whatever runs on it."""
    termination_grace_period: Duration = "10m"
    """Longest time that a node drains before what still runs is killed."""

    @field_validator("families", "sizes")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("names an entry twice")
        return value

    def families_of(self, arch: Arch) -> list[str]:
        """The families with this processor, in the order given."""
        return [family for family in self.families if arch_of(family) == arch]

    @property
    def has_local_disks(self) -> bool:
        """True where some family carries NVMe instance store."""
        return any(has_local_disks(family) for family in self.families)

    @property
    def smallest_vcpus(self) -> int:
        """vCPU of the smallest size."""
        return min(vcpus_of(size) for size in self.sizes)


class Pool(NodeShape):
    """`pools[]`: a pool of executors, as a ladder of up to four NodePools."""

    name: Name
    """Label value, taint value, and part of the NodePools' names."""
    families: Annotated[list[Family], Field(min_length=1)] = [
        "m7g", "m6g", "r7g", "r6g", "m7i", "m6i", "r7i", "r6i",
    ]  # fmt: skip
    """Instance families of either processor; a rung without a family is left out."""
    sizes: Annotated[list[Size], Field(min_length=1)] = ["2xlarge", "4xlarge", "8xlarge"]
    """Sizes. Few dozen types a rung at most: a rung is left only when all of them ran dry."""
    capacity_types: Annotated[list[CapacityType], Field(min_length=1)] = ["spot", "on-demand"]
    """Ways to pay, Spot first."""
    limits: Limits = Limits.model_validate({"cpu": 512, "memoryGiB": 2048})
    """Of each rung, so that a rung that reached its limit falls through to the next."""
    consolidation: Consolidation = Consolidation()
    """When a node goes without being asked."""
    budgets: list[Budget] = [
        Budget.model_validate({"nodes": "100%", "reasons": ["Empty"]}),
        Budget.model_validate({"nodes": "10%", "reasons": ["Underutilized", "Drifted"]}),
    ]
    """How many nodes may go at once; executors that run are hit by drift and, when asked for,
    by underutilization."""
    jar_bucket: JarBucketSettings | None = None
    """A bucket of its own; the pool then has drivers' nodes of its own, too."""

    @property
    def tiers(self) -> list[Tier]:
        """The rungs that this pool has: those with a family and an allowed way to pay."""
        return [
            tier
            for tier in LADDER
            if tier.capacity_type in self.capacity_types and self.families_of(tier.arch)
        ]

    @property
    def jars(self) -> str:
        """Name of the set of JARs on this pool's nodes."""
        return f"{self.name}-jars" if self.jar_bucket else SHARED_JARS

    @property
    def driver_pool(self) -> str:
        """Name of the pool where this pool's drivers run."""
        return f"{self.name}-{DRIVERS}" if self.jar_bucket else DRIVERS


class DriverPool(NodeShape):
    """`drivers`: nodes for Spark drivers: On-Demand, one zone, left alone until they are empty."""

    zone: Annotated[str, Field(pattern=r"^[a-z]$")] | None = None
    """Letter of the one zone; without it the first of the network's zones."""
    families: Annotated[list[Family], Field(min_length=1)] = ["m7g", "m6g", "m7i", "m6i"]
    """Instance families of either processor."""
    sizes: Annotated[list[Size], Field(min_length=1)] = ["large", "xlarge", "2xlarge"]
    """Sizes."""
    limits: Limits = Limits.model_validate({"cpu": 128, "memoryGiB": 512})
    """Of the whole pool."""
    empty_after: Duration = "5m"
    """How long a node waits, empty, before it goes."""
    termination_grace_period: Duration = "1h"
    """Longest time that a drivers' node drains when it must go: a destroy, a zone's failure."""
