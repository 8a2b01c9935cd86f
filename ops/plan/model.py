"""A recorded plan: the registered resources, as plain data."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

STACK_TYPE = "pulumi:pulumi:Stack"


def generated_name(name: str) -> str:
    """The physical name that a provider generates: the logical name and 8 random hex digits."""
    return f"{name}-00000000"


@dataclass(frozen=True)
class Options:
    """The resource options of one registration; lists are sorted, resources are URNs."""

    protect: bool = False
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delete_before_replace: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    provider: str = ""
    providers: Mapping[str, str] = field(default_factory=dict)
    custom_timeouts: Mapping[str, str] = field(default_factory=dict)
    import_id: str = ""
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True)
class Resource:
    """One registered resource.

    `inputs` are the update run's, in the provider's names, with secrets as `[secret]`;
    `unknown` are the paths that a first preview does not know; `external` is a resource that the
    program only reads.
    """

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    remote: bool
    inputs: Mapping[str, Any]
    unknown: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    external: bool = False
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """The outputs that a component of the program registers; empty for other resources."""
    identifiers: tuple[str, ...] = ()
    """The id and ARN that a recording gives an AWS resource; empty in a plan of an engine."""

    @property
    def package(self) -> str:
        """The provider package: `aws`, `kubernetes`, the project's own namespace for components."""
        if self.type.startswith("pulumi:providers:"):
            return self.type.rsplit(":", 1)[1]
        return self.type.split(":", 1)[0]

    @property
    def short_type(self) -> str:
        """The short type: `aws:ec2/vpc:Vpc` is `aws:ec2:Vpc`."""
        package, module, kind = [*self.type.split(":", 2), "", ""][:3]
        if package == "kubernetes" and self.is_custom_object:
            return f"{self.inputs.get('apiVersion')}:{self.inputs.get('kind')}"
        if package == "kubernetes":
            return f"{module}:{kind}"
        return f"{package}:{module.split('/')[0]}:{kind}"

    @property
    def object_name(self) -> str:
        """The name in the cluster of a Kubernetes object, the logical name of anything else."""
        metadata = self.inputs.get("metadata")
        found = metadata.get("name") if isinstance(metadata, Mapping) else None
        return str(found) if found and self.is_kubernetes_object else self.name

    @property
    def is_provider(self) -> bool:
        return self.type.startswith("pulumi:providers:")

    @property
    def is_kubernetes_object(self) -> bool:
        """Whether this is sent to the API server as one object with apiVersion and kind.

        A Patch resource is not: it is a part of another one.
        """
        is_object = self.package == "kubernetes" and self.custom and "kind" in self.inputs
        return is_object and not self.type.endswith("Patch")

    @property
    def is_custom_object(self) -> bool:
        group = self.type.split(":")[1].split("/")[0]
        built_in = group in _SHORT_GROUPS or group.endswith(".k8s.io")
        return self.is_kubernetes_object and not built_in


# The API groups without a domain of their own, and `core`, which has no name at all.
_SHORT_GROUPS = frozenset({"apps", "autoscaling", "batch", "core", "policy"})


@dataclass(frozen=True)
class Invoke:
    """One provider function that the program calls."""

    token: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """Everything that one stack's program registers; resources are sorted by URN."""

    project: str
    stack: str
    resources: tuple[Resource, ...]
    exports: Mapping[str, Any] = field(default_factory=dict)
    invokes: tuple[Invoke, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def _by_urn(self) -> dict[str, Resource]:
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _by_identifier(self) -> dict[str, Resource]:
        # A plain name, as in IAM, is also the id of resources of other types.
        return {
            key: one
            for one in self.resources
            for key in one.identifiers
            if ":" in key or key.endswith(f"-{one.name}")
        }

    @cached_property
    def _children(self) -> dict[str, tuple[Resource, ...]]:
        children: dict[str, list[Resource]] = {}
        for resource in self.resources:
            parent = resource.parent if resource.parent in self._by_urn else ""
            children.setdefault(parent, []).append(resource)
        return {parent: tuple(found) for parent, found in children.items()}

    def get(self, urn: str) -> Resource | None:
        return self._by_urn.get(urn)

    def identified(self, identifier: str) -> Resource | None:
        """Returns the AWS resource with this id or ARN, in a recorded plan."""
        return self._by_identifier.get(identifier)

    def by_type(self, type_: str) -> tuple[Resource, ...]:
        """Returns the resources of a type (`aws:sqs/queue:Queue`)."""
        return tuple(resource for resource in self.resources if resource.type == type_)

    def by_name(self, name: str) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.name == name)

    def of_kind(self, kind: str) -> tuple[Resource, ...]:
        """Returns the Kubernetes objects of a kind (`NodePool`)."""
        return tuple(
            resource
            for resource in self.resources
            if resource.is_kubernetes_object and resource.inputs.get("kind") == kind
        )

    def children(self, urn: str = "") -> tuple[Resource, ...]:
        """Returns the resources directly below `urn`; without it those without a parent."""
        return self._children.get(urn, ())

    def below(self, urn: str) -> Iterator[Resource]:
        """Yields all resources below `urn`, at any depth."""
        for child in self.children(urn):
            yield child
            yield from self.below(child.urn)

    def component(self, resource: Resource) -> Resource | None:
        """Returns the outermost component around the resource, itself included."""
        top = resource
        while parent := self.get(top.parent):
            top = parent
        return None if top.custom else top

    def to_json(self) -> str:
        """Returns the plan as JSON, the same bytes for the same plan."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Returns the plan that `to_json` wrote. Raises ValueError for anything else."""
        try:
            raw = json.loads(text)
            return cls(
                project=raw["project"],
                stack=raw["stack"],
                resources=tuple(_resource(item) for item in raw["resources"]),
                exports=raw["exports"],
                invokes=tuple(Invoke(**item) for item in raw["invokes"]),
                notes=tuple(raw["notes"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a plan: {error}") from error


def without_stack(urn: str, stack: str) -> str:
    """Returns the URN without its stack's name, to compare resources of two stacks."""
    return urn.replace(f"urn:pulumi:{stack}::", "urn:pulumi:::", 1)


def parent_types(urn: str) -> tuple[str, ...]:
    """Returns the types of the components around a resource, outermost first."""
    return tuple(urn.split("::")[2].split("$")[:-1])


def _resource(raw: dict[str, Any]) -> Resource:
    options: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in raw["options"].items()
    }
    options["property_dependencies"] = {
        key: tuple(urns) for key, urns in options["property_dependencies"].items()
    }
    rest = {key: value for key, value in raw.items() if key != "options"}
    for key in ("unknown", "identifiers"):
        rest[key] = tuple(raw.get(key, ()))
    return Resource(**rest, options=Options(**options))


def sorted_unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(items)))
