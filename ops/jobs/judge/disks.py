"""Local disks of a job, and the claims that its driver creates for them."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from ops.jobs import disk_request
from ops.jobs.disk import overfull
from ops.jobs.findings import ABSENT, Change, Finding, Path, error, unknown, warning
from ops.jobs.judge.amounts import requests
from ops.jobs.judge.pod_security import SPARK_USER, disk_of
from ops.jobs.model import Application, Pods, Target
from ops.jobs.pods import CONTAINERS
from ops.jobs.shuffle import (
    MOUNT_PATH,
    OWN_CLAIMS,
    RECOVERY,
    REUSE_CLAIMS,
    WAIT_FOR_CLAIMS,
)
from ops.jobs.spark_conf import LOCAL_DIR, ON_DEMAND, boolean, in_volumes, whole
from ops.plan import quantity
from ops.plan.platform_pods import size_limits
from ops.plan.quantity import GIB
from ops.plan.storage_classes import allowed_zones
from ops.plan.values import UNKNOWN, at, mapping, mappings

_BUILT_IN = ("gp2",)
"""EKS creates this storage class in a new cluster (docs.aws.amazon.com/eks storage classes)."""


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Claims that are not bound, and disks that fill up."""
    for one in pods:
        yield from _on_demand(app, one, target)
        yield from _local_disk(app, one, target)
    yield from _reuse(app)


def _on_demand(app: Application, pods: Pods, target: Target) -> Iterator[Finding]:
    """Claims that Spark's driver creates for its pods."""
    classes = {one.object_name for one in target.plan.of_kind("StorageClass")}
    for (kind, name), options in in_volumes(app.conf, pods.role).items():
        prefix = f"spark.kubernetes.{pods.role}.volumes.{kind}.{name}"
        path = options.get("mount.path")
        if path is None:
            yield error(f"spec.sparkConf[{prefix}.mount.path]", "is required: spark-submit fails")
        elif not path.startswith("/"):
            yield error(f"spec.sparkConf[{prefix}.mount.path]", "is no absolute path", "", path)
        for option in ("options.sizeLimit",):
            if option in options and not _readable(options[option]):
                yield error(
                    f"spec.sparkConf[{prefix}.{option}]",
                    "is not a quantity such as 10Gi",
                    "",
                    options[option],
                )
        if kind != "persistentVolumeClaim":
            continue
        claim = options.get("options.claimName")
        if claim is None:
            yield error(f"spec.sparkConf[{prefix}.options.claimName]", "is required", ON_DEMAND)
        if claim != ON_DEMAND:
            continue
        yield from _class(prefix, options, classes, target)
        if "options.sizeLimit" not in options:
            yield error(
                f"spec.sparkConf[{prefix}.options.sizeLimit]",
                "without a size Spark makes no claim: the pod waits for one that nobody makes",
            )
        context = mapping(pods.spec.get("securityContext"))
        if not context.get("fsGroup"):
            yield error(
                f"spec.{pods.role}.podSecurityContext.fsGroup",
                f"the root of a new volume belongs to root, and Spark runs as {SPARK_USER}: it "
                "cannot write",
                str(SPARK_USER),
                ABSENT,
                [
                    Change(
                        ("spec", pods.role, "podSecurityContext"),
                        {**context, "fsGroup": SPARK_USER},
                    )
                ],
            )


def _zone(field: str, given: str, target: Target) -> Iterator[Finding]:
    """Nodes of the team's pool in the zone of the class."""
    (one,) = [one for one in target.plan.of_kind("StorageClass") if one.object_name == given]
    zones = allowed_zones(one)
    pools = [nodes.values_of("topology.kubernetes.io/zone") for nodes in target.team.executor_nodes]
    if zones and pools and all(here and not zones & {*here, UNKNOWN} for here in pools):
        yield error(
            field,
            f"its volumes are in {', '.join(sorted(zones))}, where the pool of the team has no "
            "nodes: executors stay Pending",
            "an emptyDir; or the zone in zones of the pool in the stack file",
            given,
        )


