"""Cores, memory and counts as Spark and the API server read them."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from ops.jobs.findings import ABSENT, Change, Finding, error
from ops.jobs.judge.amounts import parsed, with_defaults
from ops.jobs.model import Application, Pods, Target
from ops.jobs.pods import memory_limit
from ops.jobs.shuffle_service import MANAGER, MANAGER_KEY, PLUGIN, PLUGIN_KEY
from ops.jobs.spark_conf import ROLES, BadValue, amount, boolean, size, whole
from ops.plan.quantity import MIB
from ops.plan.values import mapping

_LEAST_MEMORY = 450 * MIB
"""UnifiedMemoryManager: 1.5 times its 300 MiB reserve, for driver and executor."""
_SHUFFLE_SERVICE = "spark.shuffle.service.enabled"
_SIZES = ("memory", "memoryOverhead")
_AMOUNTS = {"coreRequest": "request.cores", "coreLimit": "limit.cores"}
_COUNTS = (
    *("spark.executor.instances", "spark.dynamicAllocation.initialExecutors"),
    *("spark.dynamicAllocation.minExecutors", "spark.dynamicAllocation.maxExecutors"),
    *("spark.driver.cores", "spark.executor.cores", "spark.task.cpus"),
)
_FACTORS = (
    *("spark.kubernetes.memoryOverheadFactor", "spark.driver.memoryOverheadFactor"),
    "spark.executor.memoryOverheadFactor",
)


def unreadable(app: Application) -> Iterator[Finding]:
    """Values that Spark cannot read: spark-submit or the driver fails. With any of them the pods
    are not known."""
    for role in ROLES:
        for field in _SIZES:
            yield from _size(app, role, field, f"spark.{role}.{field}")
        for field, key in _AMOUNTS.items():
            yield from _read(app, amount, f"spark.kubernetes.{role}.{key}", f"spec.{role}.{field}")
        yield from _memory_limit(app, role)
    for key in _COUNTS:
        yield from _read(app, whole, key, f"spec.sparkConf[{key}]")
    for key in (
        "spark.memory.offHeap.size",
        "spark.executor.pyspark.memory",
        "spark.driver.maxResultSize",
    ):
        yield from _read(app, size, key, f"spec.sparkConf[{key}]")
    for key in _FACTORS:
        text = app.conf.get(key)
        if text is not None and not re.fullmatch(r"[0-9]*\.?[0-9]+", text.strip()):
            in_field = key == _FACTORS[0] and "memoryOverheadFactor" in app.given
            field = "spec.memoryOverheadFactor" if in_field else f"spec.sparkConf[{key}]"
            yield error(field, "is not a number such as 0.2", "", text)
    for role in ROLES:
        text = app.conf.get(f"spark.{role}.cores", "1")
        if re.fullmatch(r"0+|-[0-9]+", text.strip()):
            yield error(f"spec.{role}.cores", "must be 1 or more", "1", text)


def _memory_limit(app: Application, role: str) -> Iterator[Finding]:
    given = app.given.get(role, {}).get("memoryLimit")
    if not given:
        return
    try:
        memory_limit(given)
    except BadValue as failure:
        right = given.lower() if re.fullmatch(r"[0-9]+[KMGT][bB]?", given) else ""
        path = ("spec", role, "memoryLimit")
        yield error(
            ".".join(path), failure.why, right, given, [Change(path, right)] if right else []
        )


def _size(app: Application, role: str, field: str, key: str) -> Iterator[Finding]:
    try:
        size(app.conf, key)
    except BadValue as failure:
        text = app.conf[key].strip()
        in_field = field in app.given.get(role, {})
        path = ("spec", role, field) if in_field else ("spec", "sparkConf", key)
        right = spark_size(text)
        name = f"spec.{role}.{field}" if in_field else f"spec.sparkConf[{key}]"
        yield error(name, failure.why, right, text, [Change(path, right)] if right else [])


def spark_size(text: str) -> str:
    """The size of Spark for a Kubernetes quantity or a fraction of a size; empty if it is none."""
    match = re.fullmatch(r"([0-9]*\.?[0-9]+) *([KMGTkmgt])(i?[bB]?)", text)
    if match is None:
        return ""
    if match[1].isdecimal():
        return f"{match[1]}{match[2].lower()}"
    powers = {"k": 1, "m": 2, "g": 3, "t": 4}
    return f"{math.ceil(Fraction(match[1]) * 1024 ** powers[match[2].lower()] / MIB)}m"


def _read(
    app: Application, reader: Callable[..., object], key: str, field: str
) -> Iterator[Finding]:
    try:
        reader(app.conf, key)
    except BadValue as failure:
        if ("${" in app.conf[key]) and key not in app.given.get("sparkConf", {}):
            return
        name = field
        if not field.startswith("spec.sparkConf") and field.rpartition(".")[2] not in app.given.get(
            field.split(".")[1], {}
        ):
            name = f"spec.sparkConf[{key}]"
        yield error(name, failure.why, "", app.conf[key])


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Sizes that Spark or the API server refuses."""
    yield from _counts(app)
    for one in pods:
        field = f"spec.{one.role}.memory"
        heap = size(app.conf, f"spark.{one.role}.memory", 1024 * MIB) or 0
        if heap < _LEAST_MEMORY:
            yield error(
                field,
                "Spark does not start with less than 450m of memory",
                "1g",
                app.conf.get(f"spark.{one.role}.memory", ABSENT),
                [Change(("spec", one.role, "memory"), "1g")],
            )
        yield from _limits(one, target)
    cores = whole(app.conf, "spark.executor.cores") or 1
    tasks = whole(app.conf, "spark.task.cpus")
    if tasks is not None and tasks > cores:
        yield error(
            "spec.sparkConf[spark.task.cpus]",
            f"a task needs {tasks} cores and an executor has {cores}: the driver fails",
            "",
            str(tasks),
        )
    if boolean(app.conf, "spark.memory.offHeap.enabled") and not size(
        app.conf, "spark.memory.offHeap.size"
    ):
        yield error(
            "spec.sparkConf[spark.memory.offHeap.size]",
            "must be set and above 0 with spark.memory.offHeap.enabled",
        )


