"""Attempts with pods: another node, another team's pool, another priority, out of the container."""

from collections.abc import Iterator
from typing import Any

from tests.tiers.cluster.api import Object
from tests.tiers.cluster.scheduling import driver, executor
from tests.tiers.operator.attempts import Attempt, Guard, Who, trial

NODE_NAME = "spec.nodeName must not be set"
TOLERATIONS = "tolerations must be for the team's pools only"
PRIORITY = "the priority is above the one of the pod's role"
DRIVERS = "a team's pods cannot create drivers"
CSI = "volumes must not be inline CSI volumes"
JVM = "variables of the JVM in a driver must not set"
ENV_FROM = "envFrom in a driver needs a prefix"
RESTRICTED = 'violates PodSecurity "restricted'
POOL = "spark-on-eks/pool"


def attempts(namespace: str, pool: str) -> Iterator[Attempt]:
    """Every attempt of a team whose executors run on this pool and drivers on `drivers`."""
    ours = executor("attempt", namespace, pool)
    theirs = driver("attempt", namespace, "drivers")
    yield Attempt("an executor by its driver", "spark-driver", "create", ours)
    yield Attempt("a driver by a person", "person", "create", theirs)
    for name, change, says in _of_executors(pool):
        yield from _twice(name, ours, change, "policy", says)
    for name, change, says in _of_drivers():
        yield Attempt(
            name, "person", "create", _with(theirs, change), "policy" if says else "", says
        )
    yield Attempt("a driver by a driver", "spark-driver", "create", theirs, "policy", DRIVERS)
    for name, change in _UNSAFE.items():
        yield from _twice(name, ours, change, "pod security", RESTRICTED)
    for name, change in _TOO_MUCH.items():
        yield from _twice(name, ours, change, "quota", "exceeded quota: team")
    yield Attempt(
        "a pod by an executor", "spark-executor", "create", ours, "RBAC", "cannot create resource"
    )
    other = {**ours, "metadata": {**ours["metadata"], "namespace": "kube-system"}}
    for who in ("person", "spark-driver"):
        yield Attempt(
            f"a pod in kube-system by {who}", who, "create", other, "RBAC", "cannot create"
        )


def _of_executors(pool: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "a node by its name", {"nodeName": "system"}, NODE_NAME
    for name, toleration in {
        "every taint": {"operator": "Exists"},
        "every pool": {"key": POOL, "operator": "Exists"},
        "another pool": {"key": POOL, "value": "elsewhere"},
        "the drivers' pool": {"key": POOL, "value": "drivers"},
        "the system nodes": {"key": "CriticalAddonsOnly", "operator": "Exists"},
        "nodes without the mount": {"key": "s3.csi.aws.com/agent-not-ready", "operator": "Exists"},
        "cordoned nodes": {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"},
        "nodes that Karpenter drains": {"key": "karpenter.sh/disrupted", "operator": "Exists"},
    }.items():
        yield f"tolerates {name}", {"tolerations": [toleration]}, TOLERATIONS
    disguise = {"limits": {"memory": "20Gi", POOL: "0"}, "requests": {"cpu": "1", POOL: "0"}}
    every = [{"key": POOL, "operator": "Exists"}]
    yield "tolerates a resource", {"tolerations": every, "resources": disguise}, TOLERATIONS
    gpu = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    yield "tolerates a device", {"tolerations": gpu}, ""
    yield "tolerates its own pool", {"tolerations": [{"key": POOL, "value": pool}]}, ""
    yield "tolerates nothing", {"tolerations": []}, ""
    yield "a driver's priority", {"priorityClassName": "spark-driver"}, PRIORITY
    yield "an executor's priority", {"priorityClassName": "spark-executor"}, ""
    yield "a priority of the cluster", {"priorityClassName": trial.URGENT}, PRIORITY
    volume = {"name": "jars", "csi": {"driver": "s3.csi.aws.com"}}
    yield "an inline CSI volume", {"volumes": [volume]}, CSI


def _of_drivers() -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "a driver on its pool", {}, ""
    yield "a driver's own priority", {"priorityClassName": "spark-driver"}, ""
    yield "a driver above its priority", {"priorityClassName": trial.URGENT}, PRIORITY
    yield "a driver on the system nodes", {"tolerations": [{"operator": "Exists"}]}, TOLERATIONS
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS"):
        env = {"name": name, "value": "-Dspark.executor.instances=500"}
        yield f"{name} with a key of Spark", {"env": [env]}, JVM
    parts = [{"name": "P", "value": "spark."}, {"name": "_JAVA_OPTIONS", "value": "-D$(P)a=b"}]
    yield "JVM options from another variable", {"env": parts}, JVM
    plain = {"name": "JAVA_TOOL_OPTIONS", "value": "-XX:+UseG1GC"}
    yield "plain JVM options", {"env": [plain]}, ""
    reference = {"secretKeyRef": {"name": "s", "key": "k"}}
    hidden = {"name": "JAVA_TOOL_OPTIONS", "valueFrom": reference}
    yield "JVM options from a Secret", {"env": [hidden]}, JVM
    yield "a password from a Secret", {"env": [{"name": "PASSWORD", "valueFrom": reference}]}, ""
    source = {"configMapRef": {"name": "c"}}
    yield "all variables of a ConfigMap", {"envFrom": [source]}, ENV_FROM
    yield "variables behind JAVA_", {"envFrom": [{"prefix": "JAVA_", **source}]}, ENV_FROM
    yield "variables behind DB_", {"envFrom": [{"prefix": "DB_", **source}]}, ""


_UNSAFE: dict[str, dict[str, Any]] = {
    "a privileged container": {"securityContext": {"privileged": True}},
    "a folder of the node": {"volumes": [{"name": "jars", "hostPath": {"path": "/"}}]},
    "the folder of the JARs": {
        "volumes": [{"name": "jars", "hostPath": {"path": "/mnt/spark-jars"}}]
    },
    "an NFS share": {"volumes": [{"name": "jars", "nfs": {"server": "10.0.0.1", "path": "/"}}]},
    "the node's network": {"hostNetwork": True},
    "the node's processes": {"hostPID": True},
    "the node's memory": {"hostIPC": True},
    "root": {"securityContext": {"runAsUser": 0}},
    "a capability": {
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]},
        }
    },
    "a port of the node": {"ports": [{"containerPort": 80, "hostPort": 80}]},
    "no seccomp": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
}

_TOO_MUCH: dict[str, dict[str, Any]] = {
    "too many processors": {
        "resources": {"requests": {"cpu": "2000"}, "limits": {"memory": "1Gi"}}
    },
    "too much memory": {"resources": {"limits": {"memory": "20000Gi"}}},
}
_OF_CONTAINER = ("env", "envFrom", "ports", "resources", "securityContext", "volumeMounts")


def _twice(
    name: str, pod: Object, change: dict[str, Any], guard: Guard, says: str
) -> Iterator[Attempt]:
    """By the driver, whose account makes executors, and by a person."""
    who: Who
    for who in ("spark-driver", "person"):
        refused: tuple[Guard, str] = (guard, says) if says else ("", "")
        yield Attempt(f"{name} by {who}", who, "create", _with(pod, change), *refused)


def _with(pod: Object, change: dict[str, Any]) -> Object:
    (container,) = pod["spec"]["containers"]
    spec = {key: value for key, value in change.items() if key not in _OF_CONTAINER}
    inside = {key: value for key, value in change.items() if key in _OF_CONTAINER}
    return {**pod, "spec": {**pod["spec"], **spec, "containers": [{**container, **inside}]}}
