"""A Helm chart as a component: namespace, role, CRDs, release, and the metadata that the tools
read.

docs/adding-an-addon.md shows a whole add-on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_kubernetes as k8s
from pydantic import field_validator

from components.base import Problems, Settings
from components.context import Context
from components.identity import ServiceAccountRole, Statement
from components.names import KUBE_SYSTEM
from components.namespace import create_namespace, create_policies
from components.workloads import Workload, package
from versions import Chart


class HelmSettings(Settings):
    """Settings of a chart: the user's values, merged with those of the component."""

    values: dict[str, Any] = {}
    """Values of the chart, merged over the platform's own. Values that the platform depends on are
    rejected."""

    fixed: ClassVar[Sequence[str]] = ()
    """Paths of values that users cannot set, including everything below them."""

    @field_validator("values")
    @classmethod
    def _not_fixed(cls, value: dict[str, Any]) -> dict[str, Any]:
        for path in _leaves(value):
            for fixed in cls.fixed:
                if f"{path}.".startswith(f"{fixed}.") or f"{fixed}.".startswith(f"{path}."):
                    raise ValueError(f"{path} cannot be set: the platform sets {fixed} itself")
        return value


class OptionalAddonSettings(HelmSettings):
    """`addons.<name>`: an add-on that a stack can have."""

    enabled: bool = False
    """Install it."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])


class HelmAddon(pulumi.ComponentResource):
    """A chart's release with everything that belongs to it.

    A subclass passes its own data to `super().__init__`, creates a role or CRDs where the chart
    needs them, and calls `install` last.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        chart: Chart,
        context: Context,
        *,
        namespace: str,
        workloads: Sequence[Workload],
        pod_security: str = "restricted",
        provides: Sequence[str] = (),
        api_groups: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`pod_security` is the Pod Security level that a namespace of its own enforces; `provides`
        and `api_groups` as in components/workloads.py."""
        super().__init__(f"spark-on-eks:{kind}", name, None, context.options(opts))
        self.own = pulumi.ResourceOptions(parent=self)
        self.namespace = namespace
        self._name, self._chart, self._context = name, chart, context
        self._workloads, self._provides, self._api_groups = workloads, provides, api_groups
        self._first: list[pulumi.Resource] = []
        self._namespaces: list[pulumi.Resource] = []
        self._packages: dict[str, Mapping[str, Any]] = {}
        self._calls_aws = False
        if namespace != KUBE_SYSTEM:
            made = self.create_namespace(f"{name}-namespace", namespace, pod_security)
            self._namespaces.append(made)
            self._first += self._namespaces

    def create_namespace(self, name: str, namespace: str, level: str) -> k8s.core.v1.Namespace:
        """A namespace that enforces a Pod Security level, and warns below `restricted`."""
        warn = "restricted" if level != "restricted" else None
        return create_namespace(name, namespace, level, self.own, warn=warn)

    def create_role(
        self, service_account: str, policies: Mapping[str, Sequence[Statement]]
    ) -> pulumi.Output[str]:
        """The IAM role of the chart's service account; returns its ARN."""
        role = ServiceAccountRole(
            f"{self._name}-controller",
            namespace=self.namespace,
            service_account=service_account,
            oidc=self._context.cluster.oidc,
            cloud=self._context.cloud,
            policies=policies,
            opts=self.own,
        )
        self._first.append(role)
        self._calls_aws = True
        return role.arn

    def create_network_policies(
        self, policies: Mapping[str, k8s.networking.v1.NetworkPolicySpecArgsDict]
    ) -> None:
        """NetworkPolicies of the add-on's namespace, by name."""
        after = pulumi.ResourceOptions(depends_on=list(self._first))
        opts = pulumi.ResourceOptions.merge(self.own, after)
        self._first += create_policies(f"{self._name}-{{}}", self.namespace, policies, opts)

    def create_crds(self, chart: Chart) -> None:
        """A release of the CRDs alone: Helm never upgrades the CRDs inside a chart."""
        self._first.append(self._release(f"{self._name}-crds", chart, self._namespaces, {}, False))

    def install(
        self,
        values: Mapping[str, Any],
        settings: HelmSettings,
        *,
        after: Sequence[pulumi.Resource] = (),
        skip_crds: bool = False,
    ) -> None:
        """Creates the release after the component's other resources and `after`; registers the
        outputs."""
        after = [*self._first, *after]
        merged = merge(values, settings.values)
        self._release(f"{self._name}-release", self._chart, after, merged, skip_crds)
        self.register_outputs({"namespace": self.namespace, "packages": self._packages})

    def _release(
        self,
        name: str,
        chart: Chart,
        after: Sequence[pulumi.Resource],
        values: Mapping[str, Any],
        skip_crds: bool,
    ) -> k8s.helm.v3.Release:
        is_main = chart is self._chart
        self._packages[name] = package(
            self._workloads if is_main else (),
            calls_aws=self._calls_aws and is_main,
            provides=self._provides if is_main else (),
            api_groups=self._api_groups,
        )
        depends_on = [*self._context.after, *after]
        return k8s.helm.v3.Release(
            name,
            # Names of the chart's objects, service account included, come from it.
            name=chart.name,
            chart=chart.chart,
            version=chart.version,
            repository_opts={"repo": chart.repository} if chart.repository else None,
            namespace=self.namespace,
            skip_crds=skip_crds or None,
            values=dict(values) or None,
            opts=pulumi.ResourceOptions.merge(
                self.own, pulumi.ResourceOptions(depends_on=depends_on)
            ),
        )


def merge(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Values with the user's over ours, object by object; a list is replaced as a whole."""
    merged = dict(ours)
    for key, value in theirs.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = merge(below, value) if both else value
    return merged


def resources(cpu: str, memory_mib: int) -> dict[str, Any]:
    """Requests and the memory limit of a pod, as charts take them."""
    memory = f"{memory_mib}Mi"
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def _leaves(values: Mapping[str, Any], above: str = "") -> list[str]:
    found = []
    for key, value in values.items():
        path = f"{above}{key}"
        found += _leaves(value, f"{path}.") if isinstance(value, Mapping) and value else [path]
    return found
