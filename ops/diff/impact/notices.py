"""Who notices a right that is lost: which requests fail, of whom, and when."""

from collections.abc import Iterable, Sequence

from ops.diff.impact.cluster_grants import NETWORK
from ops.plan.iam_grants import Grant
from ops.plan.model import Plan
from ops.plan.packages import RELEASE
from ops.plan.workloads import namespace_of, team_namespaces

_AT_THE_NEXT = "jobs of team {team} fail at the next request that {holder} may no longer make"
_COMPONENTS = {
    "spark-on-eks:spark:TeamAccess": _AT_THE_NEXT,
    "spark-on-eks:mounts:PodLevel": "reads of JARs that {holder} may no longer make fail from now "
    "on",
    "spark-on-eks:mounts:NodeDaemonSet": "reads of JARs on nodes of {holder} fail from now on",
    "spark-on-eks:karpenter:Controller": "new executors wait where the autoscaler needs what "
    "{holder} may no longer do",
    "spark-on-eks:autoscaler:Controller": "new executors wait where the autoscaler needs what "
    "{holder} may no longer do",
    "spark-on-eks:addons:NodeAddons": "new pods get no address where the VPC CNI needs what "
    "{holder} may no longer do",
    "spark-on-eks:addons:ClusterAddons": "new executors with a volume of their own wait: {holder} "
    "may no longer make or attach one",
}
"""Component of a role to what jobs notice of a right that it loses."""
_MONITORING = "spark-on-eks:monitoring:"
_NODE_ROLE = "spark-on-eks:identity:NodeRole"
_OF_NODES = {
    "AmazonEKSWorkerNodePolicy": "new nodes of {holder} do not join: new executors wait",
    "AmazonEC2ContainerRegistry": "nodes of {holder} pull no image from ECR: new pods do not start",
    "ecr:BatchImportUpstreamImage": "nodes of {holder} fill no image cache: new pods with an image "
    "that it lacks do not start",
    "AmazonEKS_CNI": "pods that start on nodes of {holder} get no address",
    "s3:": "reads of JARs on nodes of {holder} fail from now on",
    "kms:": "reads of JARs on nodes of {holder} fail from now on",
}
"""Part of an action to what is noticed when nodes lose it."""
_RESOURCES = {
    "bucket ": "requests to {holder} that its policy no longer allows are denied",
    "KMS key ": "requests that need {holder} and that its policy no longer allows fail",
    "queue ": "messages to {holder} may be refused: executors on Spot nodes end without the notice",
}
"""Holder of a policy of a resource to who notices."""


def notice(holder: str, grants: Iterable[Grant], plan: Plan) -> str:
    """Returns what running jobs notice when a holder, which stays, loses grants; empty where that
    is not known."""
    lost = list(grants)
    if holder.startswith(NETWORK):
        namespace = holder.removeprefix(f"{NETWORK} ")
        return (
            f"pods of namespace {namespace}: connections that are no longer allowed fail, new ones "
            "at once"
        )
    for start, text in _RESOURCES.items():
        if holder.startswith(start):
            return text.format(holder=holder)
    teams = {one.object_name for one in team_namespaces(plan)}
    team = holder.removeprefix("ServiceAccount ").partition("/")[0]
    if holder.startswith("ServiceAccount ") and team in teams:
        return _AT_THE_NEXT.format(team=team, holder=holder)
    return _of_role(holder, lost, plan)


def beside_jobs(holder: str, grants: Iterable[Grant], plan: Plan) -> bool:
    """Returns whether no job needs the grants of a holder: it is a part of monitoring, or one that
    submits jobs, which run on without it."""
    if holder.startswith("Group ") and not holder.startswith("Group system:"):
        # Service accounts are in groups of Kubernetes' own only:
        # kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens.
        return True
    if holder.startswith("ServiceAccount "):
        namespace = holder.removeprefix("ServiceAccount ").partition("/")[0]
        return namespace not in _own_namespaces(plan)
    return any(one.startswith(_MONITORING) for one in _components(list(grants), plan))


def _own_namespaces(plan: Plan) -> set[str]:
    """The namespaces where pods of the stack run."""
    releases = {str(one.inputs.get("namespace")) for one in plan.by_type(RELEASE)}
    accounts = {namespace_of(one) for one in plan.of_kind("ServiceAccount")}
    made = {one.object_name for one in plan.of_kind("Namespace")}
    return {"kube-system", "default"} | releases | accounts | made


def _of_role(holder: str, lost: Sequence[Grant], plan: Plan) -> str:
    types = _components(lost, plan)
    if _NODE_ROLE in types:
        found = [
            text for part, text in _OF_NODES.items() if any(part in one.action for one in lost)
        ]
        return "; ".join(dict.fromkeys(text.format(holder=holder) for text in found))
    team = holder.removeprefix("role team-").removesuffix("-access-role")
    for component, text in _COMPONENTS.items():
        if component in types:
            return text.format(team=team, holder=holder)
    return ""


def _components(lost: Sequence[Grant], plan: Plan) -> set[str]:
    sources = {one.source for one in lost if one.source}
    return {
        part
        for one in plan.resources
        if one.name in sources and one.type.startswith("aws:iam/")
        for part in one.urn.split("::")[2].split("$")
    }