def _counts(app: Application) -> Iterator[Finding]:
    conf = app.conf
    fixed = whole(conf, "spark.executor.instances")
    if boolean(conf, _SHUFFLE_SERVICE):
        yield error(
            f"spec.sparkConf[{_SHUFFLE_SERVICE}]",
            "Kubernetes has no external shuffle service: executors fail to register with it",
            "nothing",
            "true",
            [Change(("spec", "sparkConf", _SHUFFLE_SERVICE))],
        )
    if not boolean(conf, "spark.dynamicAllocation.enabled"):
        if fixed is not None and fixed <= 0:
            yield error(
                "spec.executor.instances",
                "must be 1 or more: the driver waits for executors that never come",
                "1",
                fixed,
                [Change(("spec", "executor", "instances"), 1)],
            )
        return
    least = whole(conf, "spark.dynamicAllocation.minExecutors") or 0
    most = whole(conf, "spark.dynamicAllocation.maxExecutors")
    first = whole(conf, "spark.dynamicAllocation.initialExecutors")
    field = "spec.dynamicAllocation"
    for name, value in (("minExecutors", least), ("initialExecutors", first)):
        if value is not None and value < 0:
            yield error(f"{field}.{name}", "must be 0 or more: the driver fails", "0", value)
    if most is not None and most <= 0:
        yield error(f"{field}.maxExecutors", "must be 1 or more: the driver fails", "", most)
    elif most is not None and least > most:
        yield error(
            f"{field}.minExecutors",
            f"is above maxExecutors, {most}: the driver fails",
            str(most),
            least,
            [Change(("spec", "dynamicAllocation", "minExecutors"), most)],
        )
    elif most is not None and max(first or 0, fixed or 0) > most:
        yield error(
            f"{field}.initialExecutors",
            f"the executors at the start, {max(first or 0, fixed or 0)}, are above maxExecutors, "
            f"{most}: the driver fails",
            str(most),
        )
    tracking = boolean(conf, "spark.dynamicAllocation.shuffleTracking.enabled", True)
    decommission = boolean(conf, "spark.decommission.enabled") and boolean(
        conf, "spark.storage.decommission.shuffleBlocks.enabled", True
    )
    # Celeborn's plugin tells Spark that shuffle files do not end with their executor.
    elsewhere = boolean(conf, _SHUFFLE_SERVICE) or conf.get(PLUGIN_KEY) == PLUGIN
    if not tracking and not decommission and not elsewhere:
        if conf.get(MANAGER_KEY) == MANAGER:
            yield error(
                f"spec.sparkConf[{PLUGIN_KEY}]",
                "dynamic allocation without shuffle tracking needs Celeborn's plugin, which tells "
                "Spark that shuffle files are not on executors: the driver fails",
                PLUGIN,
                conf.get(PLUGIN_KEY, ABSENT),
                [Change(("spec", "sparkConf", PLUGIN_KEY), PLUGIN)],
            )
            return
        yield error(
            f"{field}.shuffleTrackingEnabled",
            "dynamic allocation needs shuffle tracking or decommissioning: there is no external "
            "shuffle service, and the driver fails",
            "true",
            False,
            [Change(("spec", "dynamicAllocation", "shuffleTrackingEnabled"), True)],
        )


def _limits(pods: Pods, target: Target) -> Iterator[Finding]:
    """A request above its limit: the API server refuses the pod."""
    pod = with_defaults(pods.pod, target.team.container_limits)
    for number, one in enumerate(
        [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]
    ):
        resources = mapping(one.get("resources"))
        for key, request in mapping(resources, "requests").items():
            limit = mapping(resources, "limits").get(key)
            if limit is None or not _above(request, limit):
                continue
            if number == 0:
                field = {"cpu": "coreLimit", "memory": "memoryLimit"}.get(key, "template")
                change = [Change(("spec", pods.role, field))] if key in ("cpu", "memory") else []
                yield error(
                    f"spec.{pods.role}.{field}",
                    f"the limit of {key} is below what the {pods.role} requests: the API server "
                    "refuses the pod",
                    "a limit of at least the request, or none",
                    _text(limit),
                    change,
                )
            else:
                yield error(
                    f"spec.{pods.role}.sidecars",
                    f"container {one.get('name')}: the limit of {key}, {_text(limit)}, is below "
                    "its request (the LimitRange sets what is missing): the API server refuses "
                    "the pod",
                )


def _above(request: object, limit: object) -> bool:
    try:
        return parsed(request) > parsed(limit)
    except ValueError:
        return False


def _text(value: object) -> str:
    return f"{float(value):g}" if isinstance(value, Fraction) else str(value)
