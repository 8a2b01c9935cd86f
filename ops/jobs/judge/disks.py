"""Local disks of a job on its nodes."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ops.jobs import disk_request
from ops.jobs.disk import overfull
from ops.jobs.findings import ABSENT, Change, Finding, Path, error, warning
from ops.jobs.judge.amounts import requests
from ops.jobs.judge.pod_security import disk_of
from ops.jobs.model import Application, Pods, Target
from ops.jobs.pods import CONTAINERS
from ops.jobs.spark_conf import LOCAL_DIR, whole
from ops.plan import quantity
from ops.plan.platform_pods import size_limits
from ops.plan.quantity import GIB
from ops.plan.values import at, mapping, mappings


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Disks that fill up, and those that no request counts."""
    for one in pods:
        yield from _local_disk(app, one, target)


def is_amount(value: object) -> bool:
    """Returns whether the API server takes it: a quantity that is not below nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        return quantity.parse(str(value)) >= 0
    except ValueError:
        return False


def _local_disk(app: Application, pods: Pods, target: Target) -> Iterator[Finding]:
    """Scratch space without a limit can fill the node's disk, and evict all pods on it."""
    local = [one for one in pods.spec.get("volumes", []) if "emptyDir" in one]
    for one in local:
        limit = at(one, "emptyDir.sizeLimit")
        if limit is not None and not is_amount(limit):
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
        if value is not None and not is_amount(value):
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
