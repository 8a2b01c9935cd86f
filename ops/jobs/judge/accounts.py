"""Service accounts and PriorityClasses of driver and executors."""

from collections.abc import Iterator, Sequence

from components.names import (
    DRIVER_ACCOUNT,
    DRIVER_PRIORITY,
    EXECUTOR_ACCOUNT,
    EXECUTOR_PRIORITY,
)
from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.model import Application, Pods, Target
from ops.plan.workloads import in_namespace

_PRESETS = {
    "driver": (DRIVER_ACCOUNT, DRIVER_PRIORITY),
    "executor": (EXECUTOR_ACCOUNT, EXECUTOR_PRIORITY),
}


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Accounts and classes that the API server refuses, or that lack a right."""
    for one in pods:
        yield from _account(app, one, target)
        yield from _priority(app, one, target)


def _account(app: Application, pods: Pods, target: Target) -> Iterator[Finding]:
    role = pods.role
    wanted = _PRESETS[role][0]
    accounts = {
        one.object_name for one in in_namespace(target.plan, "ServiceAccount", target.team.name)
    }
    given = str(pods.spec["serviceAccountName"])
    own = app.given.get(role, {}).get("serviceAccount")
    field = f"spec.{role}.serviceAccount"
    change = [Change(("spec", role, "serviceAccount"), wanted)]
    if given == wanted:
        return
    if given not in accounts and given != "default" and not app.has_beside("ServiceAccount", given):
        if role == "executor" and own is None:
            yield warning(
                field, "is not set: executors run as the driver's account", wanted, ABSENT, change
            )
            return
        yield error(
            field,
            f"the stack creates no such account in namespace {target.team.name}, and the API "
            "server refuses the pod",
            wanted,
            own if own is not None else given,
            change,
        )
    elif role == "driver" and any(str(one.get("kind")).endswith("Binding") for one in app.beside):
        yield unknown(
            field,
            "whether the bindings beside it let its account create pods; it has no role of AWS",
            wanted,
            given,
        )
    elif role == "driver":
        yield error(
            field,
            f"the account {given} may create no pods, and has no role of AWS: the driver fails",
            wanted,
            own if own is not None else ABSENT,
            change,
        )
    else:
        why = f"executors run as {given}"
        why += (
            ", which may create pods: they need no right in the API server"
            if (given == DRIVER_ACCOUNT)
            else ", which has no role of AWS: S3 returns 403"
        )
        yield warning(field, why, wanted, own if own is not None else ABSENT, change)


def _priority(app: Application, pods: Pods, target: Target) -> Iterator[Finding]:
    role = pods.role
    classes = {one.object_name for one in target.plan.of_kind("PriorityClass")}
    wanted = _PRESETS[role][1]
    given = pods.spec.get("priorityClassName")
    field = f"spec.{role}.priorityClassName"
    change = [Change(("spec", role, "priorityClassName"), wanted)]
    if given is None:
        if wanted in classes:
            yield warning(
                field,
                "is not set: other teams' pods preempt it"
                if role == "executor"
                else "is not set: a driver may be preempted like any pod",
                wanted,
                ABSENT,
                change,
            )
    elif str(given).startswith("system-"):
        yield error(
            field, "the team's quota refuses pods of the system's classes", wanted, given, change
        )
    elif given not in classes:
        yield error(
            field,
            "the stack has no such PriorityClass: the API server refuses the pod",
            wanted,
            given,
            change,
        )
