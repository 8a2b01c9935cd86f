"""Claims that the driver of a job creates for its executors, and the operator for the driver."""

from collections.abc import Iterator, Mapping, Sequence

from components.names import OPERATOR_ACCOUNT, SPARK_OPERATOR_NAMESPACE
from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.judge.disks import is_amount
from ops.jobs.judge.pod_security import SPARK_USER, disk_of
from ops.jobs.model import Application, Pods, Target
from ops.jobs.shuffle import (
    MOUNT_PATH,
    OWN_CLAIMS,
    RECOVERY,
    REUSE_CLAIMS,
    WAIT_FOR_CLAIMS,
)
from ops.jobs.spark_conf import ON_DEMAND, boolean, in_volumes
from ops.plan import rbac
from ops.plan.model import Resource
from ops.plan.storage_classes import allowed_zones
from ops.plan.values import UNKNOWN, each, mapping

_BUILT_IN = ("gp2",)
"""EKS creates this storage class in a new cluster (docs.aws.amazon.com/eks storage classes)."""


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Claims that are not made, not bound, or not reused."""
    for one in pods:
        yield from _on_demand(app, one, target)
    yield from _reuse(app)


def _on_demand(app: Application, pods: Pods, target: Target) -> Iterator[Finding]:
    """Claims that Spark's driver creates for its pods."""
    classes = {one.object_name: one for one in target.plan.of_kind("StorageClass")}
    for (kind, name), options in in_volumes(app.conf, pods.role).items():
        prefix = f"spark.kubernetes.{pods.role}.volumes.{kind}.{name}"
        path = options.get("mount.path")
        if path is None:
            yield error(f"spec.sparkConf[{prefix}.mount.path]", "is required: spark-submit fails")
        elif not path.startswith("/"):
            yield error(f"spec.sparkConf[{prefix}.mount.path]", "is no absolute path", "", path)
        for option in ("options.sizeLimit",):
            if option in options and not is_amount(options[option]):
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
                "without a size Spark makes no claim, and the pod waits for one",
            )
        if pods.role == "driver" and not _operator_may(target):
            yield error(
                f"spec.sparkConf[{prefix}.options.claimName]",
                "spark-submit makes a driver's claim with the operator's rights, and the operator "
                "may make none in this namespace: the submission fails",
                "an emptyDir for the driver; or shuffle: claim of the team in the stack file",
                claim,
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


def _operator_may(target: Target) -> bool:
    """Whether a role of the plan lets the operator make claims in the team's namespace. Its chart
    has no such rule (controller/_helpers.tpl of spark-operator 2.5.2)."""
    operator = f"ServiceAccount {SPARK_OPERATOR_NAMESPACE}/{OPERATOR_ACCOUNT}"
    for binding in rbac.bindings(target.plan):
        role = rbac.role_of(target.plan, binding)
        if operator not in binding.subjects or role is None:
            continue
        if binding.namespace in ("", target.team.name) and any(
            "persistentvolumeclaims" in each(rule, "resources")
            and {"create", "patch"} <= set(each(rule, "verbs"))
            for rule in role.rules
        ):
            return True
    return False


def _zone(field: str, given: Resource, target: Target) -> Iterator[Finding]:
    """Nodes of the team's pool in the zone of the class."""
    zones = allowed_zones(given)
    pools = [nodes.values_of("topology.kubernetes.io/zone") for nodes in target.team.executor_nodes]
    if zones and pools and all(here and not zones & {*here, UNKNOWN} for here in pools):
        yield error(
            field,
            f"its volumes are in {', '.join(sorted(zones))}, where the pool of the team has no "
            "nodes: executors stay Pending",
            "an emptyDir; or the zone in zones of the pool in the stack file",
            given.object_name,
        )


def _class(
    prefix: str, options: Mapping[str, str], classes: Mapping[str, Resource], target: Target
) -> Iterator[Finding]:
    field = f"spec.sparkConf[{prefix}.options.storageClass]"
    given = options.get("options.storageClass")
    if given is not None and given in classes:
        yield from _zone(field, classes[given], target)
        return
    known = f"one of {', '.join(sorted(classes))}" if classes else "an emptyDir"
    if given is None:
        # MountVolumesFeatureStep of Spark 4.0.4 makes a claim only with a class and a size.
        yield error(
            field,
            "without a class Spark makes no claim, and the pod waits for one",
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


def _reuse(app: Application) -> Iterator[Finding]:
    """Spark reads shuffle files of a reused volume below spark-x/executor-x only, and gives any
    volume of the same class and size to any executor."""
    claimed = {
        name: options
        for (kind, name), options in in_volumes(app.conf, "executor").items()
        if kind == "persistentVolumeClaim" and options.get("options.claimName") == ON_DEMAND
    }
    # Spark has both on since 3.4, and off before.
    default = not app.version or app.version >= (3, 4)
    if claimed and not boolean(app.conf, OWN_CLAIMS, default):
        yield from _not_owned(app)
        return
    if not boolean(app.conf, REUSE_CLAIMS, default):
        return
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


def _not_owned(app: Application) -> Iterator[Finding]:
    """ExecutorPodsAllocator reuses claims of the driver only. The others belong to an executor."""
    asked = [key for key in (REUSE_CLAIMS, WAIT_FOR_CLAIMS) if boolean(app.conf, key)]
    if app.conf.get("spark.shuffle.sort.io.plugin.class") == RECOVERY:
        asked.append("spark.shuffle.sort.io.plugin.class")
    if asked:
        yield warning(
            f"spec.sparkConf[{OWN_CLAIMS}]",
            f"without it a claim goes with its executor: {', '.join(asked)} has no effect, and a "
            "new executor reads no files of a lost one",
            "true",
            app.conf.get(OWN_CLAIMS, ABSENT),
            [Change(("spec", "sparkConf", OWN_CLAIMS), "true")],
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