def _class(
    prefix: str, options: Mapping[str, str], classes: set[str], target: Target
) -> Iterator[Finding]:
    field = f"spec.sparkConf[{prefix}.options.storageClass]"
    given = options.get("options.storageClass")
    if given in classes:
        yield from _zone(field, given, target)
        return
    known = f"one of {', '.join(sorted(classes))}" if classes else "an emptyDir"
    if given is None:
        # MountVolumesFeatureStep of Spark 4.0.4 makes a claim only with a class and a size.
        yield error(
            field,
            "without a class Spark makes no claim: the pod waits for one that nobody makes",
            known,
            ABSENT,
            [Change(("spec", "sparkConf", f"{prefix}.options.storageClass"), *classes)]
            if len(classes) == 1
            else [],
        )
    elif given in _BUILT_IN or not target.team.executor_nodes:
        yield unknown(
            field,
            "whether the cluster has this storage class, and a driver for it: the "
            "stack creates none of that name",
            known,
            given,
        )
    else:
        key = f"spark.kubernetes.executor.volumes.persistentVolumeClaim.{prefix.rpartition('.')[2]}"
        changes: list[Change] = []
        if len(classes) == 1:
            changes = [Change(("spec", "sparkConf", f"{prefix}.options.storageClass"), *classes)]
        elif not classes and key == prefix:
            changes = _to_empty_dir(prefix, options)
        yield error(
            field,
            "the stack creates no such storage class: the claim and the pod stay Pending",
            known,
            given,
            changes,
        )


def _to_empty_dir(prefix: str, options: Mapping[str, str]) -> list[Change]:
    role = prefix.split(".")[2]
    new = prefix.replace(".persistentVolumeClaim.", ".emptyDir.")
    changes = [Change(("spec", "sparkConf", f"{prefix}.{key}")) for key in options]
    changes += [Change(("spec", "sparkConf", key)) for key in (REUSE_CLAIMS, OWN_CLAIMS)]
    return [
        *changes,
        Change(("spec", "sparkConf", f"{new}.mount.path"), options.get("mount.path", "/data")),
        Change(("spec", "sparkConf", f"{new}.options.sizeLimit"), disk_of(role)),
    ]


def _readable(value: object) -> bool:
    """Whether the API server takes the amount: a quantity that is not below nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        return quantity.parse(str(value)) >= 0
    except ValueError:
        return False


def _reuse(app: Application) -> Iterator[Finding]:
    """Spark reads shuffle files of a reused volume below spark-x/executor-x only, and gives any
    volume of the same class and size to any executor."""
    if not boolean(app.conf, REUSE_CLAIMS, True):
        return
    claimed = {
        name: options
        for (kind, name), options in in_volumes(app.conf, "executor").items()
        if kind == "persistentVolumeClaim" and options.get("options.claimName") == ON_DEMAND
    }
    if len(claimed) > 1:
        yield from _several(app, list(claimed))
    if claimed and boolean(app.conf, "spark.dynamicAllocation.enabled"):
        yield warning(
            "spec.dynamicAllocation.enabled",
            "an executor that is given up leaves its volume, which the job pays to its end, and "
            "with waitToReusePersistentVolumeClaim new executors wait for one of these",
            "a fixed number of executors",
        )
    for name, options in claimed.items():
        kind = "persistentVolumeClaim"
        path = options.get("mount.path", "")
        plugin = app.conf.get("spark.shuffle.sort.io.plugin.class")
        if not path.endswith("/spark-x/executor-x") or plugin != RECOVERY:
            key = f"spark.kubernetes.executor.volumes.{kind}.{name}.mount.path"
            yield warning(
                f"spec.sparkConf[{key}]",
                "a reused volume at this path recovers no shuffle files of a lost executor",
                f"{MOUNT_PATH}, with spark.shuffle.sort.io.plugin.class: {RECOVERY}",
                path,
            )


def _several(app: Application, names: Sequence[str]) -> Iterator[Finding]:
    """ExecutorPodsAllocator counts claims against the number of executors."""
    field = f"spec.sparkConf[spark.kubernetes.executor.volumes.persistentVolumeClaim.{names[1]}]"
    if boolean(app.conf, WAIT_FOR_CLAIMS):
        yield error(
            field,
            "with waitToReusePersistentVolumeClaim the driver makes as many claims as executors: "
            f"with {len(names)} claims each, the others wait for ever",
            "one claim for each executor",
        )
    else:
        yield warning(
            field,
            "volumes of one class and size are mixed when executors reuse them",
            "one claim for each executor",
        )


def _local_disk(app: Application, pods: Pods, target: Target) -> Iterator[Finding]:
    """Scratch space without a limit can fill the node's disk, and evict all pods on it."""
    local = [one for one in pods.spec.get("volumes", []) if "emptyDir" in one]
    for one in local:
        limit = at(one, "emptyDir.sizeLimit")
        if limit is not None and not _readable(limit):
            if str(limit).strip().startswith("-"):
                why = "the API server refuses a size limit below nothing"
                yield error("spec.volumes", why, "", limit)
            continue
        if (
            limit is None
            and at(one, "emptyDir.medium") != "Memory"
            and str(one["name"]).startswith(LOCAL_DIR)
        ):
            yield warning(
                f"spec.{pods.role}.volumeMounts",
                "its local disk has no limit and no request: shuffle and spill may fill the node's "
                "disk, and the kubelet then evicts pods on it, other jobs' too",
                f"an emptyDir named {LOCAL_DIR}{pods.role} with a sizeLimit",
                ABSENT,
                _limited(app, pods.role, str(one["name"])),
            )
    asked = requests(pods.pod)
    yield from _unreadable(pods)
    yield from _request(app, pods, asked.get(f"requests.{disk_request.RESOURCE}", Fraction(0)))
    spec = {"volumes": local, "volumeMounts": [{"name": one["name"]} for one in local]}
    for line in overfull(
        pods.role,
        spec,
        asked=asked,
        count=min(pods.count, 10**6),
        team=target.team,
        plan=target.plan,
    ):
        yield warning("spec.volumes", line)


