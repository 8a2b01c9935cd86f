"""IAM: no wildcard without a documented reason."""

from collections.abc import Iterator

from ops.plan.iam import IDENTITY, Statement, action_matches, allowed
from ops.plan.iam_roles import attachments, documents_of, given_node_policies, node_roles
from ops.plan.model import Plan, Resource
from ops.plan.values import known
from ops.rules.rule import Violation, rule

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_S3_WRITES = ("s3:Put", "s3:Delete", "s3:Abort", "s3:Restore", "s3:Replicate", "s3:Bypass")
_READS = ("Describe", "Get", "List")
_LAUNCHES = ("ec2:RunInstances", "ec2:CreateFleet")
_INGREDIENTS = (
    "image", "snapshot", "security-group", "subnet", "capacity-reservation", "placement-group",
)  # fmt: skip
"""Resources that a launch uses without changing them."""
_NODE_POLICIES = {
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
    "AmazonEKS_CNI_Policy",
}


@rule(
    reason="A wildcard among actions also grants the actions that AWS adds to the service later.",
    source=f"{_GUIDE}/best-practices.html#grant-least-privilege",
)
def iam_action_wildcard(plan: Plan) -> Iterator[Violation]:
    """No Allow has a wildcard in its actions."""
    for document, one in allowed(plan):
        for action in one.actions:
            if "*" in action:
                yield broken(document.resource, one, action, "allows the wildcard")


@rule(
    reason="A permission on every resource of a kind includes those of other stacks and teams.",
    source=f"{_GUIDE}/best-practices.html#grant-least-privilege",
)
def iam_resource_wildcard(plan: Plan) -> Iterator[Violation]:
    """No Allow is on every resource of a kind."""
    for document, one in allowed(plan):
        for wide in filter(None, map(_wide, one.resources)):
            for action in one.actions:
                yield broken(document.resource, one, f"{action} on {wide}", "allows")


@rule(
    reason="A reason does not limit a permission to change all resources of a kind; a "
    "condition on this cluster's tag does.",
    source=f"{_GUIDE}/access_tags.html",
)
def iam_wildcard_bounded(plan: Plan) -> Iterator[Violation]:
    """An action that changes resources, on all of a kind, needs a condition on a tag."""
    for document, one in allowed(plan):
        tagged = any(
            condition.key.startswith(("aws:ResourceTag/", "aws:RequestTag/"))
            for condition in one.conditions
        )
        if document.kind != IDENTITY or tagged:
            continue
        for wide in filter(None, map(_wide, one.resources)):
            for action in one.actions:
                launch = action in _LAUNCHES and wide.split("/")[0] in _INGREDIENTS
                if not launch and not action.partition(":")[2].startswith(_READS):
                    yield broken(document.resource, one, f"{action} on any {wide}", "allows")


@rule(
    reason="NotAction, NotResource and NotPrincipal allow everything that they do not name.",
    source=f"{_GUIDE}/reference_policies_elements_notaction.html",
)
def iam_inverted(plan: Plan) -> Iterator[Violation]:
    """No Allow with NotAction, NotResource or NotPrincipal."""
    for document, one in allowed(plan):
        for element in one.exclusions:
            yield broken(document.resource, one, element, "allows by")


@rule(
    reason="A resource policy that allows every principal is public.",
    source=f"{_GUIDE}/reference_policies_elements_principal.html#principal-anonymous",
)
def iam_anyone(plan: Plan) -> Iterator[Violation]:
    """No Allow for the principal `*`."""
    for document, one in allowed(plan):
        if any("*" in names for names in one.principals.values()):
            yield broken(document.resource, one, "Principal *", "allows")


