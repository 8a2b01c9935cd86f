"""The configuration as Spark reads it: what the operator makes of an application's fields.

In the order of submission.go of spark-operator 2.5.2, where a later `--conf` of a key wins.
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ops.plan import quantity
from ops.plan.values import mapping, mappings

LOCAL_DIR = "spark-local-dir-"
"""Prefix of volumes that the operator passes to Spark as local disks."""
ROLES = ("driver", "executor")
ON_DEMAND = "OnDemand"
"""Name of a claim that the driver creates for each pod."""

_FIELDS = {
    "cores": "spark.{role}.cores",
    "coreRequest": "spark.kubernetes.{role}.request.cores",
    "coreLimit": "spark.kubernetes.{role}.limit.cores",
    "memory": "spark.{role}.memory",
    "memoryOverhead": "spark.{role}.memoryOverhead",
    "serviceAccount": "spark.kubernetes.authenticate.{role}.serviceAccountName",
    "javaOptions": "spark.{role}.extraJavaOptions",
}
_MAPS = {
    "labels": "spark.kubernetes.{role}.label.",
    "annotations": "spark.kubernetes.{role}.annotation.",
}
_DYNAMIC = {
    "initialExecutors": "spark.dynamicAllocation.initialExecutors",
    "minExecutors": "spark.dynamicAllocation.minExecutors",
    "maxExecutors": "spark.dynamicAllocation.maxExecutors",
}
DEPS = {
    "jars": "spark.jars",
    "files": "spark.files",
    "pyFiles": "spark.submit.pyFiles",
    "archives": "spark.archives",
    "packages": "spark.jars.packages",
    "repositories": "spark.jars.repositories",
    "excludePackages": "spark.jars.excludes",
}
_TYPES = ("emptyDir", "hostPath", "nfs", "persistentVolumeClaim")


def conf_of(spec: Mapping[str, Any]) -> dict[str, str]:
    """Keys and values for an application's spec, whose values have the types of their fields."""
    conf: dict[str, str] = {}
    for field, key in DEPS.items():
        if listed := spec.get("deps", {}).get(field):
            conf[key] = ",".join(listed)
    if factor := spec.get("memoryOverheadFactor"):
        conf["spark.kubernetes.memoryOverheadFactor"] = factor
    for key, value in spec.get("sparkConf", {}).items():
        name, _, rest = f"{key}={value}".partition("=")
        conf[name] = rest
    conf |= {f"spark.hadoop.{key}": value for key, value in spec.get("hadoopConf", {}).items()}
    for role in ROLES:
        conf |= dict(_of_role(role, spec))
    for key, value in spec.get("nodeSelector", {}).items():
        conf[f"spark.kubernetes.node.selector.{key}"] = value
    dynamic = spec.get("dynamicAllocation", {})
    if dynamic.get("enabled"):
        conf["spark.dynamicAllocation.enabled"] = "true"
        tracking = dynamic.get("shuffleTrackingEnabled", True)
        conf["spark.dynamicAllocation.shuffleTracking.enabled"] = str(tracking).lower()
        conf |= {key: str(dynamic[field]) for field, key in _DYNAMIC.items() if field in dynamic}
    return conf


def _of_role(role: str, spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    fields = spec.get(role, {})
    if image := fields.get("image") or spec.get("image"):
        yield f"spark.kubernetes.{role}.container.image", image
    if role == "executor" and "instances" in fields:
        yield "spark.executor.instances", str(fields["instances"])
    for field, key in _FIELDS.items():
        if field in fields:
            yield key.format(role=role), str(fields[field])
    for field, prefix in _MAPS.items():
        for key, value in fields.get(field, {}).items():
            yield f"{prefix.format(role=role)}{key}", value
    for key, one in fields.get("envSecretKeyRefs", {}).items():
        yield f"spark.kubernetes.{role}.secretKeyRef.{key}", f"{one['name']}:{one['key']}"
    prefix = "spark.kubernetes.driverEnv." if role == "driver" else "spark.executorEnv."
    for key, value in fields.get("envVars", {}).items():
        yield f"{prefix}{key}", value
    volumes = {one["name"]: one for one in spec.get("volumes", [])}
    for mount in fields.get("volumeMounts", []):
        if mount["name"].startswith(LOCAL_DIR) and mount["name"] in volumes:
            yield from _local_volume(role, volumes[mount["name"]], mount)


def _local_volume(
    role: str, volume: Mapping[str, Any], mount: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for kind in _TYPES:
        if kind in volume:
            prefix = f"spark.kubernetes.{role}.volumes.{kind}.{volume['name']}"
            yield f"{prefix}.mount.path", mount.get("mountPath", "")
            for option in ("sizeLimit", "path", "server", "claimName"):
                if option in mapping(volume[kind]):
                    yield f"{prefix}.options.{option}", str(volume[kind][option])
            return


def unsupported_local_volume(volume: Mapping[str, Any]) -> bool:
    """Whether the operator cannot pass this volume to Spark as a local disk, and fails."""
    return volume["name"].startswith(LOCAL_DIR) and not any(kind in volume for kind in _TYPES)


class BadValue(ValueError):
    """A value that Spark cannot read: the key, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key, self.why = key, why


def boolean(conf: Mapping[str, str], key: str, default: bool = False) -> bool:
    """A boolean as Spark reads it; its default for what is none."""
    text = conf.get(key, "").strip().lower()
    return text == "true" if text in ("true", "false") else default


def whole(conf: Mapping[str, str], key: str) -> int | None:
    """A whole number, None if the key is not set. Raises BadValue for anything else."""
    if key not in conf:
        return None
    text = conf[key].strip()
    if not re.fullmatch(r"-?[0-9]{1,10}", text, re.ASCII) or abs(int(text)) >= 2**31:
        raise BadValue(key, "is not a whole number")
    return int(text)


def size(conf: Mapping[str, str], key: str, default: int | None = None) -> int | None:
    """Bytes of a size, without a unit in MiB; `default` if not set. Raises BadValue if Spark does
    not read it."""
    if key not in conf:
        return default
    try:
        return quantity.spark_mib(conf[key].strip())
    except ValueError as failure:
        raise BadValue(key, "is not a size that Spark reads, such as 512m or 8g") from failure


def amount(conf: Mapping[str, str], key: str) -> Fraction | None:
    """A Kubernetes quantity, None if not set. Raises BadValue for anything else."""
    if key not in conf:
        return None
    try:
        return quantity.parse(conf[key].strip())
    except ValueError as failure:
        raise BadValue(key, "is not a quantity such as 500m or 2") from failure


def in_volumes(conf: Mapping[str, str], role: str) -> dict[tuple[str, str], dict[str, str]]:
    """The volumes that keys define for a role: type and name to the rest of their keys."""
    prefix = f"spark.kubernetes.{role}.volumes."
    found: dict[tuple[str, str], dict[str, str]] = {}
    for key, value in conf.items():
        kind, _, rest = key.removeprefix(prefix).partition(".")
        name, _, option = rest.partition(".")
        if key.startswith(prefix) and kind in _TYPES and option:
            found.setdefault((kind, name), {})[option] = value
    return found


def env_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The literal environment variables of a role."""
    listed = {one["name"]: one.get("value") for one in mappings(fields.get("env"))}
    return {**mapping(fields.get("envVars")), **listed}
