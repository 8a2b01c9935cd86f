"""The pods of an application, as spark-submit, Spark's Kubernetes backend and the operator's
webhook make them: what the API server and the scheduler judge.

Sources: the feature steps of Spark 4.0's resource-managers/kubernetes, and sparkpod_defaulter.go of
spark-operator 2.5.2.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from ops.jobs.spark_conf import LOCAL_DIR, BadValue, amount, boolean, in_volumes, size, whole
from ops.plan.quantity import MIB
from ops.plan.values import at, mapping, mappings

CONTAINERS = {"driver": "spark-kubernetes-driver", "executor": "spark-kubernetes-executor"}
_DEFAULT_MEMORY, _LEAST_OVERHEAD = 1024 * MIB, 384 * MIB
_FACTOR, _NON_JVM_FACTOR = 0.1, 0.4
_PORTS = {
    "driver": {"driver-rpc-port": 7078, "blockmanager": 7079, "spark-ui": 4040},
    "executor": {"blockmanager": 7079},
}
_COPIED = (
    *("priorityClassName", "affinity", "dnsConfig", "hostAliases", "shareProcessNamespace"),
    *("terminationGracePeriodSeconds", "hostNetwork"),
)
"""Fields of a role that the webhook sets on the pod as they are."""


def pod_of(
    role: str, name: str, namespace: str, spec: Mapping[str, Any], conf: Mapping[str, str]
) -> dict[str, Any]:
    """The pod of a role. Raises BadValue for a key that Spark cannot read."""
    fields = spec.get(role, {})
    template = template_of(fields)
    container = _container(role, spec, conf, template)
    labels = {
        **mapping(template, "metadata.labels"),
        **_prefixed(conf, f"spark.kubernetes.{role}.label."),
        "spark-role": role,
        "sparkoperator.k8s.io/app-name": name,
    }
    annotations = {
        **mapping(template, "metadata.annotations"),
        **_prefixed(conf, f"spark.kubernetes.{role}.annotation."),
    }
    others = mappings(at(template, "spec.containers"))
    own = _own(others, role)
    pod: dict[str, Any] = {
        **mapping(template, "spec"),
        "restartPolicy": "Never",
        "containers": [container, *(one for one in others if one is not own)],
        "serviceAccountName": _account(role, conf, template),
        "nodeSelector": {
            **mapping(template, "spec.nodeSelector"),
            **_prefixed(conf, "spark.kubernetes.node.selector."),
            **_prefixed(conf, f"spark.kubernetes.{role}.node.selector."),
        },
        "volumes": [*mappings(at(template, "spec.volumes")), *_volumes(role, conf)],
    }
    scheduler = conf.get(f"spark.kubernetes.{role}.scheduler.name") or conf.get(
        "spark.kubernetes.scheduler.name"
    )
    if scheduler:
        pod["schedulerName"] = scheduler
    _add_local_disks(role, pod, container, conf)
    _mutate(role, pod, container, spec)
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}


_LISTS = ("containers", "initContainers", "volumes", "tolerations")
_MAPPINGS = ("nodeSelector", "affinity", "securityContext")


def template_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The pod template of a role, without what has the wrong type."""
    template = mapping(fields.get("template"))
    spec = dict(mapping(template, "spec"))
    spec |= {key: mappings(spec[key]) for key in _LISTS if key in spec}
    spec |= {key: mapping(spec[key]) for key in _MAPPINGS if key in spec}
    return {**template, "spec": spec}


def _container(
    role: str, spec: Mapping[str, Any], conf: Mapping[str, str], template: Mapping[str, Any]
) -> dict[str, Any]:
    base = dict(_own(mappings(at(template, "spec.containers")), role))
    prefix = "spark.kubernetes.driverEnv." if role == "driver" else "spark.executorEnv."
    env: list[dict[str, Any]] = [
        {"name": key, "value": value} for key, value in _prefixed(conf, prefix).items()
    ]
    for key, value in _prefixed(conf, f"spark.kubernetes.{role}.secretKeyRef.").items():
        secret, _, of = value.partition(":")
        env.append({"name": key, "valueFrom": {"secretKeyRef": {"name": secret, "key": of}}})
    return {
        **base,
        "name": CONTAINERS[role],
        "image": conf.get(f"spark.kubernetes.{role}.container.image", ""),
        "env": [*mappings(base.get("env")), *env],
        "ports": [
            *mappings(base.get("ports")),
            *({"name": key, "containerPort": value} for key, value in _PORTS[role].items()),
        ],
        "resources": _resources(role, spec, conf, mapping(base.get("resources"))),
        "volumeMounts": [*mappings(base.get("volumeMounts")), *_mounts(role, conf)],
    }


