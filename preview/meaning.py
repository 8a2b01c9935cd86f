"""What a change does to the running platform, where its name does not say it."""

from preview.plan import Plan
from preview.replacement import covers, refused
from preview.steps import Operation, Step

# Karpenter, concepts/disruption: fields of the template are compared with running nodes (drift);
# these of a NodePool only steer new decisions.
_NO_DRIFT = ("spec.weight", "spec.limits", "spec.disruption", "spec.replicas", "metadata", "(")
_NODE_CLASS_NO_DRIFT = ("metadata", "(")
_LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


def meaning(step: Step, plan: Plan) -> tuple[str, ...]:
    """Returns the consequences of one step, none for most."""
    return (*_refusals(step), *_nodes(step, plan), *_claims(step))


def _refusals(step: Step) -> list[str]:
    resource, options = step.resource, step.resource.options
    going = step.operation in (Operation.delete, Operation.replace) and step.old is not None
    found: list[str] = []
    if going and step.old is not None and step.old.options.protect:
        found.append("refused by Pulumi: the resource is protected")
    if step.operation is Operation.delete and options.retain_on_delete:
        found.append("stays in the cloud, Pulumi only forgets it")
    if step.operation is Operation.update:
        paths = [c.path for c in step.changes for row in refused(resource) if covers(row, c.path)]
        found += [f"fails: the API server does not let {path} change" for path in paths]
    return found


def _nodes(step: Step, plan: Plan) -> list[str]:
    resource = step.resource
    if (
        resource.type == "aws:ec2/launchTemplate:LaunchTemplate"
        and step.operation is not Operation.create
    ):
        users = [
            group.name
            for group in plan.by_type(_NODE_GROUP)
            if any(resource.urn in urns for urns in group.options.property_dependencies.values())
        ]
        return [f"rolls node group {name}: every node is replaced" for name in sorted(users)]
    if resource.type == _NODE_GROUP and step.operation is Operation.replace:
        return ["all nodes of this group are drained and made anew"]
    kind = resource.inputs.get("kind") if resource.is_kubernetes_object else None
    if kind not in ("NodePool", "EC2NodeClass") or step.old is None or step.new is None:
        return []
    named = f"{kind} {resource.object_name}"
    if step.operation is Operation.replace:
        return [f"the nodes of {named} are drained when the old one goes"]
    quiet = _NO_DRIFT if kind == "NodePool" else _NODE_CLASS_NO_DRIFT
    drifting = [c.path for c in step.changes if not c.path.startswith(quiet)]
    if drifting or step.follows:
        return [
            f"drifts {kind} {resource.object_name}: Karpenter replaces its nodes within the budgets"
        ]
    return [f"no drift: running nodes of {kind} {resource.object_name} stay"]


def _claims(step: Step) -> list[str]:
    kind = step.resource.inputs.get("kind") if step.resource.is_kubernetes_object else None
    if kind == "PersistentVolumeClaim" and step.operation is Operation.replace:
        return ["waits until no pod uses the claim; new pods cannot start meanwhile"]
    if kind == "PersistentVolumeClaim" and step.operation is Operation.delete:
        return ["waits until no pod uses the claim"]
    if kind == "Namespace" and step.operation in (Operation.replace, Operation.delete):
        return ["everything in the namespace is deleted with it"]
    return []
