"""Updates that AWS refuses, foretold from two plans: sizes, releases, versions, overlapping blocks,
what is still in use, both endpoints off."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.cluster import TYPES
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.impact.routes import ADDRESS, ASSOCIATION, NAT, SUBNET, TABLE
from ops.diff.steps import Operation, Step, key_of
from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.node_templates import NODE_CLASS
from ops.plan.nodes import GROUP, NODE_POOL, class_name
from ops.plan.values import is_false, mapping
from ops.plan.versions import minor

_SKEW = 3
"""Minor versions that a kubelet may be behind: kubernetes.io/releases/version-skew-policy."""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what fails, with the way out."""
    for step in diff.of_type(GROUP):
        if step.new is not None and step.operation is not Operation.delete:
            yield from _sizes(step, step.new)
            yield from _release(step, step.new)
            yield from _version(step, step.new, diff.new)
    for step in diff.of_type(*TYPES):
        yield from _endpoints(step)
        yield from _mode(step)
    for step in diff.of_kind(NODE_CLASS):
        yield from _class_in_use(step, diff.new)
    yield from _overlaps(diff)
    yield from _in_use(diff)


def _fails(step: Step, why: str, way_out: str, *paths: str) -> Consequence:
    text = f"fails: {why}; way out: {way_out}"
    return Consequence(Kind.fails, text, causes_of(step, *paths))


def _sizes(step: Step, group: Resource) -> Iterator[Consequence]:
    """docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html"""
    sizes = mapping(group.inputs, "scalingConfig")
    smallest, wanted, most = (
        float(sizes[key]) if isinstance(sizes.get(key), int | float) else None
        for key in ("minSize", "desiredSize", "maxSize")
    )
    ignored = "scalingConfig" in group.options.ignore_changes
    if step.operation is Operation.update and (ignored or not step.touches("scalingConfig")):
        return
    for low, low_word, high, high_word in (
        (smallest, "minimum", wanted, "desired"),
        (wanted, "desired", most, "maximum"),
        (smallest, "minimum", most, "maximum"),
    ):
        if low is not None and high is not None and low > high:
            why = f"EKS refuses node group {step.resource.name}: {low_word} size {low:g} is above "
            out = f"set the {high_word} size to {low:g} or more in the same update"
            yield _fails(step, f"{why}{high_word} size {high:g}", out, "scalingConfig")
            return


def _release(step: Step, group: Resource) -> Iterator[Consequence]:
    """docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html; Bottlerocket's
    releases carry no Kubernetes version."""
    release, version = (str(group.inputs.get(key) or "") for key in ("releaseVersion", "version"))
    if not str(group.inputs.get("amiType", "")).startswith("AL2"):
        return
    changed = step.operation is not Operation.update or step.touches("releaseVersion", "version")
    if changed and release and version and minor(release) != minor(version):
        why = (
            f"EKS refuses release {release} for node group {step.resource.name}, which has "
            f"Kubernetes {version}"
        )
        out = f"a release that begins with {version}, or none"
        yield _fails(step, why, out, "releaseVersion", "version")


def _version(step: Step, group: Resource, plan: Plan) -> Iterator[Consequence]:
    """docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html"""
    if step.operation is Operation.update and not step.touches("version"):
        return
    version = str(group.inputs.get("version") or "")
    before = str(step.old.inputs.get("version") or "") if step.old is not None else ""
    name = step.resource.name
    runs = [str(one.inputs.get("version") or "") for type_ in TYPES for one in plan.by_type(type_)]
    if before and version and minor(version) < minor(before):
        why = f"EKS does not take node group {name} from Kubernetes {before} back to {version}"
        yield _fails(step, why, f"keep {before}, or make another node group", "version")
    for control_plane in runs:
        if not version or not control_plane:
            continue
        if minor(version) > minor(control_plane):
            why = f"EKS refuses Kubernetes {version} for node group {name}: the control plane has "
            out = f"upgrade the control plane to {version} first"
            yield _fails(step, f"{why}{control_plane}", out, "version")
        elif minor(control_plane)[1] - minor(version)[1] > _SKEW:
            why = f"node group {name} with Kubernetes {version} is too old for {control_plane}"
            yield _fails(step, why, f"at least 1.{minor(control_plane)[1] - _SKEW}", "version")


def _endpoints(step: Step) -> Iterator[Consequence]:
    """docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"""
    if step.new is None or step.operation is Operation.delete:
        return
    config = mapping(step.new.inputs, "vpcConfig") or step.new.inputs
    public, private = (config.get(f"endpoint{word}Access") for word in ("Public", "Private"))
    if public in (False, "false") and is_false(private):
        why = f"EKS refuses {step.resource.name} without a public and without a private endpoint"
        yield _fails(step, why, "keep one of them", "endpointPublicAccess", "endpointPrivateAccess")


