"""What stands on what: an engine creates in this order, and destroys in the reverse."""

from collections.abc import Iterable, Mapping

from ops.plan.model import Plan, Resource


def direct(resource: Resource) -> set[str]:
    """URNs that a resource depends on by itself: by option, by input, by provider."""
    options = resource.options
    found = set(options.dependencies)
    for urns in options.property_dependencies.values():
        found.update(urns)
    if options.provider:
        found.add(options.provider)
    return found


class Graph:
    """The dependencies of a plan, followed to the end."""

    def __init__(self, plan: Plan) -> None:
        self._direct: Mapping[str, set[str]] = {one.urn: direct(one) for one in plan.resources}
        self._known: dict[str, frozenset[str]] = {}

    def below(self, resource: Resource) -> frozenset[str]:
        """URNs of everything that exists before a resource does, and after it is gone."""
        found = self._known.get(resource.urn)
        if found is None:
            seen: set[str] = set()
            waiting = list(self._direct.get(resource.urn, ()))
            while waiting:
                urn = waiting.pop()
                if urn in seen:
                    continue
                seen.add(urn)
                waiting += self._direct.get(urn, ())
            found = self._known[resource.urn] = frozenset(seen)
        return found

    def missing(self, resource: Resource, needed: Iterable[Resource]) -> list[Resource]:
        """Those of the needed that may go before the resource does."""
        below = self.below(resource)
        return [one for one in needed if one.urn not in below and one.urn != resource.urn]


def inputs_from(resource: Resource, key: str, plan: Plan) -> list[Resource]:
    """The resources that an input is made from."""
    urns = resource.options.property_dependencies.get(key, ())
    return [found for urn in urns if (found := plan.get(urn))]
