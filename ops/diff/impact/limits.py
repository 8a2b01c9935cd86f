"""Limits of namespaces: quotas, defaults, priorities, admission policies, pod security."""

from collections.abc import Iterator

from components.names import DRIVER_PRIORITY
from ops.diff.diff import Diff
from ops.diff.impact.model import Cause, Consequence, Kind, causes_of, forcing_causes
from ops.diff.steps import Operation, Step
from ops.plan import quantity
from ops.plan.model import Resource
from ops.plan.values import each, mapping
from ops.plan.workloads import namespace_of

_LABEL = "pod-security.kubernetes.io/enforce"
_LEVELS = ("privileged", "baseline", "restricted")
"""From the least to the most restrictive:
kubernetes.io/docs/concepts/security/pod-security-standards."""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields the changes of limits, without those of a namespace that is deleted."""
    gone = {step.resource.object_name for step in diff.of_kind("Namespace") if step.is_deleted}
    new = {step.resource.object_name for step in diff.of_kind("Namespace") if step.old is None}
    for step in diff.of_kind("ResourceQuota"):
        if namespace_of(step.resource) not in gone | new:
            yield from _quota(step)
    for step in diff.of_kind("LimitRange"):
        if step.old is not None and namespace_of(step.old) not in gone and step.touches("spec"):
            text = f"new pods of namespace {namespace_of(step.old)} get other defaults"
            yield Consequence(Kind.new_pods, text, causes_of(step))
    yield from _admission(diff)
    for step in diff.of_kind("PriorityClass"):
        if step.operation is Operation.replace:
            text = (
                f"PriorityClass {step.resource.object_name} is replaced: pods that run keep their "
                "priority, a pod that names it meanwhile is refused"
            )
            yield Consequence(Kind.new_pods, text, forcing_causes(step))


def _admission(diff: Diff) -> Iterator[Consequence]:
    for step in diff.of_kind("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        name = f"{step.resource.inputs['kind']} {step.resource.object_name}"
        if step.operation is Operation.delete:
            text = f"{name} is deleted: what it denied is admitted"
            yield Consequence(Kind.guard, text, causes_of(step))
        elif step.old is not None and step.touches("spec"):
            text = f"{name} denies other requests than before"
            yield Consequence(Kind.guard, text, causes_of(step, "spec"))
    for step in diff.of_kind("Namespace"):
        if step.old is None or step.new is None:
            continue
        old, new = _level(step.old), _level(step.new)
        if old != new:
            looser = _LEVELS.index(new) < _LEVELS.index(old)
            text = (
                f"namespace {step.new.object_name} admits {new} pods, not {old} ones: "
                f"{'looser' if looser else 'stricter'}; pods that run stay"
            )
            cause = Cause(step.new.name, f"{_LABEL}: {old} -> {new}")
            name = step.new.object_name
            jobs = f"executors that jobs of {name} ask for are refused unless they are {new}"
            yield Consequence(Kind.guard, text, (cause,), jobs="" if looser else jobs)


def _level(namespace: Resource) -> str:
    """Returns the enforced Pod Security level; `privileged` without one."""
    level = str(mapping(namespace.inputs, "metadata.labels").get(_LABEL, _LEVELS[0]))
    return level if level in _LEVELS else _LEVELS[0]


def _quota(step: Step) -> Iterator[Consequence]:
    namespace = namespace_of(step.resource)
    name = f"{namespace}/{step.resource.object_name}"
    if step.operation is Operation.delete:
        text = f"quota {name} is deleted: what it limited has no limit"
        yield Consequence(Kind.guard, text, causes_of(step))
        return
    old, new = (
        mapping(one.inputs, "spec.hard") if one else {} for one in (step.old, step.resource)
    )
    lines = [
        f"{key}: {old.get(key, 'unbounded')} -> {new.get(key, 'unbounded')}"
        for key in sorted({*old, *new})
        if not _equal(old.get(key), new.get(key))
    ]
    if lines:
        # kubernetes.io/docs/concepts/policy/resource-quotas: checked at creation only.
        how = "changes" if step.old else "is new"
        text = f"quota {name} {how}: pods that run stay, new ones are refused above it"
        jobs = f"a job of {namespace} that runs gets no executor above the new quota"
        less = any(_is_less(old.get(key), limit) for key, limit in new.items())
        # A job that runs has its driver.
        told = jobs if less and not _counts_drivers_only(step.resource) else ""
        yield Consequence(Kind.quota, text, causes_of(step), tuple(lines), told)


def _counts_drivers_only(quota: Resource) -> bool:
    return any(
        term.get("scopeName") == "PriorityClass"
        and term.get("operator") == "In"
        and each(term, "values") == [DRIVER_PRIORITY]
        for term in each(quota.inputs, "spec.scopeSelector.matchExpressions")
    )


def _is_less(old: str | None, new: str) -> bool:
    """Whether a limit allows less than before; so does one that is no quantity."""
    try:
        return old is None or quantity.parse(new) < quantity.parse(old)
    except ValueError:
        return True


def _equal(old: str | None, new: str | None) -> bool:
    """Whether two limits allow the same: `2000m` is `2`."""
    if old is None or new is None:
        return old == new
    try:
        return quantity.parse(old) == quantity.parse(new)
    except ValueError:
        return old == new
