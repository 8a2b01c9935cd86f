"""Changes of account, network and control plane."""

from tests.ops.diff.changes import ANEW, EBS, LOG_RECORDS, ROLLED, Row, drifts

_GIVEN = (
    "network={existing: {vpcId: vpc-0a1b2c3d4e5f60718, privateSubnets: "
    "{a: subnet-0a1b2c3d4e5f60711, b: subnet-0a1b2c3d4e5f60712MORE}}}"
)
_TWO, _THREE = (
    (_GIVEN.replace("MORE", more), "cluster.zones=[a, b]")
    for more in ("", ", c: subnet-0a1b2c3d4e5f60713")
)
CLOUD = {
    "a given subnet more": Row(
        _THREE,
        "removes-nodes: replaces managed node group system-group: every node is drained",
        "stays: no drift: the nodes of EC2NodeClass default and drivers stay as they are",
        before=_TWO,
        source="docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html",
    ),
    "a given subnet less": Row(
        _TWO,
        "removes-nodes: replaces managed node group system-group: every node is drained",
        *drifts("spec.subnetSelectorTerms: a subnet less", True),
        before=_THREE,
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "account": Row(
        "account='111122223333'",
        source="www.pulumi.com/registry/packages/aws/api-docs/provider/#allowedaccountids_nodejs",
    ),
    "tags of everything": Row(
        "tags={owner: data}",
        ROLLED,
        *drifts("spec.tags", True),
        EBS,
        "stays: tags of every AWS resource change",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "another block of addresses": Row(
        "network.cidr=10.1.0.0/16",
        "refused: spark-dev stays in its VPC",
        source="docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html",
    ),
    "a NAT gateway a zone": Row(
        "network.natGateways=perZone",
        "jobs-affected: open connections through network-private-b-internet are cut",
        "restarts: changes the target of route network-private-b-internet",
        "cost: NAT gateways 1 -> 2",
        "cost: public IPv4 addresses 1 -> 2",
        knob="network.natGateways",
        source="docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
    ),
    "one NAT gateway again": Row(
        (),
        "jobs-affected: open connections through network-private-b-internet are cut",
        "restarts: changes the target of route network-private-b-internet",
        "guard: the public address of network-nat-b is released",
        "cost: NAT gateways 2 -> 1",
        "cost: public IPv4 addresses 2 -> 1",
        before="network.natGateways=perZone",
        source="docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html",
    ),
    "an interface endpoint": Row(
        "network.interfaceEndpoints=[sts]",
        "cost: interface endpoints, by zone 0 -> 2",
        source="docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
    ),
    "flow logs": Row(
        "network.flowLogs={enabled: true}",
        "wider-permission: role network-flow-logs (new) may logs:CreateLogStream",
        "cost: VPC flow logs 0 -> 1",
        source="docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
    ),
    "no flow logs": Row(
        (),
        "loses-data: log group network-flow-logs is deleted",
        "narrower-permission: role network-flow-logs (deleted)",
        "cost: VPC flow logs 1 -> 0",
        before="network.flowLogs={enabled: true}",
        source="docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
    ),
    "a third zone": Row(
        "network.zones=[a, b, c]",
        ANEW,
        "stays: no drift: the nodes of EC2NodeClass default and drivers stay",
        source="docs.aws.amazon.com/eks/latest/userguide/network-reqs.html",
    ),
    "a zone less": Row(
        (),
        "replaces-network: removes subnet network-private-c and network-public-c",
        ANEW,
        *drifts("spec.subnetSelectorTerms: a subnet less", True),
        before="network.zones=[a, b, c]",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "a zone of the control plane less": Row(
        "network.zones=[b, c]",
        "refused: EKS keeps the control plane of spark-dev in the zones us-west-2a and us-west-2b",
        before="network.zones=[a, b, c]",
        source="docs.aws.amazon.com/eks/latest/userguide/network-reqs.html",
    ),
    "control-plane logs": Row(
        "cluster.logTypes=[api, audit]",
        "guard: the control plane's authenticator log ends",
        "cost: kinds of control-plane logs 3 -> 2",
        source="docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
    ),
    "logs kept longer": Row(
        "cluster.logRetentionDays=90",
        source="docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
    ),
    "logs kept less long": Row(
        (),
        f"loses-data: logs in {LOG_RECORDS} older than 30 days",
        before="cluster.logRetentionDays=90",
        source="docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
    ),
    "no extended support": Row(
        "cluster.support=STANDARD",
        "cost: AWS upgrades the control plane by itself",
        source="docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html",
    ),
    "extended support": Row(
        (),
        "cost: at the fee",
        before="cluster.support=STANDARD",
        source="docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html",
    ),
    "callers of the API server": Row(
        "cluster.endpoint.publicCidrs=[198.51.100.0/24]",
        "wider-permission: the API server from the internet: also 198.51.100.0/24",
        "narrower-permission: the API server from the internet: no longer 203.0.113.0/24",
        source="docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    ),
    "the API server within the VPC only": Row(
        "cluster.endpoint={public: false}",
        "narrower-permission: the API server from the internet: no longer 203.0.113.0/24",
        source="docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    ),
    "secrets encrypted": Row(
        "cluster.encryptSecrets=true",
        "wider-permission: KMS key cluster-secrets (new) arn:aws:iam::111122223333:root may",
        "guard: encrypts the secrets of spark-dev with a KMS key: this cannot be undone",
        "cost: KMS keys 0 -> 1",
        knob="cluster.encryptSecrets",
        source="docs.aws.amazon.com/eks/latest/userguide/enable-kms.html",
    ),
    "secrets no longer encrypted": Row(
        (),
        "refused: EKS never takes the encryption of secrets off spark-dev",
        before="cluster.encryptSecrets=true",
        source="docs.aws.amazon.com/eks/latest/userguide/enable-kms.html",
    ),
    "an administrator": Row(
        "cluster.admins=['arn:aws:iam::111122223333:role/platform-admin']",
        "wider-permission: cluster access of arn:aws:iam::111122223333:role/platform-admin",
        source="docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    ),
    "a newer Kubernetes": Row(
        "cluster.version='1.36'",
        ROLLED,
        *drifts("images for Kubernetes 1.36", True),
        "upgrades-cluster: 1.35 to 1.36: this cannot be undone add-ons without a pin follow",
        source="docs.aws.amazon.com/eks/latest/userguide/update-cluster.html",
    ),
    "another cluster": Row(
        "cluster.name=other",
        "replaces-cluster: the cluster spark-dev, with everything in it: name cannot change",
        "loses-data: bucket spark-dev-jars-111122223333-us-west-2 is deleted with every object",
        f"loses-data: log group {LOG_RECORDS} is deleted",
        "jobs-affected: all of them end with the cluster",
        "wider-permission: of 7",
        "narrower-permission: of 7",
        source="docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html",
    ),
    "protection off": Row(
        "cluster.deletionProtection=false",
        "guard: EKS will no longer refuse to delete spark-prod",
        "guard: Pulumi will no longer protect cluster-secrets, cluster-eks, jars-key, "
        "jars-bucket, event-logs-key and event-logs-bucket",
        stack="prod",
        source="www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    ),
}