@rule(
    reason="A principal that may pass a role to any service gets all permissions of that role.",
    source=f"{_GUIDE}/id_roles_use_passrole.html",
)
def iam_pass_role(plan: Plan) -> Iterator[Violation]:
    """iam:PassRole names the role and one service."""
    for document, one in allowed(plan):
        passes = one.names_action("iam:PassRole")
        if passes and not one.condition("StringEquals", "iam:PassedToService"):
            yield broken(document.resource, one, "iam:PassRole", "to any service allows")


@rule(
    reason="A pod that reaches the metadata service gets the node's role: it may only read JARs.",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
)
def node_role_no_s3_write(plan: Plan) -> Iterator[Violation]:
    """A node role's policies only read S3."""
    own = [one.resource for role in node_roles(plan) for one in documents_of(plan, role)]
    nodes = {one.urn for one in (*own, *given_node_policies(plan))}
    for document, one in allowed(plan):
        for action in one.actions if document.resource.urn in nodes else ():
            if _writes_s3(action):
                yield broken(document.resource, one, action, "lets nodes")


@rule(
    reason="AWS managed policies are broad and change; a node needs three, and in an existing "
    "cluster that of the VPC CNI.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html",
)
def node_role_managed_policies(plan: Plan) -> Iterator[Violation]:
    """A node role has only the managed policies that EKS requires."""
    own_networking = any(
        one.inputs.get("addonName") == "vpc-cni" and known(one.inputs.get("serviceAccountRoleArn"))
        for one in plan.by_type("aws:eks/addon:Addon")
    )
    allowed = _NODE_POLICIES - ({"AmazonEKS_CNI_Policy"} if own_networking else set())
    for role in node_roles(plan):
        for one in attachments(plan, role):
            arn = str(one.inputs.get("policyArn"))
            name = arn.rpartition("/")[2]
            if ":aws:policy/" in arn and name not in allowed:
                yield Violation(one, name, f"{role.name} gets the managed policy {name}")


@rule(
    reason="A bucket contains more than JARs: limit permissions on objects and lists to a prefix.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-policies-s3.html",
)
def iam_s3_prefix(plan: Plan) -> Iterator[Violation]:
    """Permissions on objects and lists of a bucket are limited to a prefix."""
    for document, one in allowed(plan):
        if document.kind != IDENTITY:
            continue
        for action in one.actions:
            lists = action.lower().startswith("s3:listbucket")
            if lists and not one.condition("StringLike", "s3:prefix"):
                yield broken(document.resource, one, action, "without s3:prefix allows")
        for arn in one.resources:
            parts = arn.split(":", 5)
            if len(parts) < 6 or parts[2] != "s3":
                continue
            bucket, slash, key = parts[5].partition("/")
            if slash and key.startswith("*"):
                yield broken(document.resource, one, f"{bucket}/*", "grants every object of")


def _writes_s3(action: str) -> bool:
    """Whether an action changes S3: one such as s3:PutObjectTagging, or a wildcard over one."""
    return any(
        action.lower().startswith(verb.lower()) or action_matches(action, f"{verb}Object")
        for verb in _S3_WRITES
    )


def _wide(resource: str) -> str | None:
    """The part of an ARN that is every resource of a kind (`*`, `instance/*`), else None."""
    if resource == "*":
        return "*"
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return None
    kind, _, rest = parts[5].rpartition("/") if "/" in parts[5] else ("", "", parts[5])
    if rest.strip("*") or not rest:
        return None
    service_owns_name = parts[2] in ("s3", "ssm") and kind.strip("*")
    # nodegroup/<cluster>/* and parameter/aws/service/* name an owner before the wildcard.
    return None if service_owns_name or "/" in kind.strip("/") else parts[5]


def broken(resource: Resource, statement: Statement, what: str, verb: str) -> Violation:
    """A statement that breaks a rule; an exception may require its conditions."""
    sid = statement.sid or "(no Sid)"
    return Violation(
        resource,
        subject=f"{sid}: {what}",
        message=f"{sid} {verb} {what}",
        given=tuple(str(condition) for condition in statement.conditions),
    )
