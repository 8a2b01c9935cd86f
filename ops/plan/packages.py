"""Helm charts and EKS add-ons of a plan, with the workloads that their components register."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.plan.model import Plan, Resource
from ops.plan.values import UNKNOWN, at

RELEASE = "kubernetes:helm.sh/v3:Release"
ADDON = "aws:eks/addon:Addon"


def registered(plan: Plan, output: str) -> Iterator[tuple[Resource, Any]]:
    """Every component that registers an output of this name, and its value."""
    for one in plan.resources:
        if output in one.outputs:
            yield one, one.outputs[output]


@dataclass(frozen=True)
class Workload:
    """Pods of a package, as its component registers them; components/workloads.py has the fields.

    `budget`, `max_replicas`, `replicas`, `requests`, `spread`, `tolerate_all` and `values` are
    paths into the package's values.
    """

    name: str
    kind: str = ""
    values: str = ""
    replicas: str = ""
    requests: str = ""
    cpu: str = ""
    memory: str = ""
    max_replicas: str = ""
    nodes_per_replica: str = ""
    cores_per_replica: str = ""
    one_per_node: str = ""
    budget: str = ""
    brings_budget: str = ""
    no_budget: str = ""
    no_priority: str = ""
    spread: str = ""
    tolerate_all: str = ""
    removes_taint: str = ""

    @property
    def containers(self) -> list[str]:
        """Paths of the containers' resources."""
        return self.requests.split()

    @property
    def is_placed(self) -> bool:
        """Whether it must run on system nodes: a DaemonSet runs on all nodes."""
        return self.kind != "DaemonSet"


@dataclass(frozen=True)
class Package:
    """A Helm release or an EKS add-on with its values."""

    resource: Resource
    name: str
    values: Any
    """UNKNOWN where an engine's first preview does not know them."""
    registered: bool
    """Whether its component registers its workloads."""
    workloads: tuple[Workload, ...] = ()
    calls_aws: bool = False
    provides: tuple[str, ...] = ()
    """Capabilities that other resources need: `dns`, `node-networking`, `csi:<driver>` ..."""
    api_groups: tuple[str, ...] = ()
    """API groups of the custom resources that it reconciles or defines."""
    component: Resource | None = None
    versions: Mapping[str, Any] = field(default_factory=dict)
    """`least`, `why` and `ofCluster`: components/workloads.py has the fields."""

    def at(self, path: str) -> Any:
        """The value at a dotted path, all values at the empty one."""
        return at(self.values, path) if path else self.values


def packages(plan: Plan) -> Iterator[Package]:
    """Every chart and add-on of the plan."""
    known = {
        (component.urn, name): found
        for component, packages in registered(plan, "packages")
        for name, found in packages.items()
    }
    for one in (*plan.by_type(RELEASE), *plan.by_type(ADDON)):
        found = known.get((one.parent, one.name))
        yield _package(one, found, plan.get(one.parent))


def _package(one: Resource, found: Mapping[str, Any] | None, parent: Resource | None) -> Package:
    if one.type == RELEASE:
        name = str(one.inputs.get("chart")).rpartition("/")[2]
        values = one.inputs.get("values") or {}
    else:
        name = str(one.inputs.get("addonName"))
        values = _parsed(one.inputs.get("configurationValues"))
    if found is None:
        return Package(one, name, values, registered=False)
    return Package(
        one,
        name,
        values,
        registered=True,
        workloads=tuple(_workload(item) for item in found.get("workloads", ())),
        calls_aws=bool(found.get("callsAws")),
        provides=tuple(found.get("provides", ())),
        api_groups=tuple(found.get("apiGroups", ())),
        component=parent,
        versions=found.get("versions", {}),
    )


def _workload(item: Mapping[str, Any]) -> Workload:
    snake = {re.sub("[A-Z]", r"_\g<0>", key).lower(): str(value) for key, value in item.items()}
    return Workload(**snake)


def _parsed(text: Any) -> Any:
    """The configuration of an add-on, which is JSON text."""
    try:
        return json.loads(text or "{}")
    except ValueError:
        return UNKNOWN
