"""Celeborn's configuration in a plan."""

from collections.abc import Iterator, Mapping

from components.names import CELEBORN_NAMESPACE
from ops.plan.model import Plan, Resource
from ops.plan.values import mapping
from ops.plan.workloads import in_namespace


def configurations(plan: Plan) -> Iterator[tuple[Resource, Mapping[str, str]]]:
    """Yields the ConfigMap of masters and workers, with the keys of its celeborn-defaults.conf."""
    for one in in_namespace(plan, "ConfigMap", CELEBORN_NAMESPACE):
        text = str(mapping(one.inputs, "data").get("celeborn-defaults.conf", ""))
        yield one, keys_of(text)


def keys_of(text: str) -> Mapping[str, str]:
    """Returns the keys and values of a file such as celeborn-defaults.conf."""
    pairs = (line.split(None, 1) for line in text.splitlines())
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) > 1}
