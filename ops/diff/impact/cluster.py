"""The control plane, and changes that AWS, the API server or Pulumi refuse."""

from collections.abc import Iterator

from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.model import Cause, Consequence, Kind, causes_of, forcing_causes, merged
from ops.diff.replacement import refused
from ops.diff.steps import Operation, Step
from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.versions import minor

TYPES = ("eks:index:Cluster", "aws:eks/cluster:Cluster")
_REFUSED = "refused before anything is changed: "
_KEY = ("encryptionConfigKeyArn", "encryptionConfig")


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields replacements, upgrades, refusals and changes without a known effect."""
    for step in diff.of_type(*TYPES):
        yield from _cluster(step, diff)
    yield from _tags(diff)
    yield from merged(_unprotected(diff))
    for step in diff.steps:
        yield from _refusals(step)
        if step.operation is Operation.may_replace:
            resource = step.resource
            unknown = names(dict.fromkeys(step.unknown), 4)
            yield Consequence(
                Kind.may_replace,
                f"may replace {resource.name} ({resource.short_type}): "
                f"no replace rule says what a change of {unknown} does",
                causes_of(step, *step.unknown),
            )


def _unprotected(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    for step in diff.steps:
        if step.old is None or step.new is None or step.is_deleted:
            continue
        before, after = step.old.options, step.new.options
        if before.protect and not after.protect:
            cause = Cause(step.new.name, "protect: true -> false", step.key)
            text = "Pulumi will no longer protect {}"
            yield step.new.name, Consequence(Kind.guard, text, (cause,))
        if before.retain_on_delete and not after.retain_on_delete:
            cause = Cause(step.new.name, "retainOnDelete: true -> false", step.key)
            text = "a deletion will no longer keep {} in the cloud"
            yield step.new.name, Consequence(Kind.guard, text, (cause,))


def _tags(diff: Diff) -> Iterator[Consequence]:
    for step in diff.of_type("pulumi:providers:aws"):
        if step.old is not None and step.new is not None and step.touches("defaultTags"):
            text = "the tags of every AWS resource change, each in place"
            yield Consequence(Kind.stays, text, causes_of(step, "defaultTags"))


def _cluster(step: Step, diff: Diff) -> Iterator[Consequence]:
    was = step.old or step.resource
    name = str(was.inputs.get("name") or was.name)
    ends = "all of them end with the cluster"
    refusals = list(_never_changed(step, diff, name))
    yield from refusals
    if step.operation is Operation.replace and not refusals:
        forced = names(dict.fromkeys(step.forced_by), 3)
        yield Consequence(
            Kind.replaces_cluster,
            f"replaces the cluster {name}, with everything in it: {forced} cannot change",
            forcing_causes(step),
            jobs=ends,
        )
    elif step.operation is Operation.delete:
        text = f"removes the cluster {name}, with everything in it"
        yield Consequence(Kind.replaces_cluster, text, causes_of(step), jobs=ends)
    if step.old is None or step.new is None:
        return
    before, after = (str(one.inputs.get("version") or "") for one in (step.old, step.new))
    if before and after and before != after:
        yield from _upgrade(step, diff, before, after)
    if step.touches(*_KEY) and not any(step.old.inputs.get(key) for key in _KEY):
        text = f"encrypts the secrets of {name} with a KMS key: this cannot be undone"
        yield Consequence(Kind.guard, text, causes_of(step, *_KEY))
    if step.old.inputs.get("deletionProtection") and not step.new.inputs.get("deletionProtection"):
        text = f"EKS will no longer refuse to delete {name}"
        yield Consequence(Kind.guard, text, causes_of(step, "deletionProtection"))


def _never_changed(step: Step, diff: Diff, name: str) -> Iterator[Consequence]:
    """Changes that the program refuses on a cluster that runs, since EKS does
    (components/running_cluster.py); under another name it is another cluster."""
    if step.old is None or step.new is None or step.touches("name"):
        return
    if any(step.old.inputs.get(key) for key in _KEY) and not any(
        step.new.inputs.get(key) for key in _KEY
    ):
        text = f"{_REFUSED}EKS never takes the encryption of secrets off {name}; leave it on"
        yield Consequence(Kind.refused, text, causes_of(step, *_KEY))
    if step.touches("vpcId"):
        text = f"{_REFUSED}{name} stays in its VPC; another block or VPC needs a new stack"
        yield Consequence(Kind.refused, text, causes_of(step, "vpcId"))
    old, new = (_zones(one, plan) for one, plan in ((step.old, diff.old), (step.new, diff.new)))
    if old and new and old != new:
        text = (
            f"{_REFUSED}EKS keeps the control plane of {name} in the zones {names(old)}; set "
            "cluster.zones to them, and keep them in the network"
        )
        yield Consequence(Kind.refused, text, causes_of(step, "subnetIds"))


def _zones(cluster: Resource, plan: Plan) -> list[str]:
    """The zones of a cluster's subnets; empty where they are not known."""
    subnets = inputs_from(cluster, "subnetIds", plan)
    return sorted({str(one.inputs.get("availabilityZone")) for one in subnets})


def _upgrade(step: Step, diff: Diff, before: str, after: str) -> Iterator[Consequence]:
    # docs.aws.amazon.com/eks/latest/userguide/update-cluster.html: one minor version at a time, no
    # downgrade.
    cause = causes_of(step, "version")
    old, new = (minor(one)[1] for one in (before, after))
    if new < old:
        text = f"{_REFUSED}EKS does not downgrade from Kubernetes {before} to {after}"
        yield Consequence(Kind.refused, text, cause)
        return
    if new > old + 1:
        text = f"{_REFUSED}EKS upgrades one minor version at a time, not from {before} to {after}"
        yield Consequence(Kind.refused, text, cause)
        return
    looked_up = sorted(
        str(call.args["addonName"])
        for call in diff.new.invokes
        if call.token == "aws:eks/getAddonVersion:getAddonVersion"
        and call.args.get("kubernetesVersion") == after
    )
    text = f"upgrades the control plane from Kubernetes {before} to {after}: this cannot be undone"
    default = f"add-ons without a pin follow to AWS's default for {after}"
    details = (f"{default}: {names(looked_up)}",) if looked_up else ()
    yield Consequence(Kind.upgrades_cluster, text, cause, details)


def _refusals(step: Step) -> Iterator[Consequence]:
    name = f"{step.resource.name} ({step.resource.short_type})"
    if step.is_deleted and step.old is not None and step.old.options.protect:
        doing = "delete" if step.operation is Operation.delete else "replace"
        text = (
            f"fails: Pulumi protects {name} and does not {doing} it; way out: pulumi state "
            "unprotect, if it is to go"
        )
        yield Consequence(Kind.fails, text, forcing_causes(step), harmless=True)
    if step.operation in (Operation.update, Operation.may_replace) and (
        step.resource.type not in TYPES
    ):
        who = "the API server" if step.resource.is_kubernetes_object else "AWS"
        paths = [row for row in refused(step.resource) if step.touches(row)]
        if paths:
            text = (
                f"fails: {who} does not let {names(paths)} of {name} change; way out: another name "
                "or replaceOnChanges, so that it is replaced"
            )
            yield Consequence(Kind.fails, text, causes_of(step, *paths))
