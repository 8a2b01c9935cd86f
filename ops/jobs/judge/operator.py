"""What the operator's webhook, the API server and spark-submit require of an application."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ops.jobs.findings import ABSENT, Change, Finding, brief, error, unknown, warning
from ops.jobs.model import Application, Pods, Target
from ops.jobs.pods import template_of
from ops.jobs.spark_conf import ROLES
from ops.plan.values import at, mapping

_AUTHENTICATE = "spark.kubernetes.authenticate"
_DENIED = {
    **{
        f"{_AUTHENTICATE}.{role}.serviceAccountName": f"spec.{role}.serviceAccount"
        for role in ROLES
    },
    **dict.fromkeys(
        (
            *(f"{_AUTHENTICATE}.{one}oauthToken" for one in ("", "driver.", "executor.")),
            *(f"{_AUTHENTICATE}.{one}oauthTokenFile" for one in ("", "driver.", "executor.")),
            *("spark.master", "spark.kubernetes.driver.master"),
        ),
        "nothing",
    ),
    **dict.fromkeys(
        (
            "spark.kubernetes.container.image",
            *(f"spark.kubernetes.{role}.container.image" for role in ROLES),
        ),
        "spec.image",
    ),
}
"""Keys that sparkconf_validator.go of spark-operator 2.5.2 refuses, and the field instead."""
_SUFFIXES = {"Python": (".py", ".zip", ".egg"), "R": (".r",)}


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Fields that contradict each other, accounts and priorities."""
    given = app.given
    if "nodeSelector" in given and any("nodeSelector" in given.get(role, {}) for role in ROLES):
        yield error(
            "spec.nodeSelector",
            "the operator's webhook refuses it beside that of driver or executor",
            "the selectors of driver and executor",
            given["nodeSelector"],
            [Change(("spec", "nodeSelector"))],
        )
    for role in ROLES:
        template = given.get(role, {}).get("template")
        if template is not None and not _is_like(template_of({"template": template}), template):
            yield error(
                f"spec.{role}.template",
                "a part of it has the wrong type: the operator's webhook refuses it",
            )
    yield from _conf(app, target)
    yield from _ports(given)
    yield from _main(app)
    yield from _restarts(app)


def _is_like(cleaned: Any, given: Any) -> bool:
    spec = mapping(mapping(given).get("spec"))
    return all(cleaned["spec"][key] == spec[key] for key in spec)


def _conf(app: Application, target: Target) -> Iterator[Finding]:
    for key, value in app.given.get("sparkConf", {}).items():
        path = ("spec", "sparkConf", key)
        if key in _DENIED:
            yield error(
                f"spec.sparkConf[{key}]",
                "the operator's webhook refuses this key",
                _DENIED[key],
                value,
                [Change(path), *_moved(app, key, value)],
            )
        elif key == "spark.kubernetes.namespace" and value != target.team.name:
            yield error(
                f"spec.sparkConf[{key}]",
                "must be the application's namespace",
                "nothing",
                value,
                [Change(path)],
            )
        elif key in ("spark.app.name", "spark.kubernetes.driver.pod.name"):
            yield warning(
                f"spec.sparkConf[{key}]",
                "the operator sets it from metadata.name",
                "nothing",
                value,
                [Change(path)],
            )
        elif (used := app.conf.get(key, value)) != value:
            yield warning(
                f"spec.sparkConf[{key}]",
                f"a field of the application sets it to {brief(used)}, which counts",
                "nothing",
                value,
                [Change(path)],
            )


def _moved(app: Application, key: str, value: str) -> list[Change]:
    """The field that holds what the key said, unless it is set."""
    for role in ROLES:
        if key == f"{_AUTHENTICATE}.{role}.serviceAccountName":
            return (
                []
                if "serviceAccount" in app.given.get(role, {})
                else [Change(("spec", role, "serviceAccount"), value)]
            )
        if key == f"spark.kubernetes.{role}.container.image":
            return (
                []
                if "image" in app.given.get(role, {})
                else [Change(("spec", role, "image"), value)]
            )
    if key == "spark.kubernetes.container.image" and "image" not in app.given:
        return [Change(("spec", "image"), value)]
    return []


def _ports(given: Mapping[str, Any]) -> Iterator[Finding]:
    for number, one in enumerate(given.get("driverIngressOptions", [])):
        if "servicePort" not in one or not one.get("ingressURLFormat"):
            yield error(
                f"spec.driverIngressOptions[{number}]",
                "the operator's webhook requires servicePort and ingressURLFormat",
                "",
                one,
            )


