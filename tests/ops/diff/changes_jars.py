"""Changes of the JARs' bucket, their mount, and teams."""

from tests.ops.diff.changes import CLAIMS, NO_EXECUTORS, OPERATOR, TEAMS, Row, drifts, team
from tests.plans import CACHE, DAEMONSET, NODE

JARS = {
    "versions kept longer": Row(
        "jarBucket.oldVersionDays=60",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html",
    ),
    "versions kept less long": Row(
        (),
        "loses-data: jars-lifecycle deletes versions after 30 days, not 60",
        before="jarBucket.oldVersionDays=60",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html",
    ),
    "JARs encrypted with a key": Row(
        "jarBucket.encryption=kms",
        "wider-permission: KMS key jars-key (new)",
        "wider-permission: role jar-mount-driver-role (may now) may kms:Decrypt on "
        "arn:aws:kms:us-west-2:111122223333:key/jars-key",
        "cost: KMS keys 0 -> 1",
        knob="jarBucket.encryption",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    ),
    "access logs": Row(
        "jarBucket.accessLogBucket=access-logs",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html",
    ),
    "another prefix": Row(
        "jarBucket.prefix=platform/",
        "jobs-affected: reads of JARs that role jar-mount-driver-role may no longer make fail",
        "wider-permission: jar-mount-driver-role (may now) may s3:ListBucket on arn:aws:s3:::"
        "spark-dev-jars-111122223333-us-west-2 when s3:prefix StringLike platform/*",
        "narrower-permission: jar-mount-driver-role (may no longer) may s3:ListBucket",
        "new-pods: spark-jars-team-a.jars-pod and spark-jars-team-b.jars-pod as it is now",
        knob="jarBucket.prefix",
        source="github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md",
    ),
    "another bucket": Row(
        "jarBucket.name=other-jars",
        "loses-data: bucket spark-dev-jars-111122223333-us-west-2 is deleted with every object",
        "jobs-affected: what they read from bucket spark-dev-jars-111122223333-us-west-2",
        CLAIMS,
        "wider-permission: role jar-mount-driver-role (may now) may s3:ListBucket on "
        "arn:aws:s3:::other-jars",
        "narrower-permission: role jar-mount-driver-role (may no longer)",
        source="docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html",
    ),
    "another bucket where it is protected": Row(
        "jarBucket.name=other-jars",
        "fails: Pulumi protects jars-bucket (aws:s3:Bucket) and does not replace it",
        NO_EXECUTORS,
        "claims-wait: analytics/spark-jars and ingest/spark-jars",
        "restarts: restarts Deployment analytics and ingest",
        "wider-permission: role jar-mount-driver-role",
        "wider-permission: role spark-history-analytics-role",
        "wider-permission: role spark-history-ingest-role",
        "narrower-permission: role jar-mount-driver-role",
        "narrower-permission: role spark-history-analytics-role",
        "narrower-permission: role spark-history-ingest-role",
        stack="prod",
        source="www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    ),
    "a destroy takes the JARs, too": Row(
        (),
        "guard: a destroy would delete the objects of bucket spark-dev-jars",
        before="jarBucket.forceDestroy=false",
        source="www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/",
    ),
    "the pods' cache": Row(
        "jarMount.cacheMiB=20480",
        NO_EXECUTORS,
        CLAIMS,
        knob="jarMount.cacheMiB",
        source="kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection",
    ),
    "JARs mounted on nodes": Row(
        NODE,
        *drifts("template.metadata.labels, template.spec.startupTaints and spec.userData", True)[
            :2
        ],
        NO_EXECUTORS,
        CLAIMS,
        "restarts: none of the pods of aws-mountpoint-s3-csi-driver runs from now on",
        "removes: removes add-on aws-mountpoint-s3-csi-driver",
        "wider-permission: role karpenter-default-node-role (may now) may s3:ListBucket",
        "wider-permission: role karpenter-drivers-node-role (may now) may s3:ListBucket",
        "narrower-permission: role jar-mount-driver-role (deleted)",
        source="kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection",
    ),
    "memory of the nodes' mount": Row(
        (*NODE, "jarMount.node={memoryMiB: 2048}"),
        *drifts("spec.userData", True),
        before=NODE,
        source="karpenter.sh/docs/concepts/nodeclasses/#specuserdata",
    ),
    "how often the DaemonSet looks": Row(
        (*DAEMONSET, "jarMount.daemonset={checkSeconds: 30}"),
        "restarts: restarts DaemonSet spark-jars on every node, 10% at a time",
        before=DAEMONSET,
        source="kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/",
    ),
    "settings of the mount that a DaemonSet keeps": Row(
        (*DAEMONSET, "jarMount.node={memoryMiB: 2048}"),
        "restarts: restarts DaemonSet spark-jars on every node, 10% at a time",
        before=DAEMONSET,
        source="kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/",
    ),
    "the DaemonSet selects other nodes": Row(
        "jarMount.daemonset.nodeSelector={workload: batch}",
        "jobs-affected: on nodes that the DaemonSet no longer selects, jobs read no JARs once the "
        "mount fails",
        "restarts: restarts DaemonSet spark-jars on every node, 10% at a time",
        "guard: spark-jars selects other nodes: one that it leaves keeps the mount and its label",
        stack="existing",
        source="kubernetes.io/docs/concepts/workloads/controllers/daemonset/#running-pods-on-select-nodes",
    ),
    "another role of existing nodes": Row(
        "jarMount.daemonset.nodeRoles=[other-nodes]",
        "jobs-affected: reads of JARs on nodes of role analytics-spark-nodes fail from now on",
        "wider-permission: role other-nodes (new)",
        "narrower-permission: role analytics-spark-nodes (deleted)",
        stack="existing",
        source="docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html",
    ),
    "one role of existing nodes more": Row(
        "jarMount.daemonset.nodeRoles=[analytics-spark-nodes, other-nodes]",
        "wider-permission: role other-nodes (new)",
        stack="existing",
        source="docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
    ),
    "another identity provider of an existing cluster": Row(
        "cluster.oidcProviderArn='arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2."
        "amazonaws.com/id/OTHER'",
        "jobs-affected: jobs of team team-a fail at the next request that role "
        "team-team-a-access-role may no longer make",
        "wider-permission: role team-team-a-access-role (may now)",
        "narrower-permission: role team-team-a-access-role (may no longer)",
        stack="existing",
        source="docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
    ),
    "people may no longer submit": Row(
        "spark.teams=[{name: team-a}]",
        "narrower-permission: Group people (deleted)",
        before="spark.teams=[{name: team-a, submitters: [{group: people}]}]",
        source="kubernetes.io/docs/reference/access-authn-authz/rbac/",
    ),
    "an orchestrator may no longer submit": Row(
        "spark.teams=[{name: team-a}]",
        "narrower-permission: ServiceAccount airflow/worker (deleted)",
        before="spark.teams=[{name: team-a, submitters: [{namespace: airflow, serviceAccount: "
        "worker}]}]",
        source="kubernetes.io/docs/reference/access-authn-authz/rbac/",
    ),
    "no image cache any more": Row(
        (),
        "jobs-affected: a new executor whose image has the cache's name starts only if the cache "
        "has pulled it",
        "jobs-unknown: what these 2 changes do to jobs that run is not known: karpenter-release: "
        "values.controller.image and spark-operator-release: values.image",
        "restarts: restarts the controller of Helm release karpenter",
        "restarts: restarts the controller of Helm release spark-operator",
        "restarts: restarts Deployment analytics and ingest",
        "removes: removes the image cache spark-prod/docker",
        *(
            f"narrower-permission: role {role}-node-role (may no longer)"
            for role in ("karpenter-default", "karpenter-drivers", "karpenter-memory", "system")
        ),
        before=CACHE,
        stack="prod",
        source="docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html",
    ),
    "a team more": Row(
        TEAMS,
        OPERATOR,
        "wider-permission: ServiceAccount team-c/spark-driver (new) may create, delete",
        "wider-permission: role team-team-c-access-role (new)",
        before=team(),
        source="www.kubeflow.org/docs/components/spark-operator/user-guide/running-multiple-instances-of-the-operator/",
    ),
    "a team less": Row(
        team(),
        "ends-jobs: deletes namespace team-c with everything in it",
        "jobs-affected: all pods in namespace team-c end",
        OPERATOR,
        "narrower-permission: ServiceAccount team-c/spark-driver (deleted)",
        "narrower-permission: role team-team-c-access-role (deleted)",
        before=TEAMS,
        source="kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/",
    ),
    "a team's quota": Row(
        team(quota="{cpu: 500}"),
        "quota: quota team-a/drivers changes: pods that run stay, new ones are refused above it "
        "requests.cpu: 32 -> 250",
        "quota: quota team-a/team changes: pods that run stay, new ones are refused above it "
        "requests.cpu: 64 -> 500",
        before=team(),
        source="kubernetes.io/docs/concepts/policy/resource-quotas/",
    ),
    "a team's way to a database": Row(
        team(egress="[{cidr: 10.20.0.0/24, ports: [5432]}]"),
        "wider-permission: network of namespace team-a (may now) pods with spark-role In "
        "driver|executor may send to 10.20.0.0/24, TCP 5432",
        before=team(),
        source="kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
    "drivers that a team may have": Row(
        team(quota="{drivers: {pods: 4}}"),
        "quota: quota team-a/drivers changes: pods that run stay, new ones are refused above it "
        "pods: 50 -> 4",
        before=team(),
        source="kubernetes.io/docs/concepts/policy/resource-quotas/#resource-quota-per-priorityclass",
    ),
    "a door for a proxy": Row(
        team(clients="[{namespace: proxy}]"),
        "wider-permission: network of namespace team-a (may now) pods with spark-role In "
        "driver|executor may receive from all pods in namespaces with "
        "kubernetes.io/metadata.name=proxy, TCP 4040",
        before=team(),
        source="kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
    "people who submit": Row(
        team(submitters="[{group: people}]"),
        "wider-permission: Group people (new) may get on pods in team-a, pods/log in team-a",
        before=team(),
        source="kubernetes.io/docs/reference/access-authn-authz/rbac/",
    ),
    "a catalog that a team may write": Row(
        team(rights="{glue: [{database: sales, access: readWrite}]}"),
        "wider-permission: role team-team-a-access-role (may now) may glue:BatchCreatePartition",
        before=team(),
        source="docs.aws.amazon.com/glue/latest/dg/fine-grained-access-control.html",
    ),
    "data that a team may write": Row(
        team(buckets="[{name: data, prefix: 'x/', access: readWrite}]"),
        "wider-permission: role team-team-a-access-role (may now) may s3:ListBucket on "
        "arn:aws:s3:::data when s3:prefix StringLike x/*",
        before=team(),
        source="docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    ),
    "data that a team may no longer write": Row(
        team(buckets="[{name: data, prefix: 'x/', access: read}]"),
        "jobs-affected: jobs of team team-a fail at the next request that role "
        "team-team-a-access-role may no longer make",
        "narrower-permission: role team-team-a-access-role (may no longer)",
        before=team(buckets="[{name: data, prefix: 'x/', access: readWrite}]"),
        source="docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
    ),
    "a smaller quota of a team": Row(
        team(quota="{cpu: 40}"),
        "jobs-affected: a job of team-a that runs gets no executor above the new quota",
        "quota: quota team-a/drivers changes",
        "quota: quota team-a/team changes",
        before=team(quota="{cpu: 64}"),
        source="kubernetes.io/docs/concepts/policy/resource-quotas/",
    ),
    "a team's way to a database that closes": Row(
        team(),
        "jobs-affected: pods of namespace team-a: connections that are no longer allowed fail",
        "narrower-permission: network of namespace team-a",
        before=team(egress="[{cidr: 10.20.0.0/24, ports: [5432]}]"),
        source="kubernetes.io/docs/concepts/services-networking/network-policies/",
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
        "quota: the queue of team team-a is root.team-a, not none",
        "quota: the queue of team team-b is root.team-b, not none",
        "quota: quota team-a/team changes",
        "quota: quota team-b/team changes",
        source="kubernetes.io/docs/concepts/security/pod-security-admission/",
    ),
    "no YuniKorn": Row(
        (),
        "jobs-affected: new executors wait: their scheduler is gone",
        "jobs-unknown: spark-operator-release: values.controller.batchScheduler",
        OPERATOR,
        "restarts: none of the pods of yunikorn runs from now on",
        "removes: deletes namespace yunikorn with everything in it, which no team has",
        "removes: removes Helm release yunikorn",
        "guard: ValidatingAdmissionPolicy spark-restricted is deleted",
        "guard: ValidatingAdmissionPolicyBinding spark-restricted is deleted",
        "guard: ValidatingAdmissionPolicy team-pods denies other requests than before",
        "guard: namespace team-a admits restricted pods, not baseline ones: stricter",
        "guard: namespace team-b admits restricted pods, not baseline ones: stricter",
        "quota: the queue of team team-a is none, not root.team-a",
        "quota: the queue of team team-b is none, not root.team-b",
        "quota: quota team-a/drivers is new",
        "quota: quota team-a/team changes",
        "quota: quota team-b/drivers is new",
        "quota: quota team-b/team changes",
        before="spark.yunikorn.enabled=true",
        source="kubernetes.io/docs/concepts/security/pod-security-admission/",
    ),
    "a History Server's memory": Row(
        "spark.historyServer={enabled: true, release: '2026-11-01', memoryMiB: 4096}",
        "restarts: restarts Deployment team-a and team-b",
        before="spark.historyServer={enabled: true, release: '2026-11-01'}",
        source="kubernetes.io/docs/concepts/workloads/controllers/deployment/",
    ),
    "the operator's replicas": Row(
        "spark.operator.replicas=3",
        OPERATOR,
        source="kubernetes.io/docs/concepts/workloads/controllers/deployment/",
    ),
}
