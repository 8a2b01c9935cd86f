"""Changes of teams, pools and guards in the settings of dev, staging and prod."""

from tests.ops.diff.changes import OPERATOR, RUNGS, STAY, Row, drifts, pool, team
from tests.plans import DRILL, REPLICA

_EKS = "docs.aws.amazon.com/eks/latest/userguide"
_K8S = "kubernetes.io/docs/concepts"
_IAM = "docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
_S3 = "docs.aws.amazon.com/AmazonS3/latest/userguide"
_LAKE = "name: example-lake-111122223333"
ANALYTICS = (
    "{name: analytics, quota: {cpu: 512, memoryGiB: 4096, pods: 300}, maxExecutors: 100, "
    f"buckets: [{{{_LAKE}, prefix: raw/, access: read}}, "
    f"{{{_LAKE}, prefix: analytics/, access: readWrite}}]}}"
)
INGEST = (
    "{name: ingest, pool: memory, quota: {cpu: 1024, memoryGiB: 8192, pods: 300, storageGiB: 4000},"
    f" maxExecutors: 100, buckets: [{{{_LAKE}, prefix: raw/, access: readWrite}}]}}"
)
_POOL_ROLES = (
    "wider-permission: role karpenter-controller-role (may now)",
    "wider-permission: role karpenter-general-node-role (new)",
    "narrower-permission: role karpenter-controller-role (may no longer)",
    "narrower-permission: role karpenter-default-node-role (deleted)",
)

