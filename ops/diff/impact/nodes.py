"""Nodes that are replaced: by Karpenter within disruption budgets, by EKS group by group."""

from collections.abc import Iterable, Iterator

from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact import cluster, disruption, drift
from ops.diff.impact.model import Cause, Consequence, Kind, causes_of, forcing_causes, merged
from ops.diff.steps import Operation, Step, key_of
from ops.plan.node_templates import LAUNCH_TEMPLATE, NODE_CLASS
from ops.plan.nodes import GROUP, NODE_POOL, NodeSet, class_name, node_groups, node_pools
from ops.plan.values import each

# docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html
_MOVES = (Kind.drifts_nodes, Kind.removes_nodes, Kind.ends_jobs, Kind.may_replace)
_ROLLS = ("version", "releaseVersion", "launchTemplate.version")
_EVICTED = disruption.ENDS


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields the consequences for running nodes."""
    yield from merged(
        (step.resource.name, one) for step in diff.of_type(GROUP) for one in _group(step, diff)
    )
    yield from merged(_pools(diff))


def _group(step: Step, diff: Diff) -> Iterator[Consequence]:
    if step.old is None:
        return
    system = any(
        nodes.is_system for nodes in node_groups(diff.old) if nodes.resource.urn == step.old.urn
    )
    jobs = "" if system else f"on node group {{}}: {_EVICTED}"
    who = "the platform's own pods move" if system else "pods on it are evicted"
    if step.operation is Operation.replace:
        text = f"replaces managed node group {{}}: every node is drained and replaced, {who}"
        yield Consequence(Kind.removes_nodes, text, forcing_causes(step), jobs=jobs)
    elif step.operation is Operation.delete:
        text = "removes managed node group {}: its nodes are drained"
        if system and not any(nodes.is_system for nodes in node_groups(diff.new)):
            jobs = (
                "the platform's own pods have no node: names do not resolve, no node is launched, "
                "no executor is admitted"
            )
        yield Consequence(Kind.removes_nodes, text, causes_of(step), jobs=jobs)
    elif step.touches(*_ROLLS):
        text = f"rolls managed node group {{}}: every node is replaced, {_pace(step)}; {who}"
        causes = (*causes_of(step, *_ROLLS), *_template_causes(step, diff))
        yield Consequence(Kind.rolls_nodes, text, causes, jobs=jobs)


def _pace(step: Step) -> str:
    config = step.resource.inputs.get("updateConfig") or {}
    if share := config.get("maxUnavailablePercentage"):
        return f"{share:g} % at a time"
    return f"{config.get('maxUnavailable') or 1:g} at a time"


def _template_causes(step: Step, diff: Diff) -> tuple[Cause, ...]:
    used = step.resource.options.property_dependencies.get("launchTemplate", ())
    keys = {key_of(urn, diff.new) for urn in used}
    return tuple(
        cause
        for one in diff.of_type(LAUNCH_TEMPLATE)
        if one.key in keys and one.old is not None
        for cause in causes_of(one)
    )


def _pools(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    """Yields the consequences for the nodes of each NodePool, by changes of it or of its node
    class."""
    steps = {step.key: step for step in diff.of_kind(NODE_POOL)}
    classes = {step.resource.object_name: step for step in diff.of_kind(NODE_CLASS)}
    for step in steps.values():
        if step.old is not None and step.is_deleted:
            # A foreground deletion (the program's annotation) waits for the nodes.
            text = "removes NodePool {}: its nodes are drained, at the pace of their grace period"
            jobs = f"on nodes of NodePool {{}}: {_EVICTED}"
            causes = forcing_causes(step)
            yield step.old.object_name, Consequence(Kind.removes_nodes, text, causes, jobs=jobs)
    for nodes in node_pools(diff.new):
        pool = nodes.resource
        step = steps.get(key_of(pool.urn, diff.new))
        if step is not None and (step.old is None or step.is_deleted):
            continue
        causes: list[Cause] = []
        if step is not None and step.old is not None:
            causes += drift.of_pool(step.old, pool)
        changed = classes.get(class_name(pool))
        if changed is not None and changed.old is not None and changed.new is not None:
            causes += drift.of_class(changed.old, changed.new)
            causes += [
                Cause(changed.resource.name, str(change))
                for change in changed.propagated
                # A replaced subnet or security group has another id, also under the same name.
                if change.path.startswith("spec.")
            ]
        causes += _image_causes(nodes, diff)
        if causes:
            yield nodes.name, _drifted(nodes, tuple(dict.fromkeys(causes)))


def _drifted(nodes: NodeSet, causes: tuple[Cause, ...]) -> Consequence:
    words, moves = drift.budget(nodes.resource)
    why = names(dict.fromkeys(cause.what for cause in causes), 3)
    partly = all(cause.what.startswith(drift.REQUIREMENT) for cause in causes)
    which = "its nodes that no longer fit" if partly else "its nodes"
    if not moves:
        text = f"drifts NodePool {{}} ({why}): {which} stay until they are empty, {words}"
        return Consequence(Kind.drifts_nodes, text, causes)
    text = f"drifts NodePool {{}} ({why}): {which} are replaced, {words}"
    jobs = f"on nodes of NodePool {{}}, {words}: {_EVICTED}"
    return Consequence(Kind.drifts_nodes, text, causes, jobs=jobs)


def quiet(diff: Diff, found: Iterable[Consequence]) -> Iterator[Consequence]:
    """Yields the changes of NodePools and classes that leave their nodes as they are: none of what
    was found ends or moves a node because of them."""
    moving = {cause.resource for one in found if one.kind in _MOVES for cause in one.causes}
    yield from merged(_quiet(diff, moving))


def _quiet(diff: Diff, moving: set[str]) -> Iterator[tuple[str, Consequence]]:
    for step in diff.of_kind(NODE_POOL, NODE_CLASS):
        if step.operation is Operation.update and step.resource.name not in moving:
            text = f"no drift: the nodes of {step.resource.inputs['kind']} {{}} stay as they are"
            yield step.resource.object_name, Consequence(Kind.stays, text, causes_of(step))


def _image_causes(nodes: NodeSet, diff: Diff) -> Iterator[Cause]:
    """Yields that the control plane's version changes: an alias selects the image of that version.

    Source: pkg/providers/amifamily (DescribeImageQuery takes the Kubernetes version) of
    github.com/aws/karpenter-provider-aws v1.14.1.
    """
    inputs = nodes.template.resource.inputs if nodes.template else {}
    terms = each(inputs, "spec.amiSelectorTerms")
    if not any("alias" in term for term in terms):
        return
    for step in diff.of_type(*cluster.TYPES):
        if step.operation is Operation.update and step.touches("version"):
            version = step.resource.inputs.get("version")
            yield Cause(step.resource.name, f"images for Kubernetes {version}")
