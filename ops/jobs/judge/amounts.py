"""Amounts that a pod asks for, as quotas and the scheduler count them."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ops.plan import quantity
from ops.plan.values import mapping

_DEFAULTED = ("cpu", "memory", "ephemeral-storage")


def with_defaults(pod: Mapping[str, Any], limits: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The pod with the defaults of LimitRanges for its containers' resources."""
    spec = dict(pod["spec"])
    ranges = list(limits)
    for key in ("containers", "initContainers"):
        if key in spec:
            spec[key] = [{**one, "resources": _defaulted(one, ranges)} for one in spec[key]]
    return {**pod, "spec": spec}


def _defaulted(
    container: Mapping[str, Any], ranges: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    resources = mapping(container.get("resources"))
    requests, limits = dict(mapping(resources, "requests")), dict(mapping(resources, "limits"))
    given = dict(limits)
    for one in ranges:
        limits = {**mapping(one.get("default")), **limits}
        # The server's own default: the request of a resource is its limit.
        requests = {**mapping(one.get("defaultRequest")), **given, **requests}
    return {"requests": {**given, **requests}, "limits": limits}


def requests(pod: Mapping[str, Any]) -> dict[str, Fraction]:
    """What a quota counts of one pod: `requests.cpu`, `limits.memory`, `pods` and the like.

    The containers together, or the largest init container if that is more. An unreadable amount
    counts as none: the API server refuses it before.
    """
    total: dict[str, Fraction] = {}
    for one in pod["spec"]["containers"]:
        for key, value in _of(one).items():
            total[key] = total.get(key, Fraction(0)) + value
    for one in pod["spec"].get("initContainers", []):
        for key, value in _of(one).items():
            total[key] = max(total.get(key, Fraction(0)), value)
    return {**total, "pods": Fraction(1)}


def _of(container: Mapping[str, Any]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    resources = mapping(container.get("resources"))
    for part in ("requests", "limits"):
        for key, value in mapping(resources, part).items():
            try:
                found[f"{part}.{key}"] = parsed(value)
            except ValueError:
                continue
    return found


def parsed(value: Any) -> Fraction:
    """An amount of this program, or a Kubernetes quantity. Raises ValueError."""
    return value if isinstance(value, Fraction) else quantity.parse(value)
