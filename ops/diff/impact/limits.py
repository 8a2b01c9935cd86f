"""Limits of namespaces: quotas, defaults, priorities, admission policies, pod security."""

import re
from collections.abc import Iterator, Sequence

from components.names import DRAIN_POLICY, DRIVER_PRIORITY, SPARK_GROUP
from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.model import Cause, Consequence, Kind, causes_of, forcing_causes, merged
from ops.diff.steps import Operation, Step
from ops.plan import quantity
from ops.plan.model import Resource
from ops.plan.nodes import NODE_POOL
from ops.plan.packages import RELEASE
from ops.plan.paths import covers
from ops.plan.values import each, mapping
from ops.plan.workloads import namespace_of

_LABEL = "pod-security.kubernetes.io/enforce"
_LEVELS = ("privileged", "baseline", "restricted")
"""From the least to the most restrictive:
kubernetes.io/docs/concepts/security/pod-security-standards."""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields the changes of limits, without those of a namespace that is deleted."""
    spaces = list(diff.of_kind("Namespace"))
    gone = {step.resource.object_name for step in spaces if step.is_deleted}
    new = {step.resource.object_name for step in spaces if step.old is None}
    for step in diff.of_kind("ResourceQuota"):
        if namespace_of(step.resource) not in gone | new:
            yield from _quota(step)
    for step in diff.of_kind("LimitRange"):
        if namespace_of(step.resource) not in new and not step.is_deleted:
            yield from _limit_range(step)
    yield from _admission(diff)
    yield from merged(_pools(diff))
    for step in diff.of_type(RELEASE):
        yield from _groups(step)
    for step in diff.of_kind("PriorityClass"):
        if step.is_deleted:
            name, until = step.resource.object_name, "meanwhile"
            if step.operation is Operation.delete:
                until = "from now on"
            text = (
                f"PriorityClass {name} is {step.operation}d: pods that run keep their priority, a "
                f"pod that names it {until} is refused"
            )
            jobs = f"executors that name PriorityClass {name} {until} are refused"
            yield Consequence(Kind.new_pods, text, forcing_causes(step), jobs=jobs)


def _limit_range(step: Step) -> Iterator[Consequence]:
    """Spark sets requests of its own; bounds are for them, too."""
    where = namespace_of(step.resource)
    if not step.touches("spec") and step.old is not None:
        return
    kinds = {key for one in each(step.resource.inputs, "spec.limits") for key in one}
    text = f"new pods of namespace {where} get other defaults"
    if kinds <= {"default", "defaultRequest", "type"}:
        yield Consequence(Kind.new_pods, text, causes_of(step), harmless=True)
    else:
        jobs = f"executors that jobs of {where} ask for are refused outside of the new bounds"
        yield Consequence(Kind.new_pods, f"{text} and bounds", causes_of(step), jobs=jobs)


def _pools(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    """karpenter.sh/docs/concepts/nodepools, spec.limits: above them no node is launched."""
    for step in diff.of_kind(NODE_POOL):
        if step.old is None or step.new is None or not step.touches("spec.limits"):
            continue
        old, new = (mapping(one.inputs, "spec.limits") for one in (step.old, step.new))
        less = [key for key, limit in new.items() if not _equal(old.get(key), limit)
                and _is_less(old.get(key), limit)]  # fmt: skip
        for key in sorted({*old, *new}):
            if not _equal(old.get(key), new.get(key)):
                before, after = old.get(key, "unlimited"), new.get(key, "unlimited")
                text = f"limit of {key} of NodePool {{}}: {before} -> {after}"
                jobs = "jobs that run get no further node of NodePool {} above the new limit"
                causes = causes_of(step, "spec.limits")
                one = Consequence(Kind.quota, text, causes, jobs=jobs if key in less else "")
                yield step.new.object_name, one


def _groups(step: Step) -> Iterator[Consequence]:
    """Sizes that Cluster Autoscaler keeps to; it ends no node because of a new maximum."""
    path = "values.autoscalingGroups"
    if step.operation is not Operation.update or not step.touches(path):
        return
    assert step.old is not None and step.new is not None
    old, new = (
        {one.get("name"): one.get("maxSize") or 0 for one in each(plan.inputs, path)}
        for plan in (step.old, step.new)
    )
    for most in sorted({(old[name], new[name]) for name in old.keys() & new.keys()}):
        before, after = most
        if before == after:
            continue
        groups = names(sorted(str(n) for n in old.keys() & new.keys() if (old[n], new[n]) == most))
        text = f"node groups {groups}: {before:g} -> {after:g} nodes at most; those that run stay"
        jobs = f"jobs that run get no node of {groups} above {after:g}"
        yield Consequence(Kind.quota, text, causes_of(step, path), jobs=jobs * (after < before))


def _admission(diff: Diff) -> Iterator[Consequence]:
    drain: list[Step] = []
    for step in diff.of_kind("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        name = f"{step.resource.inputs['kind']} {step.resource.object_name}"
        if step.resource.object_name == DRAIN_POLICY:
            drain.append(step)
        elif step.operation is Operation.delete:
            text = f"{name} is deleted: what it denied is admitted"
            yield Consequence(Kind.guard, text, causes_of(step))
        elif step.old is not None and step.touches("spec"):
            text = f"{name} denies other requests than before"
            yield Consequence(Kind.guard, text, causes_of(step, "spec"))
    yield from _drain(drain)
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


def _drain(steps: Sequence[Step]) -> Iterator[Consequence]:
    """Its policy admits what the operator does with an application that runs:
    components/spark/admission/drain.py."""
    texts = {
        Operation.create: "new Spark jobs are refused from now on; those that run end, with their "
        "retries",
        Operation.delete: "new Spark jobs are accepted again; a schedule starts a run that it "
        "missed",
        Operation.update: "new Spark jobs are refused with another message, or for other people",
    }
    for operation, text in texts.items():
        causes = [one for step in steps if step.operation is operation for one in causes_of(step)]
        if causes:
            known = all(_is_plain_drain(step) for step in steps)
            yield Consequence(Kind.guard, text, tuple(causes), harmless=known)


def _is_plain_drain(step: Step) -> bool:
    """Whether its policy is for applications alone; of an update, that no rule changes."""
    rules = each(step.resource.inputs, "spec.matchConstraints.resourceRules")
    of_spark = all(each(rule, "apiGroups") == [SPARK_GROUP] for rule in rules)
    paths = [change.path for change in step.changes]
    words = ("spec.validations[].message", "spec.matchConditions")
    plain = [re.sub(r"\[\d+\]", "[]", path) for path in paths]
    return of_spark and all(any(covers(word, path) for word in words) for path in plain)


def _level(namespace: Resource) -> str:
    """Returns the enforced Pod Security level; `privileged` without one."""
    level = str(mapping(namespace.inputs, "metadata.labels").get(_LABEL, _LEVELS[0]))
    return level if level in _LEVELS else _LEVELS[0]


def _quota(step: Step) -> Iterator[Consequence]:
    where = namespace_of(step.resource)
    name = f"{where}/{step.resource.object_name}"
    if step.old is None:
        text = f"quota {name} is new: pods that run stay and count, new ones are refused above it"
        jobs = f"a job of {where} that runs gets no executor above the new quota"
        told = "" if counts_drivers_only(step.resource) else jobs
        yield Consequence(Kind.quota, text, causes_of(step), jobs=told)
        return
    if step.operation is Operation.delete:
        text = f"quota {name} is deleted: what it limited has no limit"
        yield Consequence(Kind.guard, text, causes_of(step))
        return
    old, new = (mapping(one.inputs, "spec.hard") for one in (step.old, step.resource))
    lines = [
        f"{key}: {old.get(key, 'unbounded')} -> {new.get(key, 'unbounded')}"
        for key in sorted({*old, *new})
        if not _equal(old.get(key), new.get(key))
    ]
    if lines:
        # kubernetes.io/docs/concepts/policy/resource-quotas: checked at creation only.
        text = f"quota {name} changes: pods that run stay, new ones are refused above it"
        jobs = f"a job of {where} that runs gets no executor above the new quota"
        less = any(_is_less(old.get(key), limit) for key, limit in new.items())
        # A job that runs has its driver.
        told = jobs if less and not counts_drivers_only(step.resource) else ""
        yield Consequence(Kind.quota, text, causes_of(step), tuple(lines), told)


def counts_drivers_only(quota: Resource) -> bool:
    """Whether a quota counts no pod but those with the priority of drivers."""
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
