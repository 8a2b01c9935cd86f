"""Logs of pods that are sent away no more, or elsewhere, and whom the agents displace."""

from collections.abc import Iterator

from components.names import (
    EXECUTOR_LOG_ANNOTATION,
    LOG_AGENT,
    LOG_AGENTS_NAMESPACE,
    POD_LOGS_ANNOTATION,
)
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of, forcing_causes
from ops.diff.steps import Operation, Step
from ops.plan.model import Plan
from ops.plan.values import mapping
from ops.plan.workloads import namespace_of

_AGENTS = "spark-on-eks:logs:Agents"


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what is no longer read, where logs go from now on, and what agents take of nodes."""
    for step in diff.of_kind("DaemonSet"):
        if is_agent(step):
            yield from _agents(step, diff.new)
    for step in diff.of_kind("ConfigMap"):
        if namespace_of(step.resource) == LOG_AGENTS_NAMESPACE and step.old and step.new:
            text = "agents of logs read another configuration when they restart"
            yield Consequence(Kind.stays, text, causes_of(step), harmless=True)
    for step in diff.of_kind("Namespace"):
        if step.operation is Operation.update:
            yield from _moved(step)


def is_agent(step: Step) -> bool:
    """Whether a DaemonSet is the one that sends logs away."""
    one = step.resource
    return (namespace_of(one), one.object_name) == (LOG_AGENTS_NAMESPACE, LOG_AGENT)


def keys_of_no_job(diff: Diff) -> set[str]:
    """Returns the keys of the steps of the agents that no job notices: all but their first."""
    found = set()
    for step in diff.steps:
        component = (diff.new if step.new else diff.old).component(step.resource)
        created = step.operation is Operation.create and step.resource.inputs.get("kind")
        if component is not None and component.type == _AGENTS and created != "DaemonSet":
            found.add(step.key)
    return found


def _agents(step: Step, after: Plan) -> Iterator[Consequence]:
    if step.operation is Operation.create:
        # kubernetes.io/docs/concepts/workloads/controllers/daemonset, and its priority.
        text = "a node that is full makes room for its agent of logs: its priority is the highest"
        jobs = "executors end on nodes that have no room for the agent of logs; Spark replaces them"
        yield Consequence(Kind.new_pods, text, causes_of(step), jobs=jobs)
    elif step.is_deleted:
        text = "logs of pods are lost from now on: those that a node still has go with the node"
        yield Consequence(Kind.guard, text, forcing_causes(step))


def _moved(step: Step) -> Iterator[Consequence]:
    assert step.old is not None and step.new is not None
    before, after = (
        mapping(one.inputs, "metadata.annotations").get(POD_LOGS_ANNOTATION)
        for one in (step.old, step.new)
    )
    if before and after and before != after:
        team = step.resource.object_name
        text = (
            f"logs of team {team} are in {after} from now on; the older ones stay in {before}, "
            "and links of jobs that run lead there"
        )
        # The bucket's rule of expiry is of the new prefix.
        root = after.removesuffix(f"{team}/")
        if before.split("/")[:3] == after.split("/")[:3] and not before.startswith(root):
            text += "; the older ones no longer expire"
        keys = (POD_LOGS_ANNOTATION, EXECUTOR_LOG_ANNOTATION)
        paths = [f'metadata.annotations["{key}"]' for key in keys]
        yield Consequence(Kind.guard, text, causes_of(step, *paths))
