"""The nodes that a job's pods can run on: selectors, tolerations, sizes, and the scheduler."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from components.names import POOL_LABEL, YUNIKORN_NAMESPACE
from ops.jobs.disk import fitting
from ops.jobs.disk_request import RESOURCE
from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.judge.amounts import requests
from ops.jobs.model import Application, Pods, Target
from ops.plan.node_capacity import node_capacities
from ops.plan.nodes import NodeSet, node_sets
from ops.plan.quantity import GIB, shown
from ops.plan.requirements import Requirement
from ops.plan.scheduling import can_run_on, pod_terms, selects, untolerated, volume_terms
from ops.plan.values import at, mapping, mappings

CHOSEN_BY_NODEPOOLS = (
    *("kubernetes.io/arch", "karpenter.sh/capacity-type", "eks.amazonaws.com/capacityType"),
    *("node.kubernetes.io/instance-type", "topology.kubernetes.io/zone"),
    *("karpenter.k8s.aws/instance-family", "karpenter.k8s.aws/instance-size"),
    *("karpenter.k8s.aws/instance-category", "karpenter.k8s.aws/instance-generation"),
    *("beta.kubernetes.io/arch", "beta.kubernetes.io/instance-type"),
    *("karpenter.k8s.aws/instance-local-nvme", "karpenter.k8s.aws/instance-cpu"),
)
"""Labels of nodes that the pool's NodePools decide."""
_SCHEDULER = "default-scheduler"
_GRACE = 120
"""Seconds from the notice of a Spot interruption to the interruption."""


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Pods that no node takes hang; those that only some nodes of the pool take may wait."""
    yield from _schedulers(app, pods, target)
    everywhere = node_sets(target.plan)
    if not target.team.executor_nodes and not target.team.driver_nodes:
        for one in pods:
            if pod_terms(one.spec):
                yield unknown(
                    f"spec.{one.role}.nodeSelector",
                    "the stack does not create the team's nodes, so whether one matches is not "
                    "known",
                    "",
                    one.spec.get("nodeSelector") or ABSENT,
                )
        return
    for one in pods:
        pool = target.team.driver_nodes if one.role == "driver" else target.team.executor_nodes
        yield from _of_role(app, one, pool, everywhere, target)
        yield from _too_large(one, pool, target)


def _of_role(
    app: Application,
    pods: Pods,
    pool: Sequence[NodeSet],
    everywhere: Sequence[NodeSet],
    target: Target,
) -> Iterator[Finding]:
    role, spec = pods.role, pods.spec
    selector = mapping(spec.get("nodeSelector"))
    fix = list(_onto_pool(app, role, pool))
    pins = [key for key in selector if key in CHOSEN_BY_NODEPOOLS]
    strange = [
        key
        for key, value in selector.items()
        if not any(selects([(Requirement(key, "In", (str(value),)),)], one) for one in everywhere)
    ]
    for key in strange:
        yield error(
            _selector_field(app, role),
            f"no node of the stack has the label {key}={selector[key]}: the pod stays Pending",
            f"{POOL_LABEL}: {pool[0].pool}" if pool else "",
            {key: selector[key]},
            fix,
        )
    taking = [one for one in pool if can_run_on(spec, one)]
    with_jars = [one for one in taking if not _claims(pods) or _has_jars(one, target)]
    elsewhere = [one for one in everywhere if one not in pool and can_run_on(spec, one)]
    if not taking and not elsewhere and not strange:
        yield _stuck(app, pods, pool, everywhere, fix)
    elif taking and not with_jars:
        yield error(
            f"spec.{role}.volumeMounts",
            f"no node that takes the pod has the JARs of {target.where}: the pod stays Pending",
        )
    for key in pins:
        if key not in strange:
            yield warning(
                _selector_field(app, role),
                f"{key} excludes nodes of the pool: the job waits where others are free "
                "(NodePools choose processor, type and capacity type)",
                f"{POOL_LABEL}: {pool[0].pool}" if pool else "",
                {key: selector[key]},
                fix,
            )
    if mapping(spec.get("affinity")).get("nodeAffinity") and taking and len(taking) < len(pool):
        yield warning(
            f"spec.{role}.affinity",
            f"it excludes {', '.join(one.name for one in pool if one not in taking)}: the job "
            "waits where these nodes are free",
        )
    if elsewhere:
        yield warning(
            _selector_field(app, role),
            f"the {role} may also run on {', '.join(sorted(one.name for one in elsewhere))}, "
            "which is not its pool's",
            f"{POOL_LABEL}: {pool[0].pool}" if pool else "",
            ABSENT,
            fix,
        )
    if role == "driver":
        yield from _driver(app, pods, [*taking, *elsewhere])
    yield from _grace(app, pods)


def _stuck(
    app: Application,
    pods: Pods,
    pool: Sequence[NodeSet],
    everywhere: Sequence[NodeSet],
    fix: Sequence[Change],
) -> Finding:
    tolerations = mappings(pods.spec.get("tolerations"))
    reachable = [one for one in everywhere if selects(pod_terms(pods.spec), one)]
    missing = sorted(
        {
            str(taint)
            for one in (reachable or pool)
            for taint in untolerated(tolerations, one.taints)
        }
    )
    if reachable and missing:
        return error(
            f"spec.{pods.role}.tolerations",
            f"every node that it selects has a taint that it does not tolerate "
            f"({', '.join(missing)}): the pod stays Pending",
            f"a toleration for {POOL_LABEL}={pool[0].pool}" if pool else "",
            tolerations or ABSENT,
            fix,
        )
    return error(
        _selector_field(app, pods.role),
        "no node of the stack matches its selector and affinity: the pod stays Pending",
        f"{POOL_LABEL}: {pool[0].pool}" if pool else "",
        dict(mapping(pods.spec.get("nodeSelector"))) or ABSENT,
        fix,
    )


def _onto_pool(app: Application, role: str, pool: Sequence[NodeSet]) -> Iterator[Change]:
    """Puts the role onto its pool: the selector names it alone, and its taints are tolerated."""
    if not pool:
        return
    selector = {POOL_LABEL: pool[0].pool}
    yield Change(("spec", role, "nodeSelector"), selector)
    yield Change(("spec", role, "tolerations"), tolerations_of(pool))
    if mapping(app.given.get(role, {}).get("affinity")).get("nodeAffinity"):
        yield Change(("spec", role, "affinity", "nodeAffinity"))
    prefixes = ("spark.kubernetes.node.selector.", f"spark.kubernetes.{role}.node.selector.")
    for key in app.given.get("sparkConf", {}):
        if key.startswith(prefixes):
            yield Change(("spec", "sparkConf", key))
    if "nodeSelector" in app.given:
        yield Change(("spec", "nodeSelector"))
    template = mapping(app.given.get(role, {}).get("template"))
    for key in ("nodeSelector", "tolerations", "affinity", "nodeName"):
        if key in mapping(template, "spec"):
            yield Change(("spec", role, "template", "spec", key))


def tolerations_of(pool: Sequence[NodeSet]) -> list[dict[str, str]]:
    """Tolerations of the pool's taints."""
    taints = dict.fromkeys(taint for one in pool for taint in one.taints)
    return [
        {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
        for taint in taints
    ]


def _selector_field(app: Application, role: str) -> str:
    if "nodeSelector" in app.given:
        return "spec.nodeSelector"
    return f"spec.{role}.nodeSelector"


def _claims(pods: Pods) -> bool:
    return any("persistentVolumeClaim" in one for one in pods.spec.get("volumes", []))


def _has_jars(nodes: NodeSet, target: Target) -> bool:
    return selects(volume_terms(target.team.volume), nodes)


def _driver(app: Application, pods: Pods, taking: Sequence[NodeSet]) -> Iterator[Finding]:
    for one in taking:
        if not one.is_on_demand and one.is_known:
            yield warning(
                "spec.driver.nodeSelector",
                f"{one.kind} {one.name} may be Spot, and a job ends with its driver",
            )
    annotations = at(pods.pod, "metadata.annotations") or {}
    # The first annotation is Karpenter's, the second Cluster Autoscaler's.
    kept = {
        "karpenter.sh/do-not-disrupt": "true",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    }
    missing = {key: value for key, value in kept.items() if annotations.get(key) != value}
    if taking and missing:
        changes = [Change(("spec", "driver", "annotations", key), kept[key]) for key in missing]
        yield warning(
            "spec.driver.annotations",
            "an autoscaler that consolidates nodes may evict the driver, and the job ends with it",
            ", ".join(f"{key}: {value!r}" for key, value in missing.items()),
            ABSENT,
            changes,
        )


def _grace(app: Application, pods: Pods) -> Iterator[Finding]:
    grace = pods.spec.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace >= _GRACE:
        yield warning(
            f"spec.{pods.role}.terminationGracePeriodSeconds",
            f"EC2 ends a Spot instance {_GRACE} s after its notice",
            "110",
            grace,
            [Change(("spec", pods.role, "terminationGracePeriodSeconds"), 110)],
        )


def _too_large(pods: Pods, pool: Sequence[NodeSet], target: Target) -> Iterator[Finding]:
    """No instance type of the pool has room for one pod."""
    own = {one.resource.urn for one in pool}
    asked = requests(pods.pod)
    types = [
        (one, of)
        for one in node_capacities(target.plan)
        if one.nodes.resource.urn in own
        for of in one.types
    ]
    if not types or any(fitting(one, of, asked) for one, of in types):
        return
    cpu, memory = asked["requests.cpu"], asked["requests.memory"]
    wants = f"{shown('cpu', cpu)} CPU and {shown('memory', memory)}"
    disk = asked.get(f"requests.{RESOURCE}", Fraction(0))
    field, instead = "memory", "smaller pods, or larger sizes in the pool's stack keys"
    without = {**asked, f"requests.{RESOURCE}": Fraction(0)}
    if disk and any(fitting(one, of, without) for one, of in types):
        wants = f"{float(disk / GIB):.1f} GiB of local disk"
        field, instead = "template", "a smaller local disk, or a larger diskGiB of the pool"
    yield error(
        f"spec.{pods.role}.{field}",
        f"one {pods.role} asks for {wants}, and no instance type of its pool has that much free: "
        "the pod stays Pending",
        instead,
    )


def _schedulers(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    gangs = target.team.queue is not None
    has_yunikorn = gangs or any(
        one.object_name == YUNIKORN_NAMESPACE for one in target.plan.of_kind("Namespace")
    )
    batch = app.given.get("batchScheduler")
    names = {str(one.spec.get("schedulerName", _SCHEDULER)) for one in pods} - {_SCHEDULER}
    for name in sorted(names):
        if name == "yunikorn" and has_yunikorn:
            continue
        changes = [Change(("spec", "batchScheduler")), Change(("spec", "batchSchedulerOptions"))]
        changes += [Change(("spec", one.role, "schedulerName")) for one in pods]
        yield (error if target.team.executor_nodes else unknown)(
            "spec.batchScheduler" if batch == name else "spec.driver.schedulerName",
            f"the stack has no scheduler {name}: the pods stay Pending",
            "yunikorn" if has_yunikorn else "nothing",
            name,
            *([changes] if target.team.executor_nodes else []),
        )
    queue = mapping(app.given.get("batchSchedulerOptions")).get("queue")
    if gangs and batch == "yunikorn" and queue != target.team.queue:
        yield warning(
            "spec.batchSchedulerOptions.queue",
            "it is not the team's, and YuniKorn's placement rules ignore it",
            str(target.team.queue),
            queue if queue is not None else ABSENT,
            [Change(("spec", "batchSchedulerOptions", "queue"), target.team.queue)],
        )
    elif not gangs and queue is not None and target.team.executor_nodes:
        yield warning(
            "spec.batchSchedulerOptions.queue",
            "it is not the team's: the stack has no queues (spark.yunikorn.enabled)",
            "nothing",
            queue,
            [Change(("spec", "batchSchedulerOptions", "queue"))],
        )
    if gangs and not batch and "yunikorn" not in names:
        yield warning(
            "spec.batchScheduler",
            "without it the job is no gang: its driver may hold what its executors wait for",
            "yunikorn",
            ABSENT,
            [
                Change(("spec", "batchScheduler"), "yunikorn"),
                Change(("spec", "batchSchedulerOptions", "queue"), target.team.queue),
            ],
        )
