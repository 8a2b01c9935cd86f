"""What a stack needs to work at all: add-ons of the cluster, claims and priorities of teams, and
what a resource refers to."""

from collections.abc import Iterator

from components.names import (
    DRIVER_PRIORITY,
    EVENT_LOGS_ANNOTATION,
    EXECUTOR_PRIORITY,
    JARS_CLAIM,
    MAX_EXECUTORS_ANNOTATION,
)
from ops.plan.graph import PROVIDER, references
from ops.plan.iam_roles import attachments
from ops.plan.model import Plan
from ops.plan.nodes import node_sets
from ops.plan.packages import packages
from ops.plan.values import UNKNOWN, at, mapping
from ops.plan.workloads import in_namespace, pods, team_namespaces
from ops.rules.catalog.cluster import clusters
from ops.rules.catalog.roles import roles_of_packages
from ops.rules.rule import Violation, rule

_ADDONS = {
    "vpc-cni": "pods get no address",
    "kube-proxy": "no Service is reachable",
    "coredns": "no name resolves",
}
_OWN_PRIORITIES = ("system-cluster-critical", "system-node-critical")


@rule(
    reason="An engine creates a resource with what others return: without them it stops half-way.",
    source="https://www.pulumi.com/docs/iac/concepts/resources/options/dependson/",
    offline_only=True,
)
def references_exist(plan: Plan) -> Iterator[Violation]:
    """All resources that another one takes an input from, or depends on, are in the plan."""
    for one in plan.resources:
        gone = {ref.urn: ref.input for ref in references(one) if plan.get(ref.urn) is None}
        gone |= {
            urn: "dependsOn"
            for urn in one.options.dependencies
            if urn not in gone and plan.get(urn) is None
        }
        for urn, key in gone.items():
            name = urn.rpartition("::")[2]
            what = "its provider" if key == PROVIDER else key
            yield Violation(one, f"{key} {name}", f"needs {name} for {what}, which is not there")


@rule(
    reason="A cluster without the add-ons that EKS installs by default runs no pod.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html",
)
def cluster_addons(plan: Plan) -> Iterator[Violation]:
    """A cluster with nodes of the stack has the add-ons for addresses, Services and names."""
    present = {package.name for package in packages(plan)}
    for one in clusters(plan) if node_sets(plan) else ():
        for name, without in _ADDONS.items():
            if name not in present:
                yield Violation(one, name, f"has no add-on {name}: {without}")


@rule(
    reason="A pod waits for a claim that is not bound, and a job that claims no JARs finds none.",
    source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume",
)
def claims_bound(plan: Plan) -> Iterator[Violation]:
    """Each team has the claim on JARs, and a volume reserved for a claim and the claim name each
    other."""
    for namespace in team_namespaces(plan):
        claims = in_namespace(plan, "PersistentVolumeClaim", namespace.object_name)
        if not any(one.object_name == JARS_CLAIM for one in claims):
            yield Violation(namespace, JARS_CLAIM, f"has no claim {JARS_CLAIM}")
        for one in claims:
            name = at(one.inputs, "spec.volumeName")
            volumes = {volume.object_name: volume for volume in plan.of_kind("PersistentVolume")}
            if name in (None, "", UNKNOWN):
                continue
            if name not in volumes:
                yield Violation(one, "volume", f"waits for volume {name}, which is not there")
                continue
            reserved = mapping(volumes[name].inputs, "spec.claimRef")
            wanted = (namespace.object_name, one.object_name)
            if reserved and (reserved.get("namespace"), reserved.get("name")) != wanted:
                yield Violation(one, "volume", f"waits for volume {name} of another claim")


@rule(
    reason="The API server refuses a pod of a priority class that does not exist, and the operator "
    "an application without a limit of executors.",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
)
def teams_can_run(plan: Plan) -> Iterator[Violation]:
    """Priority classes that pods name exist, with a value; each team has a limit of executors and
    is watched by the operator."""
    classes = {one.object_name for one in plan.of_kind("PriorityClass") if "value" in one.inputs}
    teams = team_namespaces(plan)
    wanted = {
        str(name)
        for pod in pods(plan)
        if (name := pod.spec.get("priorityClassName")) and name not in _OWN_PRIORITIES
    }
    for name in sorted(wanted | ({DRIVER_PRIORITY, EXECUTOR_PRIORITY} if teams else set())):
        if name not in classes:
            yield Violation(None, name, f"has no priority class {name} with a value")
    operators = [one for one in packages(plan) if "spark-jobs" in one.provides]
    for namespace in teams:
        name = namespace.object_name
        if MAX_EXECUTORS_ANNOTATION not in mapping(namespace.inputs, "metadata.annotations"):
            yield Violation(namespace, "executors", "has no limit of executors of a job")
        if not operators:
            yield Violation(namespace, "operator", "has no Spark operator for its jobs")
        for package in operators:
            known = package.values != UNKNOWN
            if known and name not in (package.at("spark.jobNamespaces") or ()):
                yield Violation(package.resource, name, f"does not watch team {name}")


@rule(
    reason="A mount without its sentinel counts as broken, and Spark does not start a job whose "
    "folder of event logs does not exist.",
    source="https://spark.apache.org/docs/latest/configuration.html#spark-ui",
)
def folders_exist(plan: Plan) -> Iterator[Violation]:
    """Each bucket of JARs of the stack has its sentinel, each team with event logs its folder."""
    made = plan.by_type("aws:s3/bucketObjectv2:BucketObjectv2")
    buckets = plan.by_type("aws:s3/bucket:Bucket")
    for one in plan.by_type("spark-on-eks:jars:JarBucket"):
        if not any(object_.parent == one.urn for object_ in made):
            yield Violation(one, "sentinel", "has no sentinel object")
    for namespace in team_namespaces(plan):
        logs = mapping(namespace.inputs, "metadata.annotations").get(EVENT_LOGS_ANNOTATION)
        bucket, _, key = str(logs or "").removeprefix("s3a://").partition("/")
        own = any(one.inputs.get("bucket") == bucket for one in buckets)
        here = any(
            (one.inputs.get("bucket"), one.inputs.get("key")) == (bucket, key) for one in made
        )
        if own and not here:
            yield Violation(namespace, "event logs", f"has no folder {logs}")


@rule(
    reason="A role without a policy may do nothing: its controller fails at its first call.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html",
)
def policies_attached(plan: Plan) -> Iterator[Violation]:
    """Roles of charts and add-ons have a policy, and every policy of the stack is attached."""
    for package, role in roles_of_packages(plan):
        if not attachments(plan, role):
            yield Violation(role, "policies", f"has no policy: {package.name} may do nothing")
    attached = {
        ref.urn
        for one in plan.by_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        for ref in references(one)
        if ref.input == "policyArn"
    }
    for one in plan.by_type("aws:iam/policy:Policy"):
        if one.urn not in attached:
            yield Violation(one, "attachment", "is attached to no role")