def _own(containers: list[Mapping[str, Any]], role: str) -> Mapping[str, Any]:
    """Spark's container in a template: the one of its name, else the first."""
    named = [one for one in containers if one.get("name") == CONTAINERS[role]]
    return (named or containers or [{}])[0]


def _resources(
    role: str, spec: Mapping[str, Any], conf: Mapping[str, str], template: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Spark's own amounts take the place of a template's; all others of the template stay."""
    cores = whole(conf, f"spark.{role}.cores")
    cores = 1 if cores is None else cores
    cpu = amount(conf, f"spark.kubernetes.{role}.request.cores")
    limit = amount(conf, f"spark.kubernetes.{role}.limit.cores")
    total = memory_of(role, spec, conf)
    return {
        "requests": {
            **mapping(template, "requests"),
            "cpu": Fraction(cores) if cpu is None else cpu,
            "memory": total,
        },
        "limits": {
            **mapping(template, "limits"),
            "memory": total,
            **({} if limit is None else {"cpu": limit}),
            **_devices(role, conf),
        },
    }


def _devices(role: str, conf: Mapping[str, str]) -> dict[str, Fraction]:
    """Devices by keys: `spark.executor.resource.gpu.amount`, with their vendor."""
    prefix, found = f"spark.{role}.resource.", {}
    for key in conf:
        name, _, rest = key.removeprefix(prefix).partition(".")
        if key.startswith(prefix) and rest == "amount":
            vendor = conf.get(f"{prefix}{name}.vendor")
            if vendor is None:
                raise BadValue(f"{prefix}{name}.vendor", "is not set: spark-submit fails")
            found[f"{vendor}/{name}"] = Fraction(whole(conf, key) or 0)
    return found


def memory_of(role: str, spec: Mapping[str, Any], conf: Mapping[str, str]) -> Fraction:
    """Memory of Spark's container: heap, overhead, and of executors off-heap and Python memory."""
    heap = size(conf, f"spark.{role}.memory", _DEFAULT_MEMORY) or 0
    overhead = size(conf, f"spark.{role}.memoryOverhead")
    if overhead is None:
        least = size(conf, f"spark.{role}.minMemoryOverhead", _LEAST_OVERHEAD) or 0
        overhead = max(int(heap // MIB * _factor(role, spec, conf)) * MIB, least)
    more = 0
    if role == "executor":
        if boolean(conf, "spark.memory.offHeap.enabled"):
            more += size({"": conf.get("spark.memory.offHeap.size", "0b")}, "") or 0
        if spec.get("type") == "Python":
            more += size(conf, "spark.executor.pyspark.memory", 0) or 0
    # Spark asks for whole MiB.
    return Fraction(ceil((heap + overhead + more) / MIB) * MIB)


def _factor(role: str, spec: Mapping[str, Any], conf: Mapping[str, str]) -> float:
    keys = (f"spark.{role}.memoryOverheadFactor", "spark.kubernetes.memoryOverheadFactor")
    for key in keys:
        if key in conf:
            try:
                return float(conf[key])
            except ValueError as failure:
                raise BadValue(key, "is not a number such as 0.2") from failure
    return _NON_JVM_FACTOR if spec.get("type") in ("Python", "R") else _FACTOR


def _account(role: str, conf: Mapping[str, str], template: Mapping[str, Any]) -> str:
    own = mapping(template, "spec")
    given = own.get("serviceAccountName") or own.get("serviceAccount")
    driver = conf.get("spark.kubernetes.authenticate.driver.serviceAccountName")
    if role == "executor":
        # ExecutorKubernetesCredentialsFeatureStep: the last choice is the driver's account.
        executor = conf.get("spark.kubernetes.authenticate.executor.serviceAccountName")
        return str(given or executor or driver or "default")
    return str(driver or given or "default")


def _prefixed(conf: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): conf[key] for key in conf if key.startswith(prefix)}


def _volumes(role: str, conf: Mapping[str, str]) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = []
    for (kind, name), options in in_volumes(conf, role).items():
        source: dict[str, Any] = {
            key.removeprefix("options."): value
            for key, value in options.items()
            if key.startswith("options.")
        }
        volumes.append({"name": name, kind: source})
    return volumes


def _mounts(role: str, conf: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "mountPath": options.get("mount.path", "")}
        for (_, name), options in in_volumes(conf, role).items()
    ]


def _add_local_disks(
    role: str, pod: dict[str, Any], container: dict[str, Any], conf: Mapping[str, str]
) -> None:
    """LocalDirsFeatureStep: the mounted local disks, else an emptyDir for each folder."""
    mounts = container["volumeMounts"]
    if any(str(one.get("name")).startswith(LOCAL_DIR) for one in mounts):
        return
    given = conf.get("spark.local.dir", "")
    folders = [one.strip() for one in given.split(",") if one.strip()] or ["/var/data/spark"]
    medium = {"medium": "Memory"} if boolean(conf, "spark.kubernetes.local.dirs.tmpfs") else {}
    for number, folder in enumerate(folders, start=1):
        volume = f"{LOCAL_DIR}{number}"
        pod["volumes"].append({"name": volume, "emptyDir": dict(medium)})
        mounts.append({"name": volume, "mountPath": folder})


def _mutate(
    role: str, pod: dict[str, Any], container: dict[str, Any], spec: Mapping[str, Any]
) -> None:
    """What the operator's webhook adds."""
    fields = spec.get(role, {})
    container["env"] += fields.get("env", [])
    container["envFrom"] = fields.get("envFrom", [])
    volumes = {one["name"]: one for one in spec.get("volumes", [])}
    for mount in fields.get("volumeMounts", []):
        name = mount["name"]
        # A mount without its volume is dropped, without a message.
        if name.startswith(LOCAL_DIR) or name not in volumes:
            continue
        if volumes[name] not in pod["volumes"]:
            pod["volumes"].append(volumes[name])
        container["volumeMounts"].append(mount)
    for one in fields.get("secrets", []):
        pod["volumes"].append(
            {"name": f"{one['name']}-volume", "secret": {"secretName": one["name"]}}
        )
        container["volumeMounts"].append(
            {"name": f"{one['name']}-volume", "mountPath": one["path"]}
        )
    for one in fields.get("configMaps", []):
        volume = f"{one['name']}-vol"[:63]
        pod["volumes"].append({"name": volume, "configMap": {"name": one["name"]}})
        container["volumeMounts"].append({"name": volume, "mountPath": one["path"]})
    for one in fields.get("ports", []):
        container["ports"].append(one)
    for key in ("initContainers", "sidecars"):
        target = "containers" if key == "sidecars" else key
        pod[target] = [*pod.get(target, []), *fields.get(key, [])]
    pod |= {key: fields[key] for key in _COPIED if fields.get(key) not in (None, "", False)}
    scheduler = spec.get("batchScheduler") or fields.get("schedulerName")
    if scheduler:
        pod["schedulerName"] = scheduler
    pod["nodeSelector"] |= fields.get("nodeSelector", {})
    pod["tolerations"] = [*pod.get("tolerations", []), *fields.get("tolerations", [])]
    gpu = fields.get("gpu")
    if gpu and gpu["name"] and gpu["quantity"] > 0:
        container["resources"]["limits"][gpu["name"]] = Fraction(gpu["quantity"])
    if "securityContext" in fields:
        container["securityContext"] = fields["securityContext"]
    if "podSecurityContext" in fields:
        pod["securityContext"] = fields["podSecurityContext"]
    if fields.get("memoryLimit"):
        container["resources"]["limits"]["memory"] = memory_limit(fields["memoryLimit"])
    _add_exporter_port(role, container, mapping(spec.get("monitoring")))


def _add_exporter_port(role: str, container: dict[str, Any], monitoring: Mapping[str, Any]) -> None:
    exposed = monitoring.get("exposeDriverMetrics" if role == "driver" else "exposeExecutorMetrics")
    prometheus = monitoring.get("prometheus")
    in_files = "metricsPropertiesFile" in monitoring and "configFile" in mapping(prometheus)
    if prometheus and exposed and not in_files:
        name = prometheus.get("portName", "jmx-exporter")
        container["ports"].append({"name": name, "containerPort": exporter_port(monitoring)})


def memory_limit(text: str) -> Fraction:
    """Bytes of `memoryLimit`: a size of Java with a lower-case unit, or a Kubernetes quantity
    (ConvertJavaMemoryStringToK8sMemoryString). Raises BadValue for anything else."""
    java = re.fullmatch(r"(.*?)([kmgtp])b?", text)
    if java is None and re.fullmatch(r".*[KMGTPkmgtp][bB]?", text):
        raise BadValue("memoryLimit", "has a unit that the operator's webhook cannot read")
    written = f"{java[1]}{java[2].upper()}i" if java else text
    limit = amount({"memoryLimit": written}, "memoryLimit")
    return limit or Fraction(0)


def exporter_port(monitoring: Mapping[str, Any]) -> int:
    """The port of the JMX exporter; 8090 is the operator's default."""
    return mapping(monitoring.get("prometheus")).get("port", 8090)