def _unreadable(pods: Pods) -> Iterator[Finding]:
    """Amounts of local disk in a template that the API server refuses with the pod."""
    resources = mapping(next(iter(pods.containers), {}).get("resources"))
    for part in ("requests", "limits"):
        value = mapping(resources, part).get(disk_request.RESOURCE)
        if value is not None and not _readable(value):
            why = f"the {part[:-1]} of {disk_request.RESOURCE} is not a quantity such as 10Gi"
            yield error(f"spec.{pods.role}.template", why, "", value)


def _request(app: Application, pods: Pods, asked: Fraction) -> Iterator[Finding]:
    """Local disks that the pod does not request: the scheduler and Karpenter count requests."""
    local = size_limits(pods.spec)
    if asked >= local or not disk_request.is_possible(app.spec):
        return
    role = pods.role
    given = app.given.get(role, {})
    request = disk_request.amount(local, whole(app.conf, f"spark.{role}.cores") or 1)
    path: Path = ("spec", role, "template", "spec", "containers")
    containers = mappings(at(mapping(given.get("template")), "spec.containers"))
    if containers:
        names = [one.get("name") for one in containers]
        own = CONTAINERS[role]
        number = names.index(own) if own in names else 0
        path = (*path, number, "resources", "requests", disk_request.RESOURCE)
        change = Change(path, request)
    else:
        change = Change(path, [disk_request.container(role, request)])
    yield warning(
        f"spec.{role}.template",
        f"its local disks may hold {float(local / GIB):.1f} GiB and it requests "
        f"{float(asked / GIB):.1f}: neither the scheduler nor Karpenter counts the rest, and pods "
        "that share a node may fill its disk",
        f"a request of {disk_request.RESOURCE}: {request}",
        ABSENT,
        [change],
    )


def _limited(app: Application, role: str, name: str) -> list[Change]:
    """Gives the local disk a limit: in spec.volumes, in its keys, or as a new volume."""
    limit = disk_of(role)
    for number, one in enumerate(app.given.get("volumes", [])):
        if one["name"] == name:
            return [Change(("spec", "volumes", number, "emptyDir", "sizeLimit"), limit)]
    key = f"spark.kubernetes.{role}.volumes.emptyDir.{name}"
    if f"{key}.mount.path" in app.conf:
        return [Change(("spec", "sparkConf", f"{key}.options.sizeLimit"), limit)]
    new = f"{LOCAL_DIR}{role}"
    volumes = [one for one in app.given.get("volumes", []) if one["name"] != new]
    mounts = app.given.get(role, {}).get("volumeMounts", [])
    folder = app.conf.get("spark.local.dir", "/var/data/spark-local").split(",")[0].strip()
    changes = [
        Change(("spec", "volumes"), [*volumes, {"name": new, "emptyDir": {"sizeLimit": limit}}]),
        Change(("spec", role, "volumeMounts"), [*mounts, {"name": new, "mountPath": folder}]),
    ]
    # Init containers that mounted Spark's own default volume get the new one.
    for field in ("initContainers", "sidecars"):
        listed = app.given.get(role, {}).get(field, [])
        for number, container in enumerate(listed):
            for index, mount in enumerate(mappings(container.get("volumeMounts"))):
                if mount.get("name") == name:
                    path = ("spec", role, field, number, "volumeMounts", index, "name")
                    changes.append(Change(path, new))
    return changes
