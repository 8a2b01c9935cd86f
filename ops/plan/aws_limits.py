"""Limits of AWS and Kubernetes on one resource, role, group, cluster or VPC: numbers of entries and
sizes of documents.

Limits of an account as a whole, such as its number of roles, depend on what else is in it and are
not here; ops.capacity tells those of running jobs.
"""

from dataclasses import dataclass

_IAM = "docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_VPC = "docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"
_EKS = "docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"
_SQS = "docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"
_EVENTS = "docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
_S3 = "docs.aws.amazon.com/AmazonS3/latest"
_K8S = "kubernetes.io/docs/concepts"


@dataclass(frozen=True)
class Limit:
    """One limit: `what` there may be `most` of, as `service` has it."""

    service: str
    what: str
    most: int
    source: str
    way_out: str
    code: str = ""
    """Service Quotas' code where AWS raises it on request; empty where it is fixed."""


_SMALLER = "fewer buckets or prefixes for it, or a shorter list in a policy of its own"
POLICY = Limit("IAM", "characters of a managed policy", 6_144, _IAM, _SMALLER)
INLINE = Limit("IAM", "characters of a role's inline policies", 10_240, _IAM, _SMALLER)
TRUSTED = Limit(
    "IAM", "characters of a trust policy", 2_048, _IAM, "fewer principals", "L-C07B4B0D"
)
ATTACHED = Limit(
    "IAM", "managed policies of a role", 10, _IAM, "put statements into one policy", "L-0DA4ABF3"
)
BUCKET_POLICY = Limit(
    "S3", "bytes of a bucket policy", 20_480, f"{_S3}/userguide/bucket-policies.html",
    "rights of roles in the same account belong into the roles' policies",
)  # fmt: skip
LIFECYCLE = Limit(
    "S3", "lifecycle rules of a bucket", 1_000, f"{_S3}/API/API_LifecycleConfiguration.html",
    "a rule for a prefix that several have, or another bucket",
)  # fmt: skip
KEY_POLICY = Limit(
    "KMS", "bytes of a key policy", 32_768,
    "docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html", "fewer principals",
)  # fmt: skip
QUEUE_POLICY = Limit("SQS", "bytes of a queue policy", 8_192, _SQS, "fewer statements")
QUEUE_STATEMENTS = Limit("SQS", "statements of a queue policy", 20, _SQS, "fewer statements")
GROUP_RULES = Limit(
    "EC2", "rules of one direction in a security group", 60, _VPC, "wider blocks", "L-0EA8095F"
)
ROUTES = Limit("EC2", "routes of a route table", 50, _VPC, "wider blocks", "L-93826ACB")
SUBNETS = Limit("EC2", "subnets of a VPC", 200, _VPC, "fewer zones or blocks", "L-407747CB")
ADDRESSES = Limit(
    "EC2", "Elastic IP addresses of a Region", 5,
    "docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html",
    "one NAT gateway (network.natGateways: single), or fewer zones", "L-0263D0A3",
)  # fmt: skip
ENDPOINTS = Limit(
    "EC2", "interface and Gateway Load Balancer endpoints of a VPC", 50, _VPC, "fewer endpoints",
    "L-29B6F2EB",
)  # fmt: skip
ENDPOINT_POLICY = Limit(
    "EC2", "characters of a VPC endpoint policy", 20_480,
    "docs.aws.amazon.com/general/latest/gr/vpc-service.html", "a condition in place of a list",
)  # fmt: skip
USER_DATA = Limit(
    "EC2", "bytes of user data", 16_384,
    "docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html",
    "shorter boot scripts",
)  # fmt: skip
PUBLIC_CIDRS = Limit(
    "EKS", "blocks that reach the public endpoint", 40, _EKS, "wider blocks, or a private endpoint"
)
CLUSTER_GROUPS = Limit("EKS", "security groups of a control plane", 4, _EKS, "fewer groups")
GROUPS = Limit("EKS", "managed node groups of a cluster", 30, _EKS,
               "fewer pools or sizes, or autoscaler: karpenter", "L-6D54EA21")  # fmt: skip
GROUP_NODES = Limit("EKS", "nodes of a managed node group", 450, _EKS, "another pool",
                    "L-BD136A63")  # fmt: skip
TARGETS = Limit("EventBridge", "targets of a rule", 5, _EVENTS, "another rule")
PATTERN = Limit("EventBridge", "characters of an event pattern", 2_048, _EVENTS,
                "several rules")  # fmt: skip
ANNOTATIONS = Limit(
    "Kubernetes", "bytes of an object's annotations", 262_144,
    f"{_K8S}/overview/working-with-objects/annotations", "put the data into a ConfigMap",
)  # fmt: skip
CONFIG_MAP = Limit(
    "Kubernetes", "bytes of a ConfigMap or Secret", 1_048_576, f"{_K8S}/configuration/configmap",
    "several objects",
)  # fmt: skip
