"""The limits of AWS and Kubernetes that a growing platform reaches: name, default, source.

A code such as L-1216C47A is Service Quotas': `aws service-quotas get-service-quota --service-code
ec2 --quota-code L-1216C47A` shows the value of an account.
"""

from dataclasses import dataclass

from ops.plan import aws_limits as limits
from ops.plan.errors import UserError

_EKS_PRACTICES = (
    "docs.aws.amazon.com/eks/latest/best-practices/known_limits_and_service_quotas.html"
)
_THROTTLING = "docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"
_NAT = "docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html"
_LARGE_CLUSTERS = "kubernetes.io/docs/setup/best-practices/cluster-large"
_ECR_QUOTAS = "docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html"
_EKS_QUOTAS = "docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"


@dataclass(frozen=True)
class Quota:
    """One limit. `key` is the code of Service Quotas, or a name of this project's."""

    key: str
    name: str
    default: float
    unit: str
    source: str


SPOT_VCPUS = Quota(
    "L-34B43A08",
    "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    5,
    "vCPU",
    _EKS_PRACTICES,
)
ON_DEMAND_VCPUS = Quota(
    "L-1216C47A",
    "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    5,
    "vCPU",
    _EKS_PRACTICES,
)
GP3_STORAGE = Quota(
    "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes, in TiB", 50, "TiB", _EKS_PRACTICES
)
INTERFACES = Quota("L-DF5E4CA3", "Network interfaces per Region", 5000, "", _EKS_PRACTICES)
ADDRESS_USAGE = Quota("L-BB24F6E5", "Network Address Usage", 64_000, "units", _EKS_PRACTICES)
GROUP_NODES = Quota(
    limits.GROUP_NODES.code,
    "Nodes per managed node group",
    limits.GROUP_NODES.most,
    "",
    _EKS_QUOTAS,
)
GROUPS = Quota(
    limits.GROUPS.code, "Managed node groups per cluster", limits.GROUPS.most, "", _EKS_QUOTAS
)
SUBNETS = Quota("subnets", "Addresses in the stack's private subnets", 0, "", "the plan")
POOL_LIMITS = Quota("pool", "The pool's own limits", 0, "executors", "the plan")
NODES = Quota("k8s-nodes", "Nodes of a Kubernetes cluster", 5000, "", _LARGE_CLUSTERS)
PODS = Quota("k8s-pods", "Pods of a Kubernetes cluster", 150_000, "", _LARGE_CLUSTERS)
S3_READS = Quota(
    "s3-get",
    "S3 GET and HEAD requests a second of one partitioned prefix",
    5500,
    "a second",
    "docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
)
NAT_CONNECTIONS = Quota(
    "nat-connections", "Connections of a NAT gateway's address to one destination", 55_000, "", _NAT
)
LAUNCH_BURST = Quota(
    "run-instances",
    "EC2 RunInstances resource tokens, then 2 a second",
    1000,
    "instances",
    _THROTTLING,
)
ADDRESS_CALLS = Quota(
    "assign-addresses",
    "EC2 AssignPrivateIpAddresses requests, then 5 a second",
    100,
    "calls",
    _THROTTLING,
)
ATTACHMENTS = Quota(
    "ebs-attachments",
    "EBS volumes attached to one instance",
    0,
    "",
    "docs.aws.amazon.com/AWSEC2/latest/UserGuide/volume_limits.html",
)
DOCKER_PULLS = Quota(
    "docker-pulls",
    "Docker Hub pulls of one IPv4 address in 6 hours, without a login",
    100,
    "pulls",
    "docs.docker.com/docker-hub/usage/pulls",
)
ECR_IMAGES = Quota("L-16E70933", "Rate of BatchGetImage requests", 2000, "a second", _ECR_QUOTAS)
ECR_LAYERS = Quota(
    "L-A60A366D", "Rate of GetDownloadUrlForLayer requests", 3000, "a second", _ECR_QUOTAS
)
ECR_PUBLIC_PULLS = Quota(
    "ecr-public-pulls",
    "Rate of image pulls from ECR Public to AWS resources",
    10,
    "a second",
    "docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html",
)
VPC_DNS = Quota(
    "vpc-dns",
    "DNS packets of one network interface to the VPC's resolver",
    1024,
    "a second",
    "docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html",
)
DNS_REPLICAS = Quota("coredns", "Replicas of CoreDNS at most", 0, "replicas", "the plan")
NODE_DISK = Quota(
    "disk",
    "Disk of a node: local disks of its executors and JAR caches, percent",
    0,
    "%",
    "the plan",
)

LAUNCH_REFILL = 2
"""Instances a second once the tokens are gone."""
ADDRESS_CALLS_REFILL = 5
"""Calls a second once the tokens are gone."""
ATTACH_RATE = 75
"""AttachVolume calls a second of an account whose limits AWS raised for this; without that fewer.
Source: aws.github.io/aws-emr-containers-best-practices (reuse of claims)."""
NAT_GBPS, NAT_MOST_GBPS = 5, 100
"""Bandwidth of a NAT gateway at first, and what it scales up to. Source: as NAT_CONNECTIONS."""

ALL = tuple(one for one in list(globals().values()) if isinstance(one, Quota))


def account_quotas(given: list[str]) -> dict[str, float]:
    """An account's quotas by key, from texts such as `L-34B43A08=5000`. Raises UserError."""
    known = {quota.key: quota for quota in ALL if quota.default}
    found: dict[str, float] = {}
    for item in given:
        key, _, value = item.partition("=")
        if key not in known:
            raise UserError(f"--quota {item}: {key!r} is not one of {', '.join(known)}")
        try:
            found[key] = float(value)
        except ValueError:
            raise UserError(f"--quota {item}: {value!r} is not a number") from None
    return found
