"""EC2's figures of its instance types, without a call to EC2.

The figures are AWS's own DescribeInstanceTypes, as the moto release in requirements-dev.txt carries
them. Types that moto does not list have no figures: nothing is derived from a name.
"""

import gzip
import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_KARPENTER_MEMORY_LOSS = 0.075
_GRAVITON_RESERVED_MIB = 64
_EVICTION_MIB = 100


@dataclass(frozen=True)
class InstanceType:
    """One EC2 instance type. `attachments` are EBS volumes; `shared` ones count interfaces too;
    `local_gb` is its instance store."""

    name: str
    arch: str
    vcpus: int
    memory_mib: int
    interfaces: int
    addresses_per_interface: int
    attachments: int
    shared: bool
    local_gb: int = 0

    def free_cpu(self) -> float:
        """vCPU left for pods, without kube-reserved, as nodeadm and Karpenter compute it.

        Source: github.com/aws/karpenter-provider-aws pkg/providers/instancetype/types.go.
        """
        reserved, above = 0.0, float(self.vcpus)
        for width, share in ((1, 0.06), (1, 0.01), (2, 0.005), (float("inf"), 0.0025)):
            part = min(above, width)
            reserved += part * share
            above -= part
        return self.vcpus - reserved

    def free_memory_gib(self, max_pods: int) -> float:
        """Memory left for pods in GiB, without Karpenter's allowance for the hypervisor,
        kube-reserved (255 MiB and 11 MiB a pod) and the eviction threshold.

        Source: github.com/aws/karpenter-provider-aws pkg/providers/instancetype/types.go, and the
        default of its vmMemoryOverheadPercent.
        """
        seen = self.memory_mib - (_GRAVITON_RESERVED_MIB if self.arch == "arm64" else 0)
        left = seen * (1 - _KARPENTER_MEMORY_LOSS) - (255 + 11 * max_pods) - _EVICTION_MIB
        return left / 1024

    def interface_limited_pods(self) -> int:
        """Maximum number of pods with one address each: interfaces x (addresses - 1) + 2.

        Source: github.com/awslabs/amazon-eks-ami, eni-max-pods.txt.
        """
        return self.interfaces * (self.addresses_per_interface - 1) + 2


def source() -> str:
    """Where the figures come from, with the release."""
    return "EC2 DescribeInstanceTypes, as in moto " + importlib.metadata.version("moto")


def lookup(names: list[str]) -> tuple[list[InstanceType], list[str]]:
    """The types with figures, and the names without, both in the order of `names`."""
    known = facts()
    found = [_instance_type(known[name]) for name in names if name in known]
    return found, [name for name in names if name not in known]


@cache
def families() -> frozenset[str]:
    """Every family that has a type with figures."""
    return frozenset(name.partition(".")[0] for name in facts())


@cache
def facts() -> Mapping[str, Any]:
    """DescribeInstanceTypes, by the type's name."""
    # Finds the package's folder without importing it, which takes a second.
    spec = importlib.util.find_spec("moto")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "ec2" / "resources" / "instance_types.json.gz"
    return json.loads(gzip.decompress(path.read_bytes()))


def _instance_type(raw: Mapping[str, Any]) -> InstanceType:
    network = raw["NetworkInfo"]
    # The VPC CNI uses the default card only.
    card = network["NetworkCards"][network["DefaultNetworkCardIndex"]]
    architecture = raw["ProcessorInfo"]["SupportedArchitectures"]
    return InstanceType(
        name=raw["InstanceType"],
        arch="arm64" if "arm64" in architecture else "amd64",
        vcpus=raw["VCpuInfo"]["DefaultVCpus"],
        memory_mib=raw["MemoryInfo"]["SizeInMiB"],
        interfaces=card["MaximumNetworkInterfaces"],
        addresses_per_interface=network["Ipv4AddressesPerInterface"],
        attachments=raw["EbsInfo"]["MaximumEbsAttachments"],
        shared=raw["EbsInfo"]["AttachmentLimitType"] == "shared",
        local_gb=raw.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
    )
