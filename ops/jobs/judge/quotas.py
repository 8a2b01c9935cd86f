"""ResourceQuotas, LimitRanges, the executor limit's companions, and YuniKorn's queues."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import yaml

from components.names import YUNIKORN_NAMESPACE
from ops.jobs.findings import Finding, error, warning
from ops.jobs.judge.amounts import parsed, requests, with_defaults
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import ON_DEMAND, in_volumes
from ops.plan import quantity
from ops.plan.packages import RELEASE
from ops.plan.quantity import shown
from ops.plan.values import at, mapping, mappings, sequence

_BARE = {
    "cpu": "requests.cpu",
    "memory": "requests.memory",
    "ephemeral-storage": "requests.ephemeral-storage",
}
_COMPUTE = ("requests.", "limits.")


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Pods that the quota denies, or that the queue never allocates."""
    defaults = [
        one for one in target.team.container_limits if "default" in one or "defaultRequest" in one
    ]
    amounts = {one.role: requests(with_defaults(one.pod, defaults)) for one in pods}
    for one in pods:
        yield from _container_limits(one, amounts[one.role], target)
    for quota in target.team.quotas:
        yield from _quota(app, [one for one in pods if _counts(quota, one)], amounts, quota, target)
    yield from _queue(pods, amounts, target)


def _counts(quota: Mapping[str, Any], pods: Pods) -> bool:
    """Whether the quota counts these pods. Only scopes by priority are evaluated; with any other
    scope the pods count, so that an unknown scope denies the job."""
    named = pods.spec.get("priorityClassName")
    return all(
        _in_scope(term, named)
        for term in mappings(at(quota, "scopeSelector.matchExpressions"))
        if term.get("scopeName") == "PriorityClass"
    )


def _in_scope(term: Mapping[str, Any], named: Any) -> bool:
    values = sequence(term.get("values"))
    match term.get("operator"):
        case "In":
            return named in values
        case "NotIn":
            return named not in values
        case "Exists":
            return named is not None
    return named is None


def _quota(
    app: Application,
    pods: Sequence[Pods],
    amounts: Mapping[str, Mapping[str, Fraction]],
    quota: Mapping[str, Any],
    target: Target,
) -> Iterator[Finding]:
    # A quota on limits.cpu refuses pods without one.
    for key, most in mapping(quota.get("hard")).items():
        resource = _BARE.get(key, key).removeprefix("count/")
        allowed = quantity.parse(most) - _taken(resource, target)
        if resource.startswith(_COMPUTE):
            lacking = [one for one in pods if resource not in amounts[one.role]]
            if lacking and resource in (
                "limits.cpu",
                "requests.cpu",
                "limits.memory",
                "requests.memory",
            ):
                field = "coreLimit" if resource == "limits.cpu" else "memory"
                for one in lacking:
                    yield error(
                        f"spec.{one.role}.{field}",
                        f"a quota on {resource} needs one in driver and executor",
                    )
                continue
        needed = {one.role: _needed(resource, one, amounts[one.role], app) for one in pods}
        yield from _total(resource, allowed, needed, pods=pods, app=app, target=target)


def _taken(resource: str, target: Target) -> Fraction:
    """What the stack's own claims leave no room for, that of the JARs for one."""
    claims = target.team.claims
    if resource == "persistentvolumeclaims":
        return Fraction(len(claims))
    if resource == "requests.storage":
        sizes = (at(one, "resources.requests.storage") for one in claims)
        return sum((quantity.parse(one) for one in sizes if one is not None), Fraction(0))
    return Fraction(0)


def _needed(
    resource: str, pods: Pods, amounts: Mapping[str, Fraction], app: Application
) -> Fraction:
    """What one pod needs of a resource: claims on demand count, too."""
    if resource in ("persistentvolumeclaims", "requests.storage"):
        claims = [
            options
            for (kind, _), options in in_volumes(app.conf, pods.role).items()
            if kind == "persistentVolumeClaim" and options.get("options.claimName") == ON_DEMAND
        ]
        if resource == "persistentvolumeclaims":
            return Fraction(len(claims))
        return sum((_size(one) for one in claims), Fraction(0))
    return amounts.get(resource, Fraction(0))


def _size(options: Mapping[str, str]) -> Fraction:
    try:
        return quantity.parse(options.get("options.sizeLimit", "0"))
    except ValueError:
        return Fraction(0)


