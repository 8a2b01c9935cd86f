"""A plan's Kubernetes objects as the Pulumi provider sends them, in the order it may send them."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from graphlib import TopologicalSorter
from typing import Any

from ops.plan.manifests import manifest
from ops.plan.model import Plan, Resource
from tests.plans import direct
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.processes import wait_until

ABSENT = object()
"""In `with_value`: removes the field."""

_GONE_SECONDS = 90


def objects_of(plan: Plan) -> list[Object]:
    """The manifests, each after everything it depends on."""
    return [_as_sent(one) for one in _in_order(plan) if one.is_kubernetes_object]


def of_kind(objects: Sequence[Object], kind: str) -> list[Object]:
    """The manifests of one kind, in their order."""
    return [one for one in objects if one["kind"] == kind]


def named(objects: Sequence[Object], kind: str, name: str, namespace: str = "") -> Object:
    """The one manifest of this kind, name and, where given, namespace."""
    (found,) = [
        one
        for one in of_kind(objects, kind)
        if one["metadata"]["name"] == name and namespace in ("", one["metadata"].get("namespace"))
    ]
    return found


def with_value(manifest_: Object, path: str, value: Any) -> Object:
    """A copy with the value at a path such as `spec/taints/0/key`.

    The index after a list's last item appends; `~` stands for the slash in a label's name.
    """
    changed = deepcopy(manifest_)
    words = path.split("/")
    *parents, last = [int(one) if one.isdigit() else one.replace("~", "/") for one in words]
    target: Any = changed
    for key in parents:
        target = target[key]
    if value is ABSENT:
        del target[last]
    elif isinstance(target, list) and last == len(target):
        target.append(value)
    else:
        target[last] = value
    return changed


def identity(manifest_: Object) -> tuple[str, str, str]:
    """Kind, namespace and name."""
    metadata = manifest_["metadata"]
    return manifest_["kind"], metadata.get("namespace", ""), metadata["name"]


def apply_all(api: Api, objects: Sequence[Object]) -> list[Object]:
    """Applies manifests in their order; returns the live objects in the same order."""
    return [api.apply(one) for one in objects]


def clear(api: Api, objects: Sequence[Object]) -> None:
    """Deletes all in parallel, which is faster, and waits until all are deleted."""
    for one in reversed(objects):
        api.delete(one, propagation="Background", grace_seconds=0)
    for one in objects:
        await_gone(api, one)


def await_gone(api: Api, one: Object) -> None:
    """Waits until the API server has no such object. Raises TimeoutError."""
    wait_until(lambda: api.is_gone(one), f"{identity(one)} is gone", seconds=_GONE_SECONDS)


def switch(api: Api, before: Sequence[Object], after: Sequence[Object]) -> None:
    """Takes the cluster from one plan's objects to another's, as `pulumi up` does.

    New and changed objects first; claims and other immutable objects are deleted before they are
    recreated; removed objects are deleted last, in reverse order.
    """
    old = {identity(one): one for one in before}
    for one in after:
        previous = old.get(identity(one))
        if previous == one:
            continue
        if previous and one["kind"] == "PersistentVolumeClaim":
            api.delete(one)
            await_gone(api, one)
        api.apply(one)
    wanted = {identity(one) for one in after}
    for one in reversed(before):
        if identity(one) not in wanted:
            api.delete(one)
            await_gone(api, one)


def _in_order(plan: Plan) -> Iterator[Resource]:
    by_urn = {one.urn: one for one in plan.resources}
    graph = {
        one.urn: [urn for urn in (*direct(one), one.parent) if urn in by_urn]
        for one in plan.resources
    }
    for urn in TopologicalSorter(graph).static_order():
        if not by_urn[urn].external:
            yield by_urn[urn]


def _as_sent(resource: Resource) -> Object:
    sent: dict[str, Any] = manifest(resource)
    if not (resource.inputs.get("metadata") or {}).get("name"):
        # The provider's own name; the same digits as in references of the recorded plan.
        sent["metadata"]["name"] = f"{resource.name}-00000000"
    if sent["kind"] == "PersistentVolume" and sent["spec"].get("storageClassName") == "":
        # The provider's Check drops it, as the server's encoding does.
        sent["spec"] = {k: v for k, v in sent["spec"].items() if k != "storageClassName"}
    return sent
