"""Changes of the JARs' bucket, their mount, and teams."""

from tests.ops.diff.changes import CLAIMS, NO_EXECUTORS, OPERATOR, TEAMS, Row, drifts, team
from tests.plans import DAEMONSET, NODE

JARS = {
    "versions kept longer": Row("jarBucket.oldVersionDays=60"),
    "versions kept less long": Row(
        (),
        "loses-data: jars-lifecycle deletes versions after 30 days, not 60",
        before="jarBucket.oldVersionDays=60",
    ),
    "JARs encrypted with a key": Row(
        "jarBucket.encryption=kms",
        "wider-permission: KMS key jars-key (new)",
        "wider-permission: role jar-mount-driver-role (may now) may kms:Decrypt on "
        "arn:aws:kms:us-west-2:111122223333:key/jars-key",
        "cost: KMS keys 0 -> 1",
        knob="jarBucket.encryption",
    ),
    "access logs": Row("jarBucket.accessLogBucket=access-logs"),
    "another prefix": Row(
        "jarBucket.prefix=platform/",
        "jobs-affected: reads of JARs that role jar-mount-driver-role may no longer make fail",
        "wider-permission: jar-mount-driver-role (may now) may s3:ListBucket on arn:aws:s3:::"
        "spark-dev-jars-111122223333-us-west-2 when s3:prefix StringLike platform/*",
        "narrower-permission: jar-mount-driver-role (may no longer) may s3:ListBucket",
        "new-pods: spark-jars-team-a.jars-pod and spark-jars-team-b.jars-pod as it is now",
        knob="jarBucket.prefix",
    ),
    "another bucket": Row(
        "jarBucket.name=other-jars",
        "loses-data: bucket spark-dev-jars-111122223333-us-west-2 is deleted with every object",
        "jobs-affected: what they read from bucket spark-dev-jars-111122223333-us-west-2",
        CLAIMS,
        "wider-permission: role jar-mount-driver-role (may now) may s3:ListBucket on "
        "arn:aws:s3:::other-jars",
        "narrower-permission: role jar-mount-driver-role (may no longer)",
    ),
    "another bucket where it is protected": Row(
        "jarBucket.name=other-jars",
        "fails: Pulumi protects jars-bucket (aws:s3:Bucket) and does not replace it",
        NO_EXECUTORS,
        "jobs-unknown: jars-bucket: is replaced",
        "claims-wait: analytics/spark-jars and ingest/spark-jars",
        "restarts: restarts Deployment analytics and ingest",
        "wider-permission: role jar-mount-driver-role",
        "wider-permission: role spark-history-analytics-role",
        "wider-permission: role spark-history-ingest-role",
        "narrower-permission: role jar-mount-driver-role",
        "narrower-permission: role spark-history-analytics-role",
        "narrower-permission: role spark-history-ingest-role",
        stack="prod",
    ),
    "a destroy takes the JARs, too": Row(
        (),
        "guard: a destroy would delete the objects of bucket spark-dev-jars",
        before="jarBucket.forceDestroy=false",
    ),
    "the pods' cache": Row(
        "jarMount.cacheMiB=20480", NO_EXECUTORS, CLAIMS, knob="jarMount.cacheMiB"
    ),
    "JARs mounted on nodes": Row(
        NODE,
        *drifts("template.metadata.labels, template.spec.startupTaints and spec.userData", True)[
            :2
        ],
        NO_EXECUTORS,
        "jobs-unknown: jar-mount-aws-mountpoint-s3-csi-driver: is deleted",
        CLAIMS,
        "removes: removes add-on aws-mountpoint-s3-csi-driver",
        "wider-permission: role karpenter-default-node-role (may now) may s3:ListBucket",
        "wider-permission: role karpenter-drivers-node-role (may now) may s3:ListBucket",
        "narrower-permission: role jar-mount-driver-role (deleted)",
    ),
    "memory of the nodes' mount": Row(
        (*NODE, "jarMount.node={memoryMiB: 2048}"), *drifts("spec.userData", True), before=NODE
    ),
    "how often the DaemonSet looks": Row(
        (*DAEMONSET, "jarMount.daemonset={checkSeconds: 30}"),
        "restarts: restarts DaemonSet spark-jars on every node, 10% at a time",
        before=DAEMONSET,
    ),
    "a team more": Row(
        TEAMS,
        OPERATOR,
        "wider-permission: ServiceAccount team-c/spark-driver (new) may create, delete",
        "wider-permission: role team-team-c-access-role (new)",
        before=team(),
    ),
    "a team less": Row(
        team(),
        "ends-jobs: deletes namespace team-c with everything in it",
        "jobs-affected: all pods in namespace team-c end",
        OPERATOR,
        "narrower-permission: ServiceAccount team-c/spark-driver (deleted)",
        "narrower-permission: role team-team-c-access-role (deleted)",
        before=TEAMS,
    ),
    "a team's quota": Row(
        team(quota="{cpu: 500}"),
        "quota: quota team-a/drivers changes: pods that run stay, new ones are refused above it "
        "requests.cpu: 32 -> 250",
        "quota: quota team-a/team changes: pods that run stay, new ones are refused above it "
        "requests.cpu: 64 -> 500",
        before=team(),
    ),
    "a team's way to a database": Row(
        team(egress="[{cidr: 10.20.0.0/24, ports: [5432]}]"),
        "wider-permission: network of namespace team-a (may now) pods with spark-role In "
        "driver|executor may send to 10.20.0.0/24, TCP 5432",
        before=team(),
    ),
    "drivers that a team may have": Row(
        team(quota="{drivers: {pods: 4}}"),
        "quota: quota team-a/drivers changes: pods that run stay, new ones are refused above it "
        "pods: 50 -> 4",
        before=team(),
    ),
    "a door for a proxy": Row(
        team(clients="[{namespace: proxy}]"),
        "wider-permission: network of namespace team-a (may now) pods with spark-role In "
        "driver|executor may receive from all pods in namespaces with "
        "kubernetes.io/metadata.name=proxy, TCP 4040",
        before=team(),
    ),
    "people who submit": Row(
        team(submitters="[{group: people}]"),
        "wider-permission: Group people (new) may get on pods in team-a, pods/log in team-a",
        before=team(),
    ),
    "a catalog that a team may write": Row(
        team(rights="{glue: [{database: sales, access: readWrite}]}"),
        "wider-permission: role team-team-a-access-role (may now) may glue:BatchCreatePartition",
        before=team(),
    ),
    "data that a team may write": Row(
        team(buckets="[{name: data, prefix: 'x/', access: readWrite}]"),
        "wider-permission: role team-team-a-access-role (may now) may s3:ListBucket on "
        "arn:aws:s3:::data when s3:prefix StringLike x/*",
        before=team(),
    ),
    "data that a team may no longer write": Row(
        team(buckets="[{name: data, prefix: 'x/', access: read}]"),
        "jobs-affected: jobs of team team-a fail at the next request that role "
        "team-team-a-access-role may no longer make",
        "narrower-permission: role team-team-a-access-role (may no longer)",
        before=team(buckets="[{name: data, prefix: 'x/', access: readWrite}]"),
    ),
    "a smaller quota of a team": Row(
        team(quota="{cpu: 40}"),
        "jobs-affected: a job of team-a that runs gets no executor above the new quota",
        "quota: quota team-a/drivers changes",
        "quota: quota team-a/team changes",
        before=team(quota="{cpu: 64}"),
    ),
    "a team's way to a database that closes": Row(
        team(),
        "jobs-unknown: team-team-a-",
        "narrower-permission: network of namespace team-a",
        before=team(egress="[{cidr: 10.20.0.0/24, ports: [5432]}]"),
    ),
    "YuniKorn": Row(
        "spark.yunikorn.enabled=true",
        "jobs-unknown: pod-security-policy: is created",
        OPERATOR,
        "guard: quota team-a/drivers is deleted",
        "guard: quota team-b/drivers is deleted",
        "guard: ValidatingAdmissionPolicy team-pods denies other requests than before",
        "guard: namespace team-a admits baseline pods, not restricted ones: looser",
        "guard: namespace team-b admits baseline pods, not restricted ones: looser",
        "quota: quota team-a/team changes",
        "quota: quota team-b/team changes",
    ),
    "no YuniKorn": Row(
        (),
        "ends-jobs: deletes namespace yunikorn with everything in it",
        "jobs-affected: all pods in namespace yunikorn end",
        "jobs-unknown: yunikorn-release: is deleted",
        OPERATOR,
        "removes: removes Helm release yunikorn",
        "guard: ValidatingAdmissionPolicy spark-restricted is deleted",
        "guard: ValidatingAdmissionPolicyBinding spark-restricted is deleted",
        "guard: ValidatingAdmissionPolicy team-pods denies other requests than before",
        "guard: namespace team-a admits restricted pods, not baseline ones: stricter",
        "guard: namespace team-b admits restricted pods, not baseline ones: stricter",
        "quota: quota team-a/drivers is new",
        "quota: quota team-a/team changes",
        "quota: quota team-b/drivers is new",
        "quota: quota team-b/team changes",
        before="spark.yunikorn.enabled=true",
    ),
    "a History Server's memory": Row(
        "spark.historyServer={enabled: true, release: '2026-11-01', memoryMiB: 4096}",
        "restarts: restarts Deployment team-a and team-b",
        before="spark.historyServer={enabled: true, release: '2026-11-01'}",
    ),
    "the operator's replicas": Row("spark.operator.replicas=3", OPERATOR),
}
