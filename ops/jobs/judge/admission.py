"""What the stack's admission policies refuse: of the application, and of its pods."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.names import DRIVER_ACCOUNT, OPERATOR_ACCOUNT, SPARK_OPERATOR_NAMESPACE
from ops.jobs.findings import ABSENT, Change, Finding, error, unknown
from ops.jobs.judge import admission_fixes
from ops.jobs.model import Application, Pods, Target
from ops.jobs.policies import refusals
from ops.jobs.reading import APPLICATION, GROUP, SCHEDULE, VERSION
from ops.plan.values import at, mapping

_OPERATOR = f"system:serviceaccount:{SPARK_OPERATOR_NAMESPACE}:{OPERATOR_ACCOUNT}"
_PERSON = "person@example.com"
_FIELD = re.compile(r"^(spec(?:\.\w+)*|executors in (spec\.sparkConf))")


def of_application(app: Application, target: Target) -> Iterator[Finding]:
    """What the API server refuses when the application is applied, or made by its schedule."""
    kinds = {APPLICATION: app.spec if not _has_state(app.status) else app.given}
    if app.scheduled:
        kinds = {SCHEDULE: {"schedule": "", "template": app.given}, APPLICATION: app.spec}
    seen: set[str] = set()
    for kind, spec in kinds.items():
        name = app.name or "x"
        document = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": kind,
            "metadata": {"name": name, "namespace": target.team.name},
            "spec": spec,
        }
        user = _PERSON if kind != APPLICATION or not app.scheduled else _OPERATOR
        resource = f"{kind.lower()}s"
        for one in refusals(target.plan, resource, document, target.team.name, user):
            if one.message not in seen:
                seen.add(one.message)
                yield _finding(one.policy, one.message, app, target)


def _has_state(status: Mapping[str, Any] | None) -> bool:
    """Whether the operator's webhook takes the application for one that ran before."""
    return at(status or {}, "applicationState.state") not in (None, "", "NEW")


def _finding(policy: str, message: str, app: Application, target: Target) -> Finding:
    match = _FIELD.match(message)
    field = (match[2] or match[1]) if match else "spec"
    if field == "spec.dynamicAllocation":
        field = f"{field}.maxExecutors"
    value = at({"spec": app.given}, field)
    instead, changes = admission_fixes.of(field, message, app, target)
    return error(
        field,
        f"{message} (policy {policy})",
        instead,
        ABSENT if value is None or isinstance(value, Mapping) else value,
        changes,
    )


def of_pods(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """What the API server refuses when spark-submit makes the driver, and the driver executors."""
    priorities = {
        one.object_name: one.inputs.get("value") for one in target.plan.of_kind("PriorityClass")
    }
    driver = f"system:serviceaccount:{target.team.name}:{DRIVER_ACCOUNT}"
    for one in pods:
        spec: dict[str, Any] = dict(one.spec)
        priority = priorities.get(str(spec.get("priorityClassName")))
        if isinstance(priority, int):
            spec["priority"] = priority
        pod = {**one.pod, "spec": spec}
        user = _OPERATOR if one.role == "driver" else driver
        for found in refusals(target.plan, "pods", pod, target.team.name, user):
            field, fix = _of_pod(one, found.message, app)
            yield error(field, f"{found.message} (policy {found.policy})", "", ABSENT, fix)


_POD_FIELDS = {
    "tolerations": "tolerations",
    "priority": "priorityClassName",
    "variables of the JVM": "env",
    "envFrom": "envFrom",
    "volumes must not be inline": "volumeMounts",
    "nodeName": "template.spec.nodeName",
}


def _of_pod(pods: Pods, message: str, app: Application) -> tuple[str, list[Change]]:
    for word, field in _POD_FIELDS.items():
        if word in message:
            fix = []
            if field == "template.spec.nodeName" and mapping(app.spec, f"{pods.role}.template"):
                fix = [Change(("spec", pods.role, *field.split(".")))]
            return f"spec.{pods.role}.{field}", fix
    return f"spec.{pods.role}", []


def unreadable(failure: ValueError) -> Finding:
    """For a policy that this program cannot evaluate."""
    return unknown("spec", f"a policy of the stack could not be evaluated here: {failure}")
