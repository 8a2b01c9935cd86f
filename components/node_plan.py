"""The Spark nodes a stack asks for, resolved: each pool with its JARs, its role's rights, its
drivers. Both autoscalers work from the same plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.cloud import Cloud
from components.cluster import Cluster
from components.jar_bucket import JarBucket, JarBucketSettings
from components.mounts.contract import Mount, NodePart
from components.network import Network
from components.pools import DRIVERS, SHARED_JARS, DriverPool, Pool


@dataclass(frozen=True)
class Platform:
    """What Spark's nodes stand on."""

    cloud: Cloud
    network: Network
    cluster: Cluster
    own_cluster: bool
    """False in a given cluster, whose pod networking may rely on the nodes' roles."""
    after: Sequence[pulumi.Resource]
    """What must run before a node or a controller can."""


@dataclass(frozen=True)
class NodeGroupPlan:
    """Nodes that share one set of JARs, and therefore a role: some pools, one pool of drivers."""

    jars: str
    """Name of the set of JARs."""
    pools: Sequence[Pool]
    driver_pool: str
    """Name of the drivers' pool."""


@dataclass(frozen=True)
class NodePlan:
    """All Spark nodes of a stack."""

    groups: Sequence[NodeGroupPlan]
    drivers: DriverPool
    driver_zone: str
    """The drivers' zone, for example `us-west-2a`."""
    mount: Mount
    jars: Mapping[str, JarBucket]

    def node_part(self, jars: str, shape: Pool | DriverPool) -> NodePart:
        """What the mount asks of nodes of this shape with this set of JARs."""
        return self.mount.node_part(self.jars[jars], jars, shape)


def plan_nodes(
    pools: Sequence[Pool],
    drivers: DriverPool,
    *,
    driver_zone: str,
    mount: Mount,
    jars: Mapping[str, JarBucket],
) -> NodePlan:
    """Groups the pools by their set of JARs; a set of its own has drivers of its own."""
    shared = [pool for pool in pools if pool.jar_bucket is None]
    groups = [NodeGroupPlan(SHARED_JARS, shared, DRIVERS)] if shared else []
    groups += [
        NodeGroupPlan(pool.jars, [pool], pool.driver_pool)
        for pool in pools
        if pool.jar_bucket is not None
    ]
    return NodePlan(groups, drivers, driver_zone, mount, jars)


def create_jar_buckets(
    pools: Sequence[Pool],
    shared: JarBucketSettings,
    *,
    cloud: Cloud,
    cluster_name: str,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> dict[str, JarBucket]:
    """Every set of JARs by name: the shared one, and one for each pool that has its own."""
    wanted = {SHARED_JARS: shared}
    wanted |= {pool.jars: pool.jar_bucket for pool in pools if pool.jar_bucket is not None}
    return {
        name: JarBucket(
            name, bucket, cloud=cloud, cluster_name=cluster_name, protect=protect, opts=opts
        )
        for name, bucket in wanted.items()
    }
