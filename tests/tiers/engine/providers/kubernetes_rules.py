"""What an API server with its controllers enforces, kind by kind."""

from collections.abc import Mapping

from . import eks_rules, karpenter
from .cloud import Cloud, Refused, Rule, Thing

CORE = "kubernetes:core/v1"
NAMESPACE = f"{CORE}:Namespace"
VOLUME = f"{CORE}:PersistentVolume"
BINDING = f"{CORE}:PersistentVolumePatch"
CLAIM = f"{CORE}:PersistentVolumeClaim"
POD = f"{CORE}:Pod"
CONFIG_MAP = f"{CORE}:ConfigMap"
ACCOUNT = f"{CORE}:ServiceAccount"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"

_HELM, _PENDING = "status of Helm", "pending"
"""In a release's state. Pending is a release whose installation or upgrade never ended: Helm wants
it to be uninstalled or rolled back first."""
_HELD_BY = "uid of the claim"
"""In a volume's state: it is bound to, or Released of, the claim with this uid."""
BUILT_IN_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
CLUSTER_SCOPED = {
    *("ClusterRole", "ClusterRoleBinding", "EC2NodeClass", "Namespace", "NodePool"),
    *("PersistentVolume", "PriorityClass", "StorageClass"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
}


_DEFINED_BY = {
    "karpenter.sh": karpenter.CRD_CHART,
    "karpenter.k8s.aws": karpenter.CRD_CHART,
    "monitoring.coreos.com": "prometheus-operator-crds",
    "autoscaling.k8s.io": "vertical-pod-autoscaler",
}
"""Chart with the definitions of an API group's kinds."""


def defined_by(token: str) -> str:
    """The chart whose definitions a kind needs; empty for kinds of Kubernetes itself."""
    return _DEFINED_BY.get(token.split(":")[1].partition("/")[0], "")


def create(cloud: Cloud, thing: Thing) -> None:
    """Puts an object in its cluster. Raises Refused where the API server or the wait would."""
    kind = thing.type.rsplit(":", 1)[-1]
    # A patch of an object that was made again is applied again.
    if thing.type != BINDING and cloud.get(thing.type, thing.id) is not None:
        if thing.type == karpenter.RELEASE:
            raise Refused("cannot re-use a name that is still in use")
        raise Refused(f'{kind} "{thing.id}" already exists')
    namespace = _namespace(thing)
    if namespace and namespace not in BUILT_IN_NAMESPACES and not cloud.get(NAMESPACE, namespace):
        raise Refused(f'namespaces "{namespace}" not found')
    watched = thing.type in karpenter.KINDS
    chart = defined_by(thing.type)
    if chart and not karpenter.release(cloud, thing.cluster, chart):
        raise Refused(f'no matches for kind "{kind}" in version "{thing.inputs["apiVersion"]}"')
    cloud.apply(_CREATE, thing)
    cloud.add(thing)
    if watched:
        karpenter.created(cloud, thing)
    if thing.type == CLAIM:
        _volume_of(cloud, thing).state.setdefault(_HELD_BY, uid_of(thing))


def update(cloud: Cloud, thing: Thing) -> None:
    """Changes an object in place. Raises Refused where the API server or Helm would."""
    before = cloud.get(thing.type, thing.id)
    if before is not None and before.state.get(_HELM) == _PENDING:
        raise Refused("another operation (install/upgrade/rollback) is in progress")
    if thing.type in (karpenter.RELEASE, DAEMON_SET, BINDING):
        _CREATE[thing.type](cloud, thing)
    cloud.add(thing)


def is_bound(cloud: Cloud, claim: Thing) -> bool:
    """Whether the claim's volume is for this claim, and not for one before it: it is Released
    then."""
    volume = cloud.get(VOLUME, str(claim.inputs["spec"]["volumeName"]))
    return volume is not None and volume.state[_HELD_BY] == uid_of(claim)


def uid_of(thing: Thing) -> str:
    """The uid of an object."""
    return str(thing.state["metadata"]["uid"])


def uninstall(cloud: Cloud, name: str) -> None:
    """`helm uninstall`."""
    for release in list(cloud.all(karpenter.RELEASE, name=name)):
        cloud.remove(release)


def roll_back(cloud: Cloud, name: str) -> None:
    """`helm rollback`, to the release before."""
    for release in cloud.all(karpenter.RELEASE, name=name):
        release.state[_HELM] = "deployed"


def delete(cloud: Cloud, thing: Thing) -> None:
    """Takes an object out. Raises Refused where its finalizers never end."""
    cloud.apply(_DELETE, thing)
    cloud.remove(thing)


def _namespace(thing: Thing) -> str:
    return thing.id.partition("/")[0] if "/" in thing.id else ""


def _volume_of(cloud: Cloud, claim: Thing) -> Thing:
    name = str(claim.inputs["spec"].get("volumeName"))
    volume = cloud.get(VOLUME, name)
    if volume is None:
        raise Refused(f"timed out: claim {claim.id} is Pending: no volume {name}")
    return volume


def _binding_create(cloud: Cloud, thing: Thing) -> None:
    volume = cloud.get(VOLUME, thing.id)
    if volume is None:
        raise Refused(f'persistentvolumes "{thing.id}" not found')
    volume.state[_HELD_BY] = thing.inputs["spec"]["claimRef"]["uid"]
    claims = [one for one in cloud.all(CLAIM) if one.inputs["spec"]["volumeName"] == thing.id]
    if not any(is_bound(cloud, one) for one in claims):
        raise Refused(f"timed out: volume {thing.id} is Released")


def _claim_create(cloud: Cloud, thing: Thing) -> None:
    volume = _volume_of(cloud, thing)
    wanted = {"namespace": _namespace(thing), "name": thing.id.partition("/")[2]}
    held = volume.inputs["spec"].get("claimRef") or wanted
    if {key: held[key] for key in wanted} != wanted:
        raise Refused(f"timed out: claim {thing.id} is Pending: its volume is for another claim")


def _claim_delete(cloud: Cloud, thing: Thing) -> None:
    name = thing.id.partition("/")[2]
    for pod in cloud.all(POD, claim=name):
        if _namespace(pod) == _namespace(thing):
            raise Refused(f"timed out: claim {thing.id} is used by pod {pod.id}")


def _volume_delete(cloud: Cloud, thing: Thing) -> None:
    for claim in cloud.all(CLAIM):
        if claim.inputs["spec"].get("volumeName") == thing.id:
            raise Refused(f"timed out: volume {thing.id} is bound to claim {claim.id}")


def _namespace_delete(cloud: Cloud, thing: Thing) -> None:
    for pod in cloud.all(POD):
        if _namespace(pod) == thing.id:
            raise Refused(f"timed out: namespace {thing.id} is Terminating: pod {pod.id}")
    for other in list(cloud.things.values()):
        if other.cluster and _namespace(other) == thing.id:
            cloud.remove(other)


def _daemon_set_create(cloud: Cloud, thing: Thing) -> None:
    spec = thing.inputs["spec"]
    pod, namespace = spec["template"]["spec"], _namespace(thing)
    account = pod.get("serviceAccountName", "default")
    if account != "default" and not cloud.get(ACCOUNT, f"{namespace}/{account}"):
        raise Refused(f"timed out: pods of {thing.id}: no service account {account}")
    for volume in pod.get("volumes") or []:
        name = (volume.get("configMap") or {}).get("name")
        if name and not cloud.get(CONFIG_MAP, f"{namespace}/{name}"):
            raise Refused(f"timed out: pods of {thing.id}: no ConfigMap {name}")


def _release_create(cloud: Cloud, thing: Thing) -> None:
    thing.state[_HELM] = _PENDING if cloud.killed else "deployed"
    if not eks_rules.has_nodes(cloud, thing.cluster):
        raise Refused(f"timed out waiting for the condition: release {thing.id} has no nodes")
    # The Spark operator's chart puts a Role into each namespace that it watches.
    values = thing.inputs.get("values") or {}
    for namespace in (values.get("spark") or {}).get("jobNamespaces", ()):
        if not cloud.get(NAMESPACE, namespace):
            raise Refused(f'release {thing.id}: namespaces "{namespace}" not found')
    if thing.text("chart").endswith(f"/{karpenter.CHART}"):
        wrong = karpenter.trouble(cloud, thing.cluster, thing)
        if wrong:
            raise Refused(f"timed out waiting for the condition: release {thing.id}: {wrong}")


def _release_delete(cloud: Cloud, thing: Thing) -> None:
    if thing.text("chart").endswith(f"/{karpenter.CRD_CHART}"):
        left = [one.id for kind in karpenter.KINDS for one in cloud.all(kind)]
        if left:
            raise Refused(f"timed out: the CRDs go when their objects are gone: {', '.join(left)}")


_CREATE: Mapping[str, Rule] = {
    BINDING: _binding_create,
    CLAIM: _claim_create,
    DAEMON_SET: _daemon_set_create,
    karpenter.RELEASE: _release_create,
}
_DELETE: Mapping[str, Rule] = {
    CLAIM: _claim_delete,
    VOLUME: _volume_delete,
    NAMESPACE: _namespace_delete,
    karpenter.RELEASE: _release_delete,
    **dict.fromkeys(karpenter.KINDS, karpenter.deleted),
}
