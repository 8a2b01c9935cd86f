"""Ways out, endpoints and names in the cloud, changed by hand in a recorded plan."""

from tests.ops.diff.changes import SPOT_ENDS, Row, renamed
from tests.ops.rules.changes import added, also, put, without

_EKS = "docs.aws.amazon.com/eks/latest"
_EC2 = "docs.aws.amazon.com/AWSEC2/latest"
_VPC = "docs.aws.amazon.com/vpc/latest"

NETWORK = {
    "a private subnet's route goes": Row(
        without("Route", "network-private-a-internet"),
        "ends-jobs: subnet network-private-a loses its route to 0.0.0.0/0",
        "jobs-affected: from nodes in subnet network-private-a requests to 0.0.0.0/0 fail",
        source=f"{_VPC}/userguide/VPC_Route_Tables.html",
    ),
    "the NAT gateway goes, its routes stay": Row(
        without("NatGateway"),
        "ends-jobs: subnet network-private-a and network-private-b loses its route to 0.0.0.0/0",
        "jobs-affected: from nodes in subnet network-private-a and network-private-b requests",
        "cost: NAT gateways 1 -> 0",
        source=f"{_VPC}/userguide/nat-gateway-working-with.html",
    ),
    "the NAT gateway's address goes, the gateway stays": Row(
        without("Eip"),
        "fails: EC2 does not delete network-nat-a (aws:ec2:Eip) while network-nat-a uses it; way "
        "out",
        source=f"{_EC2}/APIReference/API_ReleaseAddress.html",
    ),
    "a subnet loses its route table": Row(
        without("RouteTableAssociation", "network-private-a"),
        "ends-jobs: subnet network-private-a loses its route to 0.0.0.0/0",
        "jobs-affected: from nodes in subnet network-private-a requests to 0.0.0.0/0 fail",
        source=f"{_VPC}/userguide/WorkWithRouteTables.html",
    ),
    "names in the VPC": Row(
        put("Vpc", "enableDnsSupport", False),
        "ends-jobs: enableDnsSupport of VPC network-vpc is off: private names no longer resolve",
        "jobs-affected: names of the API server and of endpoints no longer resolve",
        source=f"{_VPC}/userguide/vpc-dns.html",
    ),
    "names of an endpoint": Row(
        put("VpcEndpoint", "privateDnsEnabled", False, "network-sts"),
        "jobs-affected: names that lead to endpoint network-sts change",
        "restarts: privateDnsEnabled of endpoint network-sts changes",
        stack="prod",
        source=f"{_VPC}/privatelink/interface-endpoints.html",
    ),
    "an endpoint goes": Row(
        without("VpcEndpoint", "network-s3"),
        "jobs-affected: what goes through endpoint network-s3 is cut, then uses the NAT gateway",
        "restarts: endpoint network-s3 is deleted: its traffic uses the NAT gateway, or fails",
        source=f"{_VPC}/privatelink/gateway-endpoints.html",
    ),
    "the endpoints' security group closes": Row(
        put("SecurityGroup", "ingress", [], "network-endpoints"),
        "jobs-affected: connections that security group network-endpoints no longer allows fail",
        "narrower-permission: security group network-endpoints, ingress: no longer tcp 443-443",
        stack="prod",
        source=f"{_VPC}/userguide/security-group-rules.html",
    ),
    "the endpoints' security group has another port": Row(
        put("SecurityGroup", "ingress[0].toPort", 8443, "network-endpoints"),
        "jobs-affected: connections that security group network-endpoints no longer allows fail",
        "wider-permission: security group network-endpoints, ingress: also tcp 443-8443",
        "narrower-permission: security group network-endpoints, ingress: no longer tcp 443-443",
        stack="prod",
        source=f"{_VPC}/userguide/security-group-rules.html",
    ),
    "no private endpoint of the API server": Row(
        put("Cluster", "endpointPrivateAccess", False),
        "jobs-affected: nodes reach the API server at its public endpoint only",
        "guard: no private endpoint of the API server: nodes use its public endpoint",
        source=f"{_EKS}/userguide/cluster-endpoint.html",
    ),
    "neither endpoint of the API server": Row(
        also(
            put("Cluster", "endpointPrivateAccess", False),
            put("Cluster", "endpointPublicAccess", False),
        ),
        "fails: EKS refuses cluster-eks without a public and without a private endpoint; way out",
        "jobs-affected: nodes reach the API server at its public endpoint only",
        "narrower-permission: the API server from the internet: no longer 203.0.113.0/24",
        "guard: no private endpoint of the API server",
        source=f"{_EKS}/userguide/cluster-endpoint.html",
    ),
    "a subnet of a block that a neighbour has": Row(
        put("Subnet", "cidrBlock", "10.0.64.0/18", "network-private-a"),
        "fails: EC2 refuses subnet network-private-a with 10.0.64.0/18: it overlaps",
        "replaces-network: replaces subnet network-private-a, with the nodes in it",
        "removes-nodes: replaces managed node group system-group",
        "drifts-nodes: drifts NodePool default-arm-on-demand",
        "drifts-nodes: drifts NodePool drivers",
        "jobs-affected: nodes in subnet network-private-a are deleted",
        "jobs-unknown: cluster-eks: subnetIds",
        source=f"{_VPC}/userguide/subnet-sizing.html",
    ),
}