SETTINGS = {
    "a pool of another name": Row(
        "pools[0].name=general",
        "ends-jobs: pool default is gone: jobs of team-a and team-b that select it wait for "
        "executors for ever; way out: keep default beside its successor until they have ended",
        f"removes-nodes: removes NodePool {RUNGS}",
        "jobs-affected: jobs of team-a and team-b that select pool default get no executor more",
        *_POOL_ROLES,
        "quota: the pool of team team-a is general, not default",
        "quota: the pool of team team-b is general, not default",
        source=f"{_K8S}/scheduling-eviction/assign-pod-node/",
    ),
    "a pool of another name where a team names it": Row(
        ("pools[0].name=general", "spark.teams[0].pool=general"),
        "ends-jobs: pool default is gone: jobs of analytics that select it wait for executors",
        f"removes-nodes: removes NodePool {RUNGS}",
        "jobs-affected: jobs of analytics that select pool default get no executor more",
        *_POOL_ROLES,
        "quota: the pool of team analytics is general, not default",
        stack="prod",
        source=f"{_K8S}/scheduling-eviction/assign-pod-node/",
    ),
    "a team that moves to another pool": Row(
        "spark.teams[1].pool=default",
        "jobs-affected: jobs of team team-etl that run on pool etl get no executor more",
        "claims-wait: makes claims anew: team-etl/spark-jars",
        "quota: the pool of team team-etl is default, not etl: its pods may tolerate the new one",
        "quota: the drivers' pool of team team-etl is drivers, not etl-drivers",
        stack="staging",
        source=f"{_K8S}/scheduling-eviction/taint-and-toleration/",
    ),
    "a team that moves within one set of JARs": Row(
        "spark.teams[1].pool=default",
        "jobs-affected: jobs of team ingest that run on pool memory get no executor more",
        "quota: the pool of team ingest is default, not memory",
        stack="prod",
        source=f"{_K8S}/scheduling-eviction/taint-and-toleration/",
    ),
    "executors that are moved from nodes that are not full": Row(
        "pools[0].consolidation={policy: WhenEmptyOrUnderutilized, after: 30s}",
        f"drifts-nodes: NodePool {RUNGS} starts to move pods from nodes that are not full",
        f"jobs-affected: on nodes of NodePool {RUNGS}: executors there end and their tasks run",
        source="karpenter.sh/docs/concepts/disruption/#consolidation",
    ),
    "JARs no longer encrypted with a key": Row(
        "jarBucket.encryption=s3",
        "fails: Pulumi protects jars-key (aws:kms:Key) and does not delete it; way out: pulumi "
        "state unprotect",
        "jobs-affected: reads of JARs that role jar-mount-driver-role may no longer make fail",
        "narrower-permission: role jar-mount-driver-role (may no longer) may kms:Decrypt",
        "narrower-permission: role spark-history-analytics-role (may no longer) may kms:Decrypt",
        "narrower-permission: role spark-history-ingest-role (may no longer) may kms:Decrypt",
        "guard: jars-encryption: new objects are no longer encrypted with arn:aws:kms",
        stack="prod",
        source=f"{_S3}/UsingKMSEncryption.html",
    ),
    "a team that may no longer write": Row(
        f"spark.teams[0].buckets=[{{{_LAKE}, prefix: raw/, access: read}}]",
        "jobs-affected: jobs of team analytics fail at the next request that role "
        "team-analytics-access-role may no longer make",
        "narrower-permission: role team-analytics-access-role (may no longer)",
        stack="prod",
        source=_IAM,
    ),
    "a team more with a History Server": Row(
        f"spark.teams=[{ANALYTICS}, {INGEST}, {{name: third, pool: default}}]",
        OPERATOR,
        "wider-permission: ServiceAccount third/spark-driver (new)",
        "wider-permission: role spark-history-third-role (new)",
        "wider-permission: role team-third-access-role (new)",
        before=f"spark.teams=[{ANALYTICS}, {INGEST}]",
        stack="prod",
        source=f"{_S3}/intro-lifecycle-filters.html",
    ),
    "a cluster that takes no new jobs": Row(
        "spark.acceptJobs=false",
        "guard: new Spark jobs are refused from now on; those that run end, with their retries",
        source="github.com/kubeflow/spark-operator v2.5.2, internal/controller/sparkapplication",
    ),
    "a cluster with an operator of its own that takes no new jobs": Row(
        ("spark.operator.enabled=false", "spark.acceptJobs=false"),
        "jobs-unknown: what these 2 changes do to jobs that run is not known: spark-drain-policy",
        "guard: new Spark jobs are refused from now on; those that run end, with their retries",
        before="spark.operator.enabled=false",
        source="github.com/kubeflow/spark-operator v2.5.2, "
        "internal/controller/scheduledsparkapplication",
    ),
    "a cluster that takes jobs again": Row(
        (),
        "guard: new Spark jobs are accepted again; a schedule starts a run that it missed",
        before="spark.acceptJobs=false",
        source="github.com/kubeflow/spark-operator v2.5.2, "
        "internal/controller/scheduledsparkapplication",
    ),
    "another cluster takes a drained one's jobs": Row(
        ("spark.acceptJobs=false", "spark.submitTo=[prod-b]"),
        "guard: new Spark jobs are refused with another message, or for other people",
        before="spark.acceptJobs=false",
        source="kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/",
    ),
    "people who may submit to a drained cluster": Row(
        ("spark.acceptJobs=false", "spark.exemptGroup=oncall"),
        "guard: new Spark jobs are refused with another message, or for other people",
        before="spark.acceptJobs=false",
        source="kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/"
        "#matching-requests-matchconditions",
    ),
    "a drill that interrupts Spot nodes": Row(
        DRILL,
        "wider-permission: role karpenter-spot-drill-role (new)",
        source="docs.aws.amazon.com/fis/latest/userguide/experiment-templates.html",
    ),
    "no drill any more": Row(
        (),
        "narrower-permission: role karpenter-spot-drill-role (deleted)",
        before=DRILL,
        source="docs.aws.amazon.com/fis/latest/userguide/experiment-templates.html",
    ),
    "copies of JARs in another Region": Row(
        REPLICA,
        "wider-permission: role jars-replica-role (new)",
        before="jarBucket={encryption: kms}",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html",
    ),
    "copies elsewhere": Row(
        (REPLICA[0].replace("acme-copies", "other-copies"),),
        "wider-permission: role jars-replica-role (may now)",
        "narrower-permission: role jars-replica-role (may no longer)",
        before=REPLICA,
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html",
    ),
    "no copies any more": Row(
        "jarBucket={encryption: kms}",
        "narrower-permission: role jars-replica-role (deleted)",
        before=REPLICA,
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html",
    ),
    "more executors": Row(
        team(),
        "quota: executors of a job of team-a, at most: 5 -> 20",
        before=team(maxExecutors="5"),
        source=f"{_K8S}/policy/resource-quotas/",
    ),
    "fewer executors": Row(
        team(maxExecutors="5"),
        "quota: executors of a job of team-a, at most: 20 -> 5",
        before=team(),
        source=f"{_K8S}/policy/resource-quotas/",
    ),
    "event logs kept less long": Row(
        "spark.historyServer.logs.retentionDays=30",
        "loses-data: event-logs-lifecycle deletes objects after 30 days, not 365 (analytics-event",
        "loses-data: event-logs-lifecycle deletes objects after 30 days, not 365 (analytics-spark",
        "loses-data: event-logs-lifecycle deletes objects after 30 days, not 365 (ingest-event",
        "loses-data: event-logs-lifecycle deletes objects after 30 days, not 365 (ingest-spark",
        "jobs-affected: older than 30 days are gone",
        stack="prod",
        source=f"{_S3}/intro-lifecycle-rules.html",
    ),
    "event logs kept longer": Row(
        "spark.historyServer.logs.retentionDays=730",
        stack="prod",
        source=f"{_S3}/intro-lifecycle-rules.html",
    ),
    "flow logs kept less long": Row(
        "network.flowLogs.retentionDays=30",
        "loses-data: logs in network-flow-logs older than 30 days are deleted",
        stack="prod",
        source="docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
        "API_PutRetentionPolicy.html",
    ),
    "no administrator": Row(
        "cluster.admins=[]",
        "narrower-permission: platform-admin no longer has an entry in the cluster",
        "narrower-permission: cluster access of arn:aws:iam::111122223333:role/platform-admin",
        stack="prod",
        source=f"{_EKS}/access-entries.html",
    ),
    "an interface endpoint less": Row(
        "network.interfaceEndpoints=[ec2, ecr.api, ecr.dkr]",
        "jobs-affected: what goes through endpoint network-sts is cut, then uses the NAT gateway",
        "restarts: endpoint network-sts is deleted",
        "cost: interface endpoints, by zone 12 -> 9",
        stack="prod",
        source="docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html",
    ),
    "one NAT gateway for three zones": Row(
        "network.natGateways=single",
        "jobs-affected: open connections through network-private-b-internet and "
        "network-private-c-internet are cut",
        "restarts: changes the target of route network-private-b-internet and",
        "guard: the public address of network-nat-b and network-nat-c is released",
        "cost: NAT gateways 3 -> 1",
        "cost: public IPv4 addresses 3 -> 1",
        stack="prod",
        source="docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
    ),
    "protection on": Row(
        ("jarBucket.forceDestroy=false", "cluster.deletionProtection=true"),
        before="jarBucket.forceDestroy=false",
        source=f"{_EKS}/deletion-protection.html",
    ),
    "drivers' nodes that expire": Row(
        "drivers={expireAfter: 720h}",
        "drifts-nodes: drifts NodePool drivers (template.spec.expireAfter): its nodes stay until",
        "drifts-nodes: nodes of NodePool drivers end 720h after their start, not never",
        "jobs-affected: on nodes of NodePool drivers older than 720h",
        source="karpenter.sh/docs/concepts/disruption/#expiration",
    ),
    "drivers' disk": Row(
        "drivers={diskGiB: 200}",
        "drifts-nodes: drifts NodePool drivers (spec.blockDeviceMappings): its nodes stay until",
        source="karpenter.sh/docs/concepts/nodeclasses/#specblockdevicemappings",
    ),
    "higher limits": Row(
        "pools=[{name: default, limits: {cpu: 256, memoryGiB: 512}}]",
        "restarts: restarts the controller of Helm release karpenter",
        f"quota: limit of cpu of NodePool {RUNGS}: 128 -> 256",
        "cost: NodePools' limit of vCPU 640 -> 1152",
        STAY,
        source="karpenter.sh/docs/concepts/nodepools/#speclimits",
    ),
    "budgets by time": Row(
        pool(budgets="[{nodes: '10%'}, {nodes: '0', schedule: '0 8 * * *', duration: 10h}]"),
        STAY,
        source="karpenter.sh/docs/concepts/disruption/#schedule",
    ),
    "fewer families of drivers": Row(
        "drivers={families: [m7g, m7i]}",
        "drifts-nodes: drifts NodePool drivers (requirement karpenter.k8s.aws/instance-family no "
        "longer allows m6g, m6i): its nodes that no longer fit stay until they are empty",
        source="karpenter.sh/docs/concepts/disruption/#drift",
    ),
    "system nodes at most, fewer": Row(
        "systemNodes.maxSize=3",
        "cost: managed groups' maximum of nodes 4 -> 3",
        source="docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html",
    ),
    "the CNI's version": Row(
        "addonVersions={vpc-cni: v1.21.1-eksbuild.1}",
        "restarts: restarts the pods of add-on vpc-cni, node by node",
        source=f"{_EKS}/updating-an-add-on.html",
    ),
    "memory of Karpenter": Row(
        "karpenter.memoryMiB=3072",
        "restarts: restarts the controller of Helm release karpenter",
        source="karpenter.sh/docs/reference/settings/",
    ),
    "the operator's workers": Row(
        ("spark.operator.memoryMiB=3072", "spark.operator.workers=10"),
        OPERATOR,
        before="spark.operator.memoryMiB=3072",
        source="www.kubeflow.org/docs/components/spark-operator/performance/benchmarking/",
    ),
    "a value of the operator that nothing here knows": Row(
        "spark.operator.values={webhook: {timeoutSeconds: 20}}",
        "jobs-unknown: spark-operator-release: values.webhook.timeoutSeconds",
        OPERATOR,
        source="kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/",
    ),
    "the queue of a team": Row(
        ("spark.yunikorn.enabled=true", team(queue="root.etl.team-a")),
        "jobs-affected: executors that jobs of team team-a ask for wait: their queue root.team-a",
        'jobs-unknown: team-team-a-namespace: metadata.annotations["yunikorn',
        "restarts: restarts the controller of Helm release yunikorn",
        "quota: the queue of team team-a is root.etl.team-a, not root.team-a",
        before=("spark.yunikorn.enabled=true", team()),
        source="yunikorn.apache.org/docs/user_guide/queue_config/",
    ),
    "executors on demand only": Row(
        pool(capacityTypes="[on-demand]"),
        "removes-nodes: removes NodePool default-arm-spot and default-x86-spot: its nodes",
        "jobs-affected: on nodes of NodePool default-arm-spot and default-x86-spot",
        "restarts: restarts the controller of Helm release karpenter",
        "cost: NodePools' limit of vCPU 640 -> 384",
        "cost: NodePools' limit of memory in GiB 2560 -> 1536",
        source="karpenter.sh/docs/concepts/nodepools/",
    ),
    "a longer grace period": Row(
        pool(terminationGracePeriod="1h"),
        *drifts("template.spec.terminationGracePeriod"),
        source="karpenter.sh/docs/concepts/disruption/#terminationgraceperiod",
    ),
    "less storage of a team": Row(
        team(quota="{storageGiB: 100}"),
        "jobs-affected: a job of team-a that runs gets no executor above the new quota",
        "quota: quota team-a/team changes",
        before=team(),
        source=f"{_K8S}/policy/resource-quotas/#storage-resource-quota",
    ),
    "no History Server": Row(
        "spark.historyServer={enabled: false}",
        "fails: Pulumi protects event-logs-key (aws:kms:Key) and does not delete it; way out",
        "fails: Pulumi protects event-logs-bucket (aws:s3:Bucket) and does not delete it; way out",
        "jobs-affected: jobs of team analytics fail at the next request that role",
        "removes: deletes namespace spark-history with everything in it, which no team has",
        "removes: removes Deployment analytics and ingest",
        "narrower-permission: role spark-history-analytics-role (deleted)",
        "narrower-permission: role spark-history-ingest-role (deleted)",
        "narrower-permission: role team-analytics-access-role (may no longer)",
        "narrower-permission: role team-ingest-access-role (may no longer)",
        "guard: event-logs-versions: what is overwritten or deleted can no longer be brought back",
        "guard: event-logs-private: S3 no longer blocks public access",
        "guard: event-logs-encryption: new objects are no longer encrypted",
        "guard: event-logs-ownership: ACLs count again",
        "guard: event-logs-tls-only: the bucket no longer denies requests without TLS",
        stack="prod",
        source="www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    ),
}
