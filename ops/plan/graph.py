"""The dependencies of a plan. An engine creates a resource after its dependencies, and deletes it
before them."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from ops.plan import paths
from ops.plan.model import Plan, Resource
from ops.plan.values import UNKNOWN

PROVIDER = "(provider)"


class Reference(NamedTuple):
    """An input of a resource, or its provider, that comes from another resource."""

    input: str
    """The input's name, or PROVIDER."""
    urn: str
    """The other resource."""


def references(resource: Resource) -> Iterator[Reference]:
    """Yields the resources that each input comes from, then the provider."""
    for name, urns in resource.options.property_dependencies.items():
        for urn in urns:
            yield Reference(name, urn)
    if resource.options.provider:
        yield Reference(PROVIDER, resource.options.provider)


def direct(resource: Resource) -> set[str]:
    """Returns the URNs that a resource itself depends on: by option, by input, by provider."""
    return {*resource.options.dependencies, *(one.urn for one in references(resource))}


def inputs_from(resource: Resource, key: str, plan: Plan) -> list[Resource]:
    """Returns the resources of the plan that an input comes from; none without the input.

    In a recorded plan its value counts, too: what it names it comes from, and it does not come from
    an AWS resource that it does not mention.
    """
    value = resource.inputs.get(key)
    if value is None:
        return []
    urns = resource.options.property_dependencies.get(key, ())
    depends = [found for urn in urns if (found := plan.get(urn))]
    texts = [str(leaf) for _, leaf in paths.leaves(value)]
    if UNKNOWN in texts:
        return depends
    named = [found for text in texts if (found := plan.identified(text))]
    kept = [one for one in depends if not one.identifiers or _mentioned(one, texts)]
    return list({one.urn: one for one in (*kept, *named) if one.urn != resource.urn}.values())


def _mentioned(resource: Resource, texts: Sequence[str]) -> bool:
    """Whether one of the texts has the resource's id, its ARN, or a text that it is given, as its
    name."""
    given = (value for value in resource.inputs.values() if isinstance(value, str) and value)
    words = (*resource.identifiers, resource.name, *given)
    return any(word in text for word in words for text in texts)


Node = TypeVar("Node", bound=Hashable)


def reachable(starts: Iterable[Node], edges: Mapping[Node, Iterable[Node]]) -> frozenset[Node]:
    """Returns the nodes reachable from `starts`, `starts` included."""
    seen: set[Node] = set()
    waiting = list(starts)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += edges.get(node, ())
    return frozenset(seen)


class Graph:
    """The dependencies of a plan, direct and transitive."""

    def __init__(self, plan: Plan) -> None:
        self._direct: Mapping[str, set[str]] = {one.urn: direct(one) for one in plan.resources}
        self._below: dict[str, frozenset[str]] = {}

    def below(self, resource: Resource) -> frozenset[str]:
        """Returns the URNs that exist before the resource is created and after it is deleted."""
        if resource.urn not in self._below:
            self._below[resource.urn] = reachable(self._direct.get(resource.urn, ()), self._direct)
        return self._below[resource.urn]

    def missing(self, resource: Resource, needed: Iterable[Resource]) -> list[Resource]:
        """Returns those of the needed resources that may be deleted before the resource is."""
        below = self.below(resource)
        return [one for one in needed if one.urn not in below and one.urn != resource.urn]
