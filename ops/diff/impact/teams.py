"""Teams, and the pools that their jobs select: pools that go, teams that move, queues renamed."""

from collections.abc import Iterator, Mapping

from components.names import (
    DRIVER_POOL_ANNOTATION,
    POOL_ANNOTATION,
    POOL_LABEL,
    QUEUE_ANNOTATION,
    SYSTEM_POOL,
)
from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.model import Cause, Consequence, Kind, causes_of
from ops.diff.steps import Operation, Step
from ops.plan.model import Plan, Resource
from ops.plan.nodes import node_sets
from ops.plan.values import mapping
from ops.plan.workloads import team_namespaces

_WORDS = {POOL_ANNOTATION: "pool", DRIVER_POOL_ANNOTATION: "drivers' pool"}


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields pools that are gone for jobs that select them, and teams whose pool or queue is
    another."""
    yield from _pools(diff)
    for step in diff.of_kind("Namespace"):
        if step.operation is Operation.update:
            yield from _moved(step)
            yield from _queue(step)


def _pools(diff: Diff) -> Iterator[Consequence]:
    """kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node: a pod whose selector no
    node matches stays Pending, and an autoscaler makes none for it."""
    steps = {step.resource.urn: step for step in diff.steps if step.is_deleted}
    before, after = _by_pool(diff.old), _by_pool(diff.new)
    for pool in sorted(set(before) - set(after) - {SYSTEM_POOL, ""}):
        teams = sorted(
            one.object_name for one in team_namespaces(diff.old) if pool in _selected(one)
        )
        gone = [steps[urn] for urn in before[pool] if urn in steps]
        causes = tuple(cause for step in gone for cause in causes_of(step))
        whose = f" of {names(teams)}" if teams else ""
        text = (
            f"pool {pool} is gone: jobs{whose} that select it wait for executors for ever; way "
            f"out: keep {pool} beside its successor until they have ended, and submit new ones to "
            "that"
        )
        jobs = f"jobs{whose} that select pool {pool} get no executor more: they wait for ever"
        yield Consequence(Kind.ends_jobs, text, causes, jobs=jobs)


def _by_pool(plan: Plan) -> Mapping[str, list[str]]:
    """The URNs of the node groups and NodePools of each pool."""
    found: dict[str, list[str]] = {}
    for one in node_sets(plan):
        label = str(one.labels.get(POOL_LABEL, ""))
        found.setdefault(label, []).append(one.resource.urn)
    return found


def _selected(namespace: Resource) -> set[str]:
    annotations = mapping(namespace.inputs, "metadata.annotations")
    return {str(annotations.get(key)) for key in _WORDS}


def _annotations(step: Step, key: str) -> tuple[str, str]:
    assert step.old is not None and step.new is not None
    before, after = (
        str(mapping(one.inputs, "metadata.annotations").get(key, ""))
        for one in (step.old, step.new)
    )
    return before, after


def _causes(step: Step, key: str) -> tuple[Cause, ...]:
    return causes_of(step, f'metadata.annotations["{key}"]', "metadata.annotations")


def _moved(step: Step) -> Iterator[Consequence]:
    for key, word in _WORDS.items():
        before, after = _annotations(step, key)
        if before == after:
            continue
        team = step.resource.object_name
        text = (
            f"the {word} of team {team} is {after or 'not set'}, not {before or 'any'}: its pods "
            f"may tolerate the new one only; way out: let jobs on {before or 'other nodes'} end "
            "first"
        )
        refused = "the API server refuses pods that tolerate it"
        jobs = (
            f"jobs of team {team} that run on pool {before or 'any'} get no executor more: "
            f"{refused}, and a driver asks again and again"
        )
        if key == DRIVER_POOL_ANNOTATION:
            where = before or "its pool"
            jobs = f"a job of team {team} that is tried again gets no driver on {where}: {refused}"
        yield Consequence(Kind.quota, text, _causes(step, key), jobs=jobs)


def _queue(step: Step) -> Iterator[Consequence]:
    before, after = _annotations(step, QUEUE_ANNOTATION)
    if before == after:
        return
    team = step.resource.object_name
    text = f"the queue of team {team} is {after or 'none'}, not {before or 'none'}"
    jobs = f"executors that jobs of team {team} ask for wait: their queue {before} is gone"
    # What a first queue does to jobs that another scheduler runs is not known.
    yield Consequence(
        Kind.quota, text, _causes(step, QUEUE_ANNOTATION), jobs=jobs if before else ""
    )
