"""The Mountpoint CSI driver, an EKS add-on."""

import pulumi

from components.context import Context
from components.eks_addons import AddonVersions, EksAddons, system_placement
from components.identity import ServiceAccountRole
from components.mounts.base import Taint
from components.workloads import Workload

ADDON = "aws-mountpoint-s3-csi-driver"
DRIVER = "s3.csi.aws.com"
NOT_READY = Taint(f"{DRIVER}/agent-not-ready", "NoExecute")
"""The driver removes this taint once it serves the node
(github.com/awslabs/mountpoint-s3-csi-driver, since 2.1)."""


OWNERS = {
    "jar-mount": "spark-on-eks:mounts:PodLevel",
    "data-cache": "spark-on-eks:cache:Mountpoint",
}
"""Names and types of the components that may have it: it moves between them with the stack's level,
and stays the same add-on."""


def create_driver(
    name: str,
    versions: AddonVersions,
    context: Context,
    *,
    role: ServiceAccountRole | None = None,
    opts: pulumi.ResourceOptions,
) -> None:
    """Creates the driver for one of the owners. `role` is for volumes that it mounts with its own
    permission."""
    addons = EksAddons(
        "MountpointDriver",
        name,
        versions,
        cloud=context.cloud,
        cluster=context.cluster,
        opts=opts,
    )
    addons.create_addon(
        ADDON,
        [
            Workload("controller", values="controller"),
            Workload(
                "node",
                kind="DaemonSet",
                # Three containers of 10m and 40Mi (values.yaml of its chart).
                cpu="30m",
                memory="120Mi",
                tolerate_all="node.tolerateAllTaints",
                removes_taint=NOT_READY.key,
            ),
        ],
        role=role,
        configuration={
            "controller": system_placement(),
            # Spark's nodes are tainted, and the driver must run on all of them.
            "node": {"tolerateAllTaints": True},
        },
        provides=[f"csi:{DRIVER}"],
        depends_on=context.after,
        aliases=[_urn(owner) for owner in OWNERS if owner != name],
    )
    addons.register()


def _urn(owner: str) -> str:
    types = f"{OWNERS[owner]}$spark-on-eks:addons:MountpointDriver$aws:eks/addon:Addon"
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{types}::{owner}-{ADDON}"
