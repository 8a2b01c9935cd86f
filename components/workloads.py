"""The workloads of a Helm chart or EKS add-on, as its component registers them in the plan.

Rules, capacity and docs read them there and need no table of charts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic.alias_generators import to_camel


@dataclass(frozen=True)
class Workload:
    """The pods of one Deployment, DaemonSet or Job of a package.

    Fields are dotted paths into the package's values, empty where the package sets the value
    itself.
    """

    name: str
    kind: Literal["Deployment", "DaemonSet", "Job"] = "Deployment"
    values: str = ""
    """Object that holds `nodeSelector`, `tolerations` and `priorityClassName`; empty: the top."""
    replicas: str = ""
    requests: str = ""
    """Object with `requests` and `limits`; a path for each container, with spaces between them."""
    cpu: str = ""
    """CPU request of a pod, if the package sets it itself: the sum of its containers."""
    memory: str = ""
    """Memory request of a pod, as `cpu`."""
    max_replicas: str = ""
    """Largest number of replicas, if the package adds some as the cluster grows."""
    nodes_per_replica: int = 0
    cores_per_replica: int = 0
    """Nodes and vCPU of the cluster for which it has one replica."""
    one_per_node: str = ""
    """Source for packages whose replicas never share a node."""
    budget: str = ""
    """Size of the PodDisruptionBudget."""
    brings_budget: str = ""
    """Source for packages that create a PodDisruptionBudget themselves."""
    no_budget: str = ""
    """Why several replicas have no PodDisruptionBudget."""
    no_priority: str = ""
    """Why the pods have no critical priority."""
    spread: str = ""
    """Topology spread constraints."""
    tolerate_all: str = ""
    """Switch by which a DaemonSet tolerates every taint."""
    removes_taint: str = ""
    """Start-up taint that the pods remove from a node once they serve it."""

    def below(self, key: str) -> str:
        """The path of a key of the object `values`."""
        return f"{self.values}.{key}" if self.values else key

    def fixed_paths(self) -> list[str]:
        """Values that determine placement and availability: users cannot set them."""
        placed = ["nodeSelector", "tolerations", "priorityClassName"]
        paths = [] if self.kind == "DaemonSet" else [self.below(key) for key in placed]
        paths += [self.replicas, self.max_replicas, self.budget, self.spread, self.tolerate_all]
        return [path for path in paths if path]


@dataclass(frozen=True)
class Versions:
    """Versions of a package that the platform works with."""

    least: str = ""
    """The oldest: `v1.14.0-eksbuild.1`."""
    why: str = ""
    """What an older one lacks."""
    of_cluster: bool = False
    """The minor must be that of the cluster's Kubernetes."""


def package(
    workloads: Sequence[Workload],
    *,
    calls_aws: bool,
    provides: Sequence[str] = (),
    api_groups: Sequence[str] = (),
    versions: Versions | None = None,
) -> Mapping[str, Any]:
    """A package as its component registers it: output `packages`, by the resource's name.

    `provides` are capabilities that other resources need: `dns`, `node-networking`, `csi:<driver>`,
    `node-group-scaling`, `spark-jobs`. `api_groups` are those of the custom resources that it
    reconciles or defines.
    """
    return {
        "callsAws": calls_aws,
        "provides": list(provides),
        "apiGroups": list(api_groups),
        **({"versions": _set_fields(versions)} if versions else {}),
        "workloads": [_set_fields(one) for one in workloads],
    }


def _set_fields(one: Workload | Versions) -> dict[str, Any]:
    return {to_camel(key): value for key, value in asdict(one).items() if value}
