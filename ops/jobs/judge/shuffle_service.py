"""Shuffle files outside executors, in an application's configuration: what fails, loses files, or
is not reached."""

from collections.abc import Iterator, Sequence

from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.judge import jars
from ops.jobs.model import Application, Pods, Target
from ops.jobs.shuffle import RECOVERY
from ops.jobs.shuffle_service import (
    CELEBORN,
    CLIENT,
    ENDPOINTS,
    FALLBACK,
    FIXED,
    MANAGER,
    MANAGER_KEY,
    PLUGIN,
    PLUGIN_KEY,
    endpoints_of,
)
from ops.jobs.spark_conf import ON_DEMAND, boolean, in_volumes

_PACKAGE = "org.apache.spark.shuffle.celeborn."
_TRACKING = "spark.dynamicAllocation.shuffleTracking.enabled"
_DYNAMIC = "spark.dynamicAllocation.enabled"
_FAILS = {
    "spark.celeborn.auth.enabled": "the masters refuse an application that does not register",
    "spark.serializer": "Celeborn reads partitions in an order that Java's serializer cannot",
    "spark.sql.adaptive.localShuffleReader.enabled": "the local reader looks for files on "
    "executors, which have none",
}


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Celeborn's client, and Spark's recovery on a folder that executors share."""
    yield from _shared_recovery(app)
    if app.conf.get(MANAGER_KEY) != MANAGER:
        yield from _no_manager(app)
        return
    if target.team.shuffle != CELEBORN:
        yield error(
            f"spec.sparkConf[{MANAGER_KEY}]",
            f"NetworkPolicies close Celeborn to team {target.team.name}: its shuffles hang",
            "shuffle: celeborn of the team in spark.teams of the stack file",
            MANAGER,
        )
    yield from _client(app)
    endpoints = endpoints_of(target.plan)
    if endpoints and _addresses(app.conf.get(ENDPOINTS, "")) != _addresses(endpoints):
        yield _wanted(app, ENDPOINTS, endpoints, "these are not the stack's masters")
    for key, why in _FAILS.items():
        if not _same(app.conf.get(key), FIXED[key]):
            yield _wanted(app, key, FIXED[key], why)
    if not boolean(app.conf, replicate := "spark.celeborn.client.push.replicate.enabled"):
        yield warning(
            f"spec.sparkConf[{replicate}]",
            "a partition is on one worker only, and its loss computes the stage again",
            "true",
            app.conf.get(replicate, ABSENT),
            [Change(("spec", "sparkConf", replicate), "true")],
        )
    yield from _dynamic(app)


def _shared_recovery(app: Application) -> Iterator[Finding]:
    """Spark 4.0.4, KubernetesLocalDiskShuffleExecutorComponents.recoverDiskStore: it moves every
    file below the folder, also those of running executors."""
    if app.conf.get(PLUGIN_KEY) != RECOVERY:
        return
    for (kind, name), options in in_volumes(app.conf, "executor").items():
        claim = options.get("options.claimName")
        if kind == "persistentVolumeClaim" and claim not in (None, ON_DEMAND):
            yield error(
                f"spec.sparkConf[{PLUGIN_KEY}]",
                f"executors share {name}, on claim {claim}: one that starts moves the shuffle "
                "files of those that run, and those of other jobs in the same folder",
                "no plugin, or a claim on demand for each executor",
                RECOVERY,
                [Change(("spec", "sparkConf", PLUGIN_KEY))],
            )


def _no_manager(app: Application) -> Iterator[Finding]:
    """Celeborn's plugin says to Spark that no shuffle file is lost with an executor, whichever
    manager writes them (CelebornShuffleDataIO, supportsReliableStorage)."""
    manager = app.conf.get(MANAGER_KEY, "")
    change = [Change(("spec", "sparkConf", MANAGER_KEY), MANAGER)]
    if manager.startswith(_PACKAGE):
        why = "the client has no such class: Spark does not start"
        yield error(f"spec.sparkConf[{MANAGER_KEY}]", why, MANAGER, manager, change)
    elif app.conf.get(PLUGIN_KEY) == PLUGIN:
        why = (
            "shuffle files are on executors, and Celeborn's plugin tells Spark that they are not: "
            "they are lost with an executor that ends, and the job may fail"
        )
        instead = f"{MANAGER}, or no {PLUGIN_KEY}"
        yield error(f"spec.sparkConf[{MANAGER_KEY}]", why, instead, manager or ABSENT, change)


def _same(given: str | None, wanted: str) -> bool:
    """Whether Spark reads both alike: booleans in any case."""
    if given is None or wanted not in ("true", "false"):
        return given == wanted
    return given.strip().lower() == wanted


def _addresses(text: str) -> set[str]:
    """The masters of a list, whose order Celeborn's client does not keep."""
    return {one.strip() for one in text.split(",") if one.strip()}


def _wanted(app: Application, key: str, value: str, why: str) -> Finding:
    change = [Change(("spec", "sparkConf", key), value)]
    return error(f"spec.sparkConf[{key}]", why, value, app.conf.get(key, ABSENT), change)


def _client(app: Application) -> Iterator[Finding]:
    held = jars.holds(app, CLIENT)
    if held:
        return
    say = error if held is False else unknown
    yield say(
        "spec.sparkConf[spark.driver.extraClassPath]",
        f"the class path of driver and executors has no {CLIENT}: Spark does not start"
        if held is False
        else f"whether the image has {CLIENT}, which holds the shuffle manager",
        f"a release with {CLIENT}-4-shaded_2.13",
    )


def _dynamic(app: Application) -> Iterator[Finding]:
    """github.com/apache/celeborn/pull/3834"""
    if not boolean(app.conf, _DYNAMIC):
        return
    tracked = boolean(app.conf, _TRACKING, True)
    policy = app.conf.get(FALLBACK, "AUTO").upper()
    if not tracked and policy != "NEVER":
        yield _wanted(
            app,
            FALLBACK,
            "NEVER",
            "a shuffle that falls back is on executors' disks, and goes with an executor that is "
            "given up: with dynamic allocation and no shuffle tracking the job fails",
        )
    if tracked:
        yield warning(
            f"spec.sparkConf[{_TRACKING}]",
            "executors are kept for shuffle files that they do not have",
            "false",
            app.conf.get(_TRACKING, ABSENT),
            [
                Change(("spec", "dynamicAllocation", "shuffleTrackingEnabled"), False),
                # Without it the driver refuses to start once tracking is off.
                Change(("spec", "sparkConf", PLUGIN_KEY), PLUGIN),
            ],
        )
