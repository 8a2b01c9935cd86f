"""Nodes like Karpenter's and pods like Spark's, for the real scheduler."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.names import CLAIM, POOL_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.objects import clear, of_kind

NO_TAINT = "plain"
"""Pool of the node without taints."""
SYSTEM = "system"


def nodes_of(objects: Sequence[Object], startup_taints: bool) -> list[Object]:
    """One node of each NodePool among the manifests, with its labels and taints.

    `startup_taints`: as the node joins, before the mount's pod removes its taint.
    """
    nodes = [_node_of(pool, startup_taints) for pool in of_kind(objects, "NodePool")]
    addons = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}
    system = node(SYSTEM, {POOL_LABEL: SYSTEM}, [addons])
    return [*nodes, system, node(NO_TAINT, {}, [])]


def node(name: str, labels: Mapping[str, str], taints: Sequence[Object]) -> Object:
    """An empty Linux node with 8 vCPU and 64 GiB that is ready."""
    room = {"cpu": "8", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/os": "linux", "kubernetes.io/hostname": name, **labels},
        },
        "spec": {"taints": list(taints)},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


@contextmanager
def joined(api: Api, nodes: Sequence[Object]) -> Iterator[None]:
    """Creates the nodes, and deletes them after the block."""
    try:
        for one in nodes:
            api.create(one)
        yield
    finally:
        clear(api, nodes)
        # What a DaemonSet put on the nodes: no kubelet ends it, and the server waits.
        names = {one["metadata"]["name"] for one in nodes}
        pods = [one for one in api.items("Pod") if one["spec"].get("nodeName") in names]
        clear(api, [{**one, "kind": "Pod"} for one in pods])


def driver(name: str, namespace: str, pool: str, **changes: Any) -> Object:
    """A Spark driver that runs on a pool of drivers and claims the JARs."""
    return _spark_pod(name, namespace, pool, "driver", {"cpu": "1", "memory": "4Gi"}, changes)


def executor(name: str, namespace: str, pool: str, **changes: Any) -> Object:
    """A Spark executor that runs on a pool and claims the JARs."""
    return _spark_pod(name, namespace, pool, "executor", {"cpu": "3", "memory": "20Gi"}, changes)


@contextmanager
def running(api: Api, pods: Sequence[Object]) -> Iterator[None]:
    """Creates the pods, and deletes them after the block."""
    try:
        for one in pods:
            account = {"name": "default", "namespace": one["metadata"]["namespace"]}
            api.wait({"kind": "ServiceAccount", "metadata": account}, bool, "there")
            api.create(one)
        yield
    finally:
        clear(api, pods)


def node_of_pod(api: Api, pod: Object) -> str:
    """The node that the scheduler selected. Raises TimeoutError if it selects none."""
    live = api.wait(pod, lambda one: one["spec"].get("nodeName"), "bound to a node")
    return live["spec"]["nodeName"]


def nodes_with_pods(api: Api, namespace: str) -> set[str]:
    """Nodes that pods of a namespace are bound to."""
    nodes = (one["spec"].get("nodeName", "") for one in api.items("Pod", namespace))
    return {name for name in nodes if name}


def why_pending(api: Api, pod: Object) -> str:
    """The scheduler's reason why the pod is pending. Raises TimeoutError without one."""
    live = api.wait(pod, verdict, "judged by the scheduler")
    if live["spec"].get("nodeName"):
        raise AssertionError(f"{pod['metadata']['name']} runs on {live['spec']['nodeName']}")
    return verdict(live)


def verdict(pod: Object) -> str:
    """What the scheduler says of a pod; empty while it says nothing."""
    for condition in pod["status"].get("conditions", []):
        if condition["type"] == "PodScheduled":
            return condition.get("message") or condition["status"]
    return ""


def _node_of(pool: Object, startup_taints: bool) -> Object:
    template = pool["spec"]["template"]
    spec = template["spec"]
    single = {
        one["key"]: one["values"][0] for one in spec["requirements"] if one["operator"] == "In"
    }
    name = pool["metadata"]["name"]
    labels = {**single, **template["metadata"]["labels"], "karpenter.sh/nodepool": name}
    taints = [*spec["taints"], *(spec.get("startupTaints", []) if startup_taints else [])]
    return node(name, labels, taints)


def _spark_pod(
    name: str,
    namespace: str,
    pool: str,
    role: str,
    requests: Mapping[str, str],
    changes: Mapping[str, Any],
) -> Object:
    """Fit for a namespace of pod security `restricted`; `changes` replaces parts of its spec."""
    # Spark sets the memory's limit to the request.
    memory = {"memory": requests["memory"]}
    toleration = {"key": POOL_LABEL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"spark-role": role}},
        "spec": {
            "nodeSelector": {POOL_LABEL: pool},
            "tolerations": [toleration],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 185,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "spark",
                    "image": "spark",
                    "resources": {"requests": dict(requests), "limits": memory},
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [{"name": "jars", "mountPath": "/mnt/s3", "readOnly": True}],
                }
            ],
            "volumes": [{"name": "jars", "persistentVolumeClaim": {"claimName": CLAIM}}],
            **changes,
        },
    }
