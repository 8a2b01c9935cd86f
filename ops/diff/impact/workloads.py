"""Pods of the platform that restart: Helm releases, add-ons, DaemonSets, Deployments."""

import re
from collections.abc import Iterator

from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of, forcing_causes, merged
from ops.diff.steps import Operation, Step
from ops.plan.packages import ADDON, RELEASE
from ops.plan.values import mapping

_DEFINITIONS = ("-crd", "-crds")
"""End of the names of charts of definitions only."""
_RUNNERS = ("DaemonSet", "Deployment", "StatefulSet")


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what restarts, and what is removed."""
    for step in diff.of_type(RELEASE):
        yield from _release(step)
    for step in diff.of_type(ADDON):
        yield from _addon(step)
    yield from merged(_runners(diff))


def _release(step: Step) -> Iterator[Consequence]:
    if step.old is None:
        return
    name = str(step.resource.inputs.get("name") or step.resource.name)
    if step.is_deleted:
        doing = "removes" if step.operation is Operation.delete else "replaces"
        text = f"{doing} Helm release {name}: its objects are deleted first"
        yield Consequence(Kind.removes, text, forcing_causes(step))
    elif step.changed_paths:
        before, after = (str(one.inputs.get("version")) for one in (step.old, step.resource) if one)
        version = f" from {before} to {after}" if before != after else ""
        doing = "downgraded" if _order(after) < _order(before) else "upgraded"
        what = f"restarts the controller of Helm release {name}"
        if name.endswith(_DEFINITIONS):
            what = f"changes the definitions of Helm release {name}, which has no controller"
        text = f"{what}: it is {doing}{version}"
        yield Consequence(Kind.restarts, text, causes_of(step))


def _order(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"[0-9]+", version)]


def _addon(step: Step) -> Iterator[Consequence]:
    if step.old is None:
        return
    name = str(step.resource.inputs.get("addonName") or step.resource.name)
    if step.is_deleted:
        doing = "removes" if step.operation is Operation.delete else "replaces"
        text = f"{doing} add-on {name}: pods that need it fail until then"
        yield Consequence(Kind.removes, text, forcing_causes(step))
    elif step.touches("addonVersion", "configurationValues", "serviceAccountRoleArn"):
        text = f"restarts the pods of add-on {name}, node by node"
        yield Consequence(Kind.restarts, text, causes_of(step))


def _runners(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    for step in diff.of_kind(*_RUNNERS):
        if step.old is None:
            continue
        kind = step.resource.inputs["kind"]
        name = step.resource.object_name
        if step.is_deleted:
            doing = "removes" if step.operation is Operation.delete else "replaces"
            text = f"{doing} {kind} {{}}: its pods end first"
            yield name, Consequence(Kind.removes, text, forcing_causes(step))
        elif step.touches("spec.template"):
            yield name, Consequence(Kind.restarts, _restart(step, kind), causes_of(step))


def _restart(step: Step, kind: str) -> str:
    strategy = mapping(step.resource.inputs, "spec.updateStrategy")
    if kind == "DaemonSet" and strategy.get("type") == "OnDelete":
        return "DaemonSet {} changes on a node when its pod there is deleted, not before"
    if kind == "DaemonSet":
        at_once = (strategy.get("rollingUpdate") or {}).get("maxUnavailable") or 1
        return f"restarts DaemonSet {{}} on every node, {at_once} at a time"
    return f"restarts {kind} {{}}"