_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html: never back."""


def _mode(step: Step) -> Iterator[Consequence]:
    if step.old is None or step.new is None or not step.touches("authenticationMode"):
        return
    before, after = (str(one.inputs.get("authenticationMode")) for one in (step.old, step.new))
    if {before, after} <= set(_MODES) and _MODES.index(after) < _MODES.index(before):
        why = f"EKS does not take {step.resource.name} from access mode {before} back to {after}"
        yield _fails(step, why, f"keep {before}", "authenticationMode")


def _overlaps(diff: Diff) -> Iterator[Consequence]:
    """docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html; an engine creates before it
    deletes, so old neighbours are still there."""
    replaced = {step.key for step in diff.of(Operation.replace)}
    for step in diff.of_type(SUBNET):
        if step.new is None or step.operation not in (Operation.create, Operation.replace):
            continue
        own = _block(step.new)
        vpcs = {key_of(one.urn, diff.new) for one in inputs_from(step.new, "vpcId", diff.new)}
        if own is None or vpcs & replaced:
            continue
        first = step.new.options.delete_before_replace
        there = [
            one
            for one in diff.old.by_type(SUBNET)
            if not (first and key_of(one.urn, diff.old) == step.key)
            and vpcs & {key_of(vpc.urn, diff.old) for vpc in inputs_from(one, "vpcId", diff.old)}
        ]
        alive = sorted({one.name for one in there if _meet(own, _block(one))})
        if alive:
            why = (
                f"EC2 refuses subnet {step.resource.name} with {own}: it overlaps {names(alive)}, "
                "which is still there"
            )
            yield _fails(step, why, "a free block, or one update to delete and one to create")


Block = ipaddress.IPv4Network | ipaddress.IPv6Network


def _block(subnet: Resource) -> Block | None:
    try:
        return ipaddress.ip_network(str(subnet.inputs.get("cidrBlock")))
    except ValueError:
        return None


def _meet(one: Block, other: Block | None) -> bool:
    return other is not None and one.version == other.version and one.overlaps(other)


class Use(NamedTuple):
    """What still uses a resource, by which input; the service that then refuses its deletion."""

    user: str
    input: str
    service: str


_EC2 = "EC2"
USES: Mapping[str, tuple[Use, ...]] = {
    ADDRESS: (Use(NAT, "allocationId", _EC2),),
    SUBNET: (
        Use(NAT, "subnetId", _EC2),
        Use(GROUP, "subnetIds", "EKS"),
        Use("aws:ec2/vpcEndpoint:VpcEndpoint", "subnetIds", _EC2),
    ),
    TABLE: (Use(ASSOCIATION, "routeTableId", _EC2),),
    "aws:ec2/vpc:Vpc": (Use(SUBNET, "vpcId", _EC2),),
    "aws:ec2/securityGroup:SecurityGroup": (
        Use("aws:ec2/vpcEndpoint:VpcEndpoint", "securityGroupIds", _EC2),
    ),
    "aws:iam/policy:Policy": (
        Use("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", "IAM"),
    ),
    "aws:iam/role:Role": (
        Use("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", "IAM"),
        Use("aws:iam/rolePolicy:RolePolicy", "role", "IAM"),
    ),
    "eks:index:Cluster": (Use(GROUP, "clusterName", "EKS"),),
}
"""By type: DeleteConflict, DependencyViolation, InvalidIPAddress.InUse, ResourceInUse of the delete
operations in docs.aws.amazon.com."""


def _in_use(diff: Diff) -> Iterator[Consequence]:
    for step in diff.of(Operation.delete):
        if step.old is None or step.old.options.retain_on_delete or step.old.options.protect:
            continue
        for use in USES.get(step.old.type, ()):
            users = [one.name for one in diff.new.by_type(use.user) if _uses(one, use, step.old)]
            if users:
                why = (
                    f"{use.service} does not delete {step.resource.name} "
                    f"({step.resource.short_type}) while {names(sorted(users))} uses it"
                )
                out = "delete its users, or point them elsewhere, first"
                # It stays, with all that it does.
                yield replace(_fails(step, why, out), harmless=True)


def _class_in_use(step: Step, plan: Plan) -> Iterator[Consequence]:
    """karpenter.sh/docs/concepts/nodeclasses: its finalizer waits for all nodes of the class."""
    users = [
        one.object_name
        for one in plan.of_kind(NODE_POOL)
        if class_name(one) == step.resource.object_name
    ]
    if step.operation is Operation.delete and users:
        why = (
            f"Karpenter keeps EC2NodeClass {step.resource.object_name} until the last node of "
            f"{names(sorted(users))} is gone, and the update does not wait so long"
        )
        text = f"fails: {why}; way out: delete its NodePools first"
        jobs = f"new executors wait: NodePool {names(sorted(users))} launches no node"
        yield Consequence(Kind.fails, text, causes_of(step), jobs=jobs)


def _uses(user: Resource, use: Use, gone: Resource) -> bool:
    return gone.urn in user.options.property_dependencies.get(use.input, ())