_BLOCKS = [f"198.51.{number}.0/24" for number in range(61)]
LIMITS = {
    "more blocks at the public endpoint than EKS allows": Row(
        put("Cluster", "publicAccessCidrs", _BLOCKS),
        "fails: cluster-eks has 61 blocks that reach the public endpoint, and EKS allows 40; way "
        "out: wider blocks",
        "wider-permission: the API server from the internet: also 198.51.0.0/24",
        "narrower-permission: the API server from the internet: no longer 203.0.113.0/24",
        source=f"{_EKS}/userguide/service-quotas.html",
    ),
    "a policy longer than IAM allows": Row(
        put(
            "Policy",
            "policy!Statement[2]",
            {
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Sid": "More",
                "Resource": [f"arn:aws:s3:::a-longer-name-{number}/*" for number in range(300)],
            },
            "jar-mount-driver-read-jars",
        ),
        "fails: jar-mount-driver-read-jars has 10815 characters of a managed policy, and IAM "
        "allows 6144; way out: fewer buckets",
        "wider-permission: role jar-mount-driver-role (may now) may s3:GetObject",
        source="docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    "more rules than a security group may have": Row(
        put("SecurityGroup", "ingress[0].cidrBlocks", ["10.0.0.0/16", *_BLOCKS[1:]]),
        "fails: network-endpoints has 61 rules of one direction in a security group, and EC2 "
        "allows 60 unless the account's quota is higher; way out: ask AWS to raise L-0EA8095F",
        "wider-permission: security group network-endpoints, ingress",
        stack="prod",
        source=f"{_VPC}/userguide/amazon-vpc-limits.html",
    ),
}

NAMES = {
    "the queue under another logical name": Row(
        renamed("Queue", "other"),
        "fails: two resources with one name: other is created while karpenter-interruption-queue "
        "has spark-dev (aws:sqs:Queue): the second create finds the first, then the delete removes "
        "it; way out: an alias",
        f"jobs-affected: {SPOT_ENDS}",
        "guard: queue karpenter-interruption-queue is deleted: Karpenter learns of no Spot",
        source="docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    ),
    "a release under another logical name": Row(
        renamed("Release", "other", "karpenter-release"),
        "fails: two resources with one name: other is created while karpenter-release has "
        "karpenter (helm.sh/v3:Release): the name is taken until it is deleted; way out: an alias",
        source="helm.sh/docs/helm/helm_install/",
    ),
    "a PriorityClass under another logical name": Row(
        renamed("PriorityClass", "other", "spark-priorities-spark-executor"),
        "fails: two resources with one name: other is created while "
        "spark-priorities-spark-executor has spark-executor",
        "jobs-affected: executors that name PriorityClass spark-executor from now on are refused",
        "new-pods: PriorityClass spark-executor is deleted: pods that run keep their priority",
        source="github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/await/await.go",
    ),
    "the log group under another logical name": Row(
        renamed("LogGroup", "other"),
        "fails: two resources with one name: other is created while cluster-logs has "
        "/aws/eks/spark-dev/cluster",
        source="docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
        "API_CreateLogGroup.html",
    ),
    "an add-on under another logical name": Row(
        renamed("Addon", "other", "cluster-addons-metrics-server"),
        "fails: two resources with one name: other is created while "
        "cluster-addons-metrics-server has metrics-server",
        source=f"{_EKS}/APIReference/API_CreateAddon.html",
    ),
    "a bucket's settings under another logical name": Row(
        renamed("BucketPublicAccessBlock", "other", "jars-private"),
        "fails: two resources with one name: other is created while jars-private has spark-dev-",
        "guard: jars-private: S3 no longer blocks public access",
        source="docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html",
    ),
    "a queue's name that is too long": Row(
        added("aws:sqs/queue:Queue", "more", {"name": "q" * 81}),
        "fails: name of more has 81 characters, and aws:sqs:Queue allows 80; way out: a shorter",
        source="docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "quotas-queues.html",
    ),
}