def _total(
    resource: str,
    allowed: Fraction,
    needed: Mapping[str, Fraction],
    *,
    pods: Sequence[Pods],
    app: Application,
    target: Target,
) -> Iterator[Finding]:
    """A line if the job does not fit: an error where its first executors do not."""
    least = sum((needed[one.role] * max(one.least, 0) for one in pods), Fraction(0))
    most = sum((needed[one.role] * one.count for one in pods), Fraction(0))
    quota = f"the quota of team {target.team.name} is {shown(resource, allowed)}"
    field = "spec.executor.instances"
    if app.spec.get("dynamicAllocation"):
        field = "spec.dynamicAllocation.maxExecutors"
    instead = "fewer executors (EXECUTORS=), or a larger spark.teams[].quota in the stack file"
    if any(needed[one.role] > allowed for one in pods):
        (one, *_) = [one for one in pods if needed[one.role] > allowed]
        alone = f"one {one.role} needs {shown(resource, needed[one.role])} of {resource} and"
        yield error(
            _role_field(resource, one.role),
            f"{alone} {quota}",
            "smaller pods, or a larger spark.teams[].quota in the stack file",
        )
    elif least > allowed:
        yield error(
            field, f"the job needs {shown(resource, least)} of {resource} and {quota}", instead
        )
    elif most > allowed:
        yield warning(
            field,
            f"with all executors the job needs {shown(resource, most)} of {resource} and {quota}: "
            "it gets fewer",
            instead,
        )


def _role_field(resource: str, role: str) -> str:
    if resource.endswith("memory"):
        return f"spec.{role}.memory"
    return f"spec.{role}.cores" if resource.endswith("cpu") else f"spec.{role}"


def _container_limits(
    pods: Pods, amounts: Mapping[str, Fraction], target: Target
) -> Iterator[Finding]:
    """LimitRanges: the bounds of one container."""
    defaults = target.team.container_limits
    for number, container in enumerate(with_defaults(pods.pod, defaults)["spec"]["containers"]):
        field = f"spec.{pods.role}" if number == 0 else f"spec.{pods.role}.sidecars[{number - 1}]"
        resources = mapping(container.get("resources"))
        for item in defaults:
            for part, key in (("max", "limits"), ("min", "requests")):
                for resource, bound in mapping(item.get(part)).items():
                    value = mapping(resources, key).get(resource)
                    if value is not None and _outside(part, parsed(value), quantity.parse(bound)):
                        word = "may have" if part == "max" else "asks for at least"
                        yield error(
                            _role_field(resource, field.removeprefix("spec.")),
                            f"{shown(resource, parsed(value))} of {resource}, and a container of "
                            f"team {target.team.name} {word} "
                            f"{shown(resource, quantity.parse(bound))} (its LimitRange)",
                        )


def _outside(part: str, value: Fraction, bound: Fraction) -> bool:
    return value > bound if part == "max" else value < bound


def _queue(
    pods: Sequence[Pods], amounts: Mapping[str, Mapping[str, Fraction]], target: Target
) -> Iterator[Finding]:
    """YuniKorn's maximum of the team's queue: a gang that is larger waits, then fails."""
    for path, most in _maxima(target):
        for key, resource in (("vcore", "requests.cpu"), ("memory", "requests.memory")):
            if key not in most:
                continue
            allowed = quantity.parse(most[key])
            for counts, severity in (("least", error), ("count", warning)):
                total = sum(
                    (
                        amounts[one.role].get(resource, Fraction(0)) * getattr(one, counts)
                        for one in pods
                    ),
                    Fraction(0),
                )
                if total > allowed:
                    yield severity(
                        "spec.executor.instances",
                        f"the job needs {shown(resource, total)} of {resource}, and YuniKorn's "
                        f"queue {path} has {shown(resource, allowed)} at most",
                        "fewer executors (EXECUTORS=), or a larger spark.teams[].quota in the "
                        "stack file",
                    )
                    break


def _maxima(target: Target) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Maximum resources of the team's queue and of those above it."""
    if target.team.queue is None:
        return
    for release in target.plan.by_type(RELEASE):
        text = at(release.inputs, "values.yunikornDefaults")
        if release.inputs.get("name") != YUNIKORN_NAMESPACE or not isinstance(text, Mapping):
            continue
        document = yaml.safe_load(str(text.get("queues.yaml") or "{}"))
        queues = [
            queue
            for partition in mappings(mapping(document).get("partitions"))
            for queue in mappings(partition.get("queues"))
        ]
        path = ""
        for part in target.team.queue.split("."):
            found = [one for one in queues if one.get("name") == part]
            if not found:
                return
            path = f"{path}.{part}".lstrip(".")
            if most := mapping(found[0], "resources.max"):
                yield path, most
            queues = mappings(found[0].get("queues"))
