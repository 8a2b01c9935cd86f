"""Pins of EKS add-ons: their form, and what a stack needs of them."""

import re
from typing import Annotated

from pydantic import Field

from components.base import Problems, Settings, key_of
from components.formats import text
from components.workloads import Versions

_FORM = r"v([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})-eksbuild\.([0-9]{1,6})"
AddonVersion = Annotated[
    str, text(_FORM, "the version of an EKS add-on, such as v1.20.4-eksbuild.1")
]


class AddonVersions(Settings):
    """`addonVersions`: pins. An add-on without a pin gets the version that AWS marks as default for
    the cluster's Kubernetes version, never the latest."""

    vpc_cni: AddonVersion | None = Field(None, alias="vpc-cni")
    """Pod networking. A pin has the form `v2.3.0-eksbuild.1`."""
    kube_proxy: AddonVersion | None = Field(None, alias="kube-proxy")
    """Service addresses; of the cluster's Kubernetes minor."""
    coredns: AddonVersion | None = None
    """DNS."""
    metrics_server: AddonVersion | None = Field(None, alias="metrics-server")
    """Metrics of CPU and memory."""
    aws_ebs_csi_driver: AddonVersion | None = Field(None, alias="aws-ebs-csi-driver")
    """Block storage."""
    aws_fsx_csi_driver: AddonVersion | None = Field(None, alias="aws-fsx-csi-driver")
    """The driver of FSx for Lustre, for teams with `shuffle: lustre`."""
    aws_mountpoint_s3_csi_driver: AddonVersion | None = Field(
        None, alias="aws-mountpoint-s3-csi-driver"
    )
    """The Mountpoint CSI driver, at pod level or with cache.kind: mountpoint; v2.5.0-eksbuild.1
    or newer."""

    def of(self, addon: str) -> str | None:
        """The pin of an add-on, by the name AWS gives it."""
        return self.model_dump(by_alias=True)[addon]


FLOORS = {
    # docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html
    "vpc-cni": Versions("v1.14.0-eksbuild.1", "enforces no NetworkPolicy"),
    "kube-proxy": Versions(of_cluster=True),
    # docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html
    "coredns": Versions("v1.11.1-eksbuild.9", "does not scale with the nodes"),
    "metrics-server": Versions("v0.7.2-eksbuild.1", "is not an EKS add-on"),
    # github.com/kubernetes-sigs/aws-ebs-csi-driver/pull/2039
    "aws-ebs-csi-driver": Versions("v1.31.0-eksbuild.1", "creates no StorageClass"),
    "aws-fsx-csi-driver": Versions(),
    # github.com/awslabs/mountpoint-s3-csi-driver, CHANGELOG.md
    "aws-mountpoint-s3-csi-driver": Versions(
        "v2.5.0-eksbuild.1",
        "does not limit the cache, and a drain takes the mount from pods that still end",
    ),
}
"""The versions that the platform works with; the rules read them in the plan."""
_MOUNTPOINT, _LUSTRE = "aws-mountpoint-s3-csi-driver", "aws-fsx-csi-driver"


def check_pins(
    pins: AddonVersions,
    *,
    kubernetes: str | None,
    creates_cluster: bool,
    mounts_pods: bool,
    mounts_lustre: bool,
) -> Problems:
    """Pins that the platform or Kubernetes is too new for, and pins of add-ons that it lacks.

    `kubernetes` is the version of the cluster, None for an existing one.
    """
    for field in sorted(pins.model_fields_set):
        addon, pin = key_of(type(pins), field), pins.__dict__.get(field)
        key = f"addonVersions.{addon}"
        if addon == _MOUNTPOINT and not mounts_pods:
            yield key, "has no effect with jarMount.level: node and no cache; remove it"
        elif addon == _LUSTRE and not mounts_lustre:
            yield key, "has no effect without a team with shuffle: lustre; remove it"
        elif addon not in (_MOUNTPOINT, _LUSTRE) and not creates_cluster:
            yield key, "has no effect on an existing cluster; remove it"
        elif pin is not None:
            yield from _too_old(key, addon, pin)
    proxy = pins.__dict__.get("kube_proxy")
    if proxy and kubernetes and not proxy.startswith(f"v{kubernetes}."):
        text = f"'{proxy}' is not for cluster.version {kubernetes}; pin v{kubernetes}.x, or no pin"
        yield "addonVersions.kube-proxy", text


def _too_old(key: str, addon: str, pin: str) -> Problems:
    floor = FLOORS[addon]
    if floor.least and _order(pin) < _order(floor.least):
        yield key, f"'{pin}' is older than {floor.least}: an older one {floor.why}"


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", version))
