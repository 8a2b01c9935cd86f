"""Each figure of a report: its title, unit, formula and source."""

from typing import NamedTuple

from ops.capacity.quotas import (
    ADDRESS_CALLS,
    DOCKER_PULLS,
    ECR_IMAGES,
    ECR_LAYERS,
    ECR_PUBLIC_PULLS,
    LAUNCH_BURST,
    NAT_CONNECTIONS,
    S3_READS,
    VPC_DNS,
)

_MEASURED = "measured (see Measured below)"


class Formula(NamedTuple):
    """One figure; `how` is its formula in words."""

    title: str
    unit: str
    how: str
    source: str


FORMULAS: dict[str, Formula] = {
    "nodes": Formula(
        "nodes",
        "",
        "executors / executors a node, rounded up",
        "the plan's types and EC2's figures for them",
    ),
    "vcpus": Formula("vCPU", "", "nodes x the type's vCPU", "EC2 DescribeInstanceTypes"),
    "pods": Formula(
        "pods",
        "",
        "executors + 1 driver + nodes x their own pods (aws-node, kube-proxy, the EBS driver's, "
        "the mount's)",
        "the plan; github.com/awslabs/mountpoint-s3-csi-driver for Mountpoint's own pods",
    ),
    "addresses": Formula(
        "addresses",
        "",
        "nodes x (interfaces + 16 x (pods with an address / 16, rounded up, + WARM_PREFIX_TARGET))"
        "; without prefixes nodes x (interfaces + 1 kept ready) x addresses of an interface",
        "docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html",
    ),
    "interfaces": Formula(
        "network interfaces",
        "",
        "nodes x (prefixes / (addresses of an interface - 1), rounded up)",
        "docs.aws.amazon.com/eks/latest/best-practices/vpc-cni.html",
    ),
    "usage-units": Formula(
        "Network Address Usage",
        "units",
        "nodes x (interfaces + prefixes + interfaces after the first): a prefix counts as one",
        "docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html",
    ),
    "volumes": Formula(
        "EBS volumes",
        "",
        "nodes x disks of the node class; with SHUFFLE=claim + executors",
        "the plan",
    ),
    "disk-tib": Formula(
        "EBS gp3",
        "TiB",
        "nodes x GiB of their disks / 1024; with SHUFFLE=claim + executors x size of a volume",
        "the plan",
    ),
    "attach-seconds": Formula(
        "claimed volumes attached at 75 a second, at least",
        "s",
        "executors / 75: a rate that AWS grants on request; an account's own is lower",
        "aws.github.io/aws-emr-containers-best-practices",
    ),
    "fleet-calls": Formula(
        "EC2 CreateFleet calls",
        "",
        "nodes / 1000, rounded up: at least, since Karpenter asks for equal nodes of one second "
        "together",
        "github.com/aws/karpenter-provider-aws pkg/batcher/createfleet.go",
    ),
    "launch-seconds": Formula(
        "EC2 launches throttled for",
        "s",
        "(nodes - 1000) / 2; an instant fleet counts as RunInstances",
        LAUNCH_BURST.source,
    ),
    "address-calls": Formula(
        "EC2 calls for addresses",
        "",
        "nodes x interfaces: AssignPrivateIpAddresses, at least one each",
        "github.com/aws/amazon-vpc-cni-k8s",
    ),
    "address-seconds": Formula(
        "calls for addresses throttled for", "s", "(calls - 100) / 5", ADDRESS_CALLS.source
    ),
    "objects": Formula(
        "API-server objects",
        "",
        "pods + nodes x (Node, Lease, CSINode, CNINode, with Karpenter NodeClaim, in pod level one "
        "MountpointS3PodAttachment a claim) + 5 of the application; no events",
        "the kinds' own documentation",
    ),
    "s3-requests": Formula(
        "S3 requests", "", "starts x requests of one start of the method", _MEASURED
    ),
    "s3-rate": Formula(
        "S3 requests a second",
        "/s",
        "starts x (requests / seconds of one start), all at the same moment",
        _MEASURED,
    ),
    "s3-seconds": Formula(
        "S3 requests, at 5,500 a second", "s", "S3 requests / 5500", S3_READS.source
    ),
    "s3-gib": Formula("from S3", "GiB", "starts x megabytes of one start", _MEASURED),
    "nat-connections": Formula(
        "connections of a NAT gateway to one registry",
        "",
        "nodes / gateways x 3 layers at once (containerd's max_concurrent_downloads), for an image "
        "that is not in ECR; ECR's layers come from S3, by the gateway endpoint",
        NAT_CONNECTIONS.source,
    ),
    "image-gib": Formula(
        "that image through NAT", "GiB", "nodes x size of the image (1 GiB assumed)", "assumed"
    ),
    "nat-seconds": Formula(
        "that image at 5 Gbps a gateway", "s", "bits / (gateways x 5 Gbps)", NAT_CONNECTIONS.source
    ),
    "nat-fastest-seconds": Formula(
        "that image at 100 Gbps a gateway",
        "s",
        "bits / (gateways x 100 Gbps), what a gateway scales to by itself",
        NAT_CONNECTIONS.source,
    ),
    "docker-pulls": Formula(
        "pulls from Docker Hub of one address",
        "",
        "nodes / NAT gateways: each node pulls the image of its architecture once",
        DOCKER_PULLS.source,
    ),
    "ecr-images": Formula(
        "ECR BatchGetImage requests",
        "",
        "nodes x 2: the index of a multi-architecture image, and the image",
        ECR_IMAGES.source,
    ),
    "ecr-layers": Formula(
        "ECR GetDownloadUrlForLayer requests a second",
        "/s",
        "nodes x 3 layers at once (containerd's max_concurrent_downloads)",
        ECR_LAYERS.source,
    ),
    "ecr-public-pulls": Formula(
        "pulls from ECR Public", "", "nodes: each pulls once", ECR_PUBLIC_PULLS.source
    ),
    "dns-replicas": Formula(
        "replicas of CoreDNS that scaling asks for",
        "",
        "max(nodes / 16, vCPU / 256), rounded up, 2 at least; the pool's nodes alone",
        "docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html",
    ),
    "dns-queries": Formula(
        "DNS queries to CoreDNS",
        "",
        "executors x 26: A and AAAA of the driver's Service (3 tries in the search domains), S3 "
        "and STS (5 each), with ndots 5",
        "kubernetes.io/docs/concepts/services-networking/dns-pod-service",
    ),
    "dns-forwarded": Formula(
        "of these to the VPC's resolver, at most",
        "",
        "executors x 8: S3 and STS, in EC2's search domain and as they are, if CoreDNS has cached "
        "none of them; it caches an answer for 30 s",
        VPC_DNS.source,
    ),
    "node-disk": Formula(
        "local disks and JAR caches on a node",
        "GiB",
        "executors on a node x size limit of their local disk (5 GiB, as the jobs of `make job`) "
        "+ claims x size limit of a cache in pod level + copies and cache of JARs in node level",
        "the plan; the size limits are limits and not reserved",
    ),
    "node-disk-room": Formula(
        "disk of a node for them and for images",
        "GiB",
        "the class' largest volume, or instance store, without 10 % for eviction and 1 GiB "
        "kube-reserved",
        "github.com/aws/karpenter-provider-aws pkg/providers/instancetype/types.go",
    ),
}