def _main(app: Application) -> Iterator[Finding]:
    kind, main = app.given.get("type"), app.given.get("mainApplicationFile")
    if not isinstance(main, str) or not main:
        return
    if kind in ("Java", "Scala") and not app.given.get("mainClass"):
        (unknown_or_error) = error if not main.endswith(".jar") else unknown
        yield unknown_or_error(
            "spec.mainClass",
            "is not set: spark-submit takes Main-Class of the JAR's manifest, if there is one",
            "the class with main",
        )
    suffixes = _SUFFIXES.get(str(kind), (".jar",))
    known = (".py", ".r", ".jar", ".zip", ".egg")
    if main.lower().endswith(known) and not main.lower().endswith(suffixes):
        right = {".py": "Python", ".r": "R", ".jar": "Scala"}.get(main[main.rindex(".") :].lower())
        yield error(
            "spec.type",
            f"{main.rpartition('/')[2]} is no program of type {kind}: spark-submit decides by the "
            "file's ending, and the memory overhead by the type",
            str(right or ""),
            kind,
            [Change(("spec", "type"), right)] if right else [],
        )
    if kind == "Python" and app.given.get("mainClass"):
        yield warning(
            "spec.mainClass",
            "a Python program has none",
            "nothing",
            app.given["mainClass"],
            [Change(("spec", "mainClass"))],
        )
    if kind == "Python" and app.given.get("pythonVersion") == "2":
        yield error(
            "spec.pythonVersion",
            "Spark has no Python 2 since 3.0: the driver fails",
            "3",
            "2",
            [Change(("spec", "pythonVersion"), "3")],
        )
    yield from _in_config_map(app, main)


def _in_config_map(app: Application, main: str) -> Iterator[Finding]:
    """A main file on a ConfigMap's mount: its name is a key of the ConfigMap."""
    if not main.startswith("local:///"):
        return
    path = main.removeprefix("local://")
    volumes = {one["name"]: one for one in app.given.get("volumes", [])}
    mounts = app.given.get("driver", {}).get("volumeMounts", [])
    inside = [one for one in mounts if path.startswith(f"{one.get('mountPath', '').rstrip('/')}/")]
    if not inside:
        if not path.startswith("/opt/spark/examples/"):
            yield unknown("spec.mainApplicationFile", "whether the image has this file", "", main)
        return
    mount = max(inside, key=lambda one: len(one["mountPath"]))
    name = at(volumes.get(mount["name"], {}), "configMap.name")
    for one in app.beside:
        if one.get("kind") == "ConfigMap" and at(one, "metadata.name") == name:
            keys = [*mapping(one.get("data")), *mapping(one.get("binaryData"))]
            wanted = path.removeprefix(mount["mountPath"].rstrip("/") + "/")
            items = at(volumes[mount["name"]], "configMap.items")
            if not items and wanted not in keys:
                yield error(
                    "spec.mainApplicationFile",
                    f"the ConfigMap {name} has no {wanted}",
                    f"one of {', '.join(keys)}",
                    main,
                )


def _restarts(app: Application) -> Iterator[Finding]:
    policy = app.given.get("restartPolicy", {})
    for field in ("failureRetries", "retryInterval"):
        if field in app.given:
            yield warning(
                f"spec.{field}",
                "the operator does not read it",
                "spec.restartPolicy",
                app.given[field],
            )
    if policy.get("type") == "OnFailure" and not (
        policy.get("onFailureRetries") or policy.get("onSubmissionFailureRetries")
    ):
        yield warning(
            "spec.restartPolicy.onFailureRetries",
            "is not set: OnFailure retries only with a number",
            "3",
            ABSENT,
            [Change(("spec", "restartPolicy", "onFailureRetries"), 3)],
        )
    if policy.get("type") == "Always":
        never = ": a run never ends, and with Forbid no later run of the schedule starts"
        yield warning(
            "spec.restartPolicy.type",
            f"Always starts the job again after each success, too{never if app.scheduled else ''}",
            "OnFailure",
            "Always",
        )
    if policy.get("type", "Never") == "Never" and (
        {"onFailureRetries", "onSubmissionFailureRetries"} & policy.keys()
    ):
        yield warning(
            "spec.restartPolicy.type",
            "with Never the retries have no effect",
            "OnFailure",
            policy.get("type", ABSENT),
            [Change(("spec", "restartPolicy", "type"), "OnFailure")],
        )
