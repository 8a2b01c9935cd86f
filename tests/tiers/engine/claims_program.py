"""A stack's claims and little else: its bucket of JARs, its mount, and its teams' namespaces, each
with its claim, by the program's own components and the stack's own file.
"""

from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s

import settings
from components.cloud import Cloud
from components.context import Context
from components.jar_bucket import JarBucket
from components.mounts import create_mount
from components.mounts.claim import claim_jars
from components.names import SHARED_JARS

stack = settings.load()
config = stack.settings
cloud = Cloud(region=stack.region, account=config.account or None, tags=stack.tags)
# Which API server answers is the test's: its kubernetes plugin knows.
cluster = k8s.Provider("cluster", kubeconfig="{}", cluster_identifier=config.cluster.name)
inside = pulumi.ResourceOptions(providers=[cloud.provider, cluster])
shared = JarBucket(
    SHARED_JARS,
    config.jar_bucket,
    cloud=cloud,
    cluster_name=config.cluster.name,
    protect=False,
    opts=inside,
)
mount = create_mount(
    "jar-mount",
    config.jar_mount,
    {SHARED_JARS: shared},
    region=stack.region,
    versions=config.addon_versions,
    opts=inside,
)
# A claim takes nothing of the context but what must exist first.
nothing = cast(Any, None)
for team in config.spark.teams:
    namespace = k8s.core.v1.Namespace(
        f"team-{team.name}", metadata={"name": team.name}, opts=inside
    )
    claim_jars(
        f"team-{team.name}-jars",
        Context(cloud, nothing, nothing, after=[mount, namespace]),
        namespace=team.name,
        mount=mount,
        jar_set=SHARED_JARS,
        opts=inside,
    )
