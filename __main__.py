"""Spark on EKS: the platform, top to bottom."""

import pulumi

import settings
from components import mounts
from components.addons import ClusterAddons, NodeAddons, on_system_nodes
from components.autoscaler import scale
from components.cloud import Cloud
from components.cluster import Cluster
from components.mounts.contract import ClusterParts
from components.network import Network
from components.node_groups import SystemNodes
from components.node_plan import Platform, create_jar_buckets, plan_nodes
from components.spark.install import SystemPods, install_spark
from components.spark.team import TeamGround

stack = settings.load()
config = stack.settings
own_cluster = not config.cluster.existing

# The ground: account, network, control plane.
cloud = Cloud(region=stack.region, account=config.account or None, tags=stack.tags)
on_aws = pulumi.ResourceOptions(providers=[cloud.provider])
network = Network(
    "network", config.network, cloud=cloud, cluster_name=config.cluster.name, opts=on_aws
)
cluster = Cluster("cluster", config.cluster, cloud=cloud, network=network, opts=on_aws)
in_cluster = pulumi.ResourceOptions(providers=[cloud.provider, cluster.kubernetes])

# The JARs, and what their mount asks of nodes: pure data, before any node exists.
jars = create_jar_buckets(
    config.pools,
    config.jar_bucket,
    cloud=cloud,
    cluster_name=cluster.name,
    protect=config.cluster.deletion_protection,
    opts=on_aws,
)
mount = mounts.select(config.jar_mount, stack.region)
plan = plan_nodes(
    config.pools,
    config.drivers,
    driver_zone=f"{stack.region}{config.drivers.zone or config.network.zone_letters[0]}",
    mount=mount,
    jars=jars,
)

# The system nodes, between the add-ons that nodes need and the add-ons that need nodes.
running: list[pulumi.Resource] = []
if own_cluster:
    node_addons = NodeAddons(
        "node-addons", config.addon_versions, cloud=cloud, cluster=cluster, opts=on_aws
    )
    running += node_addons.ready
if config.system_nodes.create:
    system_nodes = SystemNodes(
        "system",
        config.system_nodes,
        cloud=cloud,
        cluster=cluster,
        network=network,
        own_cluster=own_cluster,
        after=running,
        opts=on_aws,
    )
    running += system_nodes.ready
if own_cluster:
    cluster_addons = ClusterAddons(
        "cluster-addons",
        config.addon_versions,
        cloud=cloud,
        cluster=cluster,
        after=running,
        opts=on_aws,
    )
    running += cluster_addons.ready

# The mount's part in the cluster, then the nodes that wait for it, then who runs on them.
installed = mount.install(
    "jar-mount",
    ClusterParts(cloud, cluster, config.addon_versions, list(jars.values()), running),
)
nodes = scale(
    config.autoscaler,
    Platform(cloud, network, cluster, own_cluster, [*running, *installed]),
    plan,
    opts=in_cluster,
)
logs = install_spark(
    config.spark,
    config.pools,
    TeamGround(cloud, cluster, mount, jars, installed, nodes),
    system=SystemPods(on_system_nodes() if config.system_nodes.create else {}, running),
    protect=config.cluster.deletion_protection,
    opts=in_cluster,
)

pulumi.export("clusterName", cluster.name)
pulumi.export("region", stack.region)
pulumi.export(
    "kubeconfigCommand",
    f"aws eks update-kubeconfig --region {stack.region} --name {cluster.name}",
)
pulumi.export("jarBuckets", {name: bucket.jars_url for name, bucket in jars.items()})
pulumi.export("teams", [team.name for team in config.spark.teams])
pulumi.export("sparkImage", config.spark.image)
pulumi.export(
    "eventLogs", {team.name: logs.url(team.name) for team in config.spark.teams} if logs else {}
)
