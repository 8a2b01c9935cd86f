"""Spark on EKS: the platform, top to bottom."""

import pulumi

import settings
from components.addons import install_addons
from components.autoscaler import create_autoscaler
from components.cache.install import create_cache
from components.cloud import Cloud
from components.cluster import Cluster
from components.context import Context
from components.eks_addons import ClusterAddons, NodeAddons, system_placement
from components.images import create_images
from components.logs.agent import LogAgents
from components.logs.store import create_store
from components.monitoring.install import install_monitoring
from components.mounts import create_jar_buckets, create_mount
from components.network import Network
from components.node_groups import SystemNodes
from components.spark.install import install_spark
from components.storage.services import create_services
from components.storage.shuffle_class import ShuffleClass

stack = settings.load()
config = stack.settings

# Account, network, control plane.
cloud = Cloud(region=stack.region, account=config.account or None, tags=stack.tags)
stack.refuse_changes(cloud)
on_aws = pulumi.ResourceOptions(providers=[cloud.provider])
network = Network(
    "network", config.network, cloud=cloud, cluster_name=config.cluster.name, opts=on_aws
)
cluster = Cluster("cluster", config.cluster, cloud=cloud, network=network, opts=on_aws)
images, cache = create_images(
    "images", config.images.cache, cloud=cloud, cluster_name=config.cluster.name, opts=on_aws
)
context = Context(
    cloud,
    network,
    cluster,
    after=cache,
    protect=config.cluster.deletion_protection,
    images=images,
)

# The JARs, and their mount's requirements on nodes: plain data, before any node exists.
jars = create_jar_buckets(config.pools, config.jar_bucket, context)
mount = create_mount(
    "jar-mount",
    config.jar_mount,
    jars,
    region=stack.region,
    versions=config.addon_versions,
    awaits_driver=config.cache.kind == "mountpoint",
    opts=context.options(),
)

# System nodes, between the add-ons that nodes need and the add-ons that need nodes.
if cluster.created:
    context = context.then(
        NodeAddons("node-addons", config.addon_versions, cloud=cloud, cluster=cluster, opts=on_aws)
    )
if config.system_nodes.create:
    context = context.then(SystemNodes("system", config.system_nodes, context))
    context = context.on(system_placement())
if cluster.created:
    context = context.then(
        ClusterAddons(
            "cluster-addons",
            config.addon_versions,
            context,
            storage=config.storage,
            metrics_key_arn=config.observability.metrics.kms_key_arn,
            volumes=config.most_volumes,
            opts=on_aws,
        )
    )

# The mount's part in the cluster, Spark's nodes, teams and jobs.
mount.install(context)
nodes = create_autoscaler(
    config.autoscaler,
    context.then(mount),
    karpenter=config.karpenter,
    cluster_autoscaler=config.cluster_autoscaler,
    pools=config.pools,
    drivers=config.drivers,
    driver_zone=config.driver_zone,
    claiming=config.spark.claiming_pools(config.pools),
    mount=mount,
)
if config.spark.has_claims:
    context = context.then(
        ShuffleClass(
            "shuffle",
            config.storage.shuffle_class,
            context,
            zone=f"{stack.region}{config.driver_zone}",
        )
    )
services = create_services(
    config.storage,
    config.spark,
    context,
    versions=config.addon_versions,
    pools=config.pools,
    nodes=nodes,
)
data = create_cache(
    config.cache,
    config.spark.teams,
    context,
    has_driver=config.jar_mount.level == "pod",
    region=stack.region,
    versions=config.addon_versions,
)
teams = [team.name for team in config.spark.teams]
pod_logs = create_store(config.observability.logs, context, teams=teams)
logs = install_spark(
    config.spark,
    context,
    pools=config.pools,
    mount=mount,
    nodes=nodes,
    services=services,
    data=data,
    pod_logs=pod_logs,
)
if pod_logs is not None:
    LogAgents("log-agents", config.observability.logs, context, pod_logs)
install_monitoring(
    config.observability,
    context,
    autoscaler=config.autoscaler,
    spark=config.spark,
    pools=config.pools,
    drivers=config.drivers,
    jar_mount=config.jar_mount,
)
install_addons(config.addons, context)

pulumi.export("clusterName", cluster.name)
pulumi.export("region", stack.region)
pulumi.export(
    "kubeconfigCommand",
    f"aws eks update-kubeconfig --region {stack.region} --name {cluster.name}",
)
pulumi.export("jarBuckets", {name: bucket.jars_url for name, bucket in jars.items()})
pulumi.export("teams", teams)
pulumi.export("acceptsJobs", config.spark.accept_jobs)
pulumi.export("sparkImage", images.pulled(config.spark.image))
pulumi.export("eventLogs", {team: logs.url(team) for team in teams} if logs else {})
