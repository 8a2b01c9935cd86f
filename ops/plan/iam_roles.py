"""The IAM roles of a plan: their trust and their policies."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ops.plan.graph import inputs_from
from ops.plan.iam import IDENTITY, TRUST, Document, documents
from ops.plan.model import Plan, Resource

ROLE = "aws:iam/role:Role"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_INLINE = "aws:iam/rolePolicy:RolePolicy"


def role_name(role: Resource) -> str:
    """Returns the name of a role in IAM, if the plan has it."""
    return str(role.inputs.get("name") or role.name)


def role_of(plan: Plan, right: Resource) -> Resource | None:
    """Returns the role that an inline policy or an attachment is for; None for a role that the
    stack does not create."""
    for one in inputs_from(right, "role", plan):
        if one.type == ROLE:
            return one
    roles = {role_name(one): one for one in plan.by_type(ROLE)}
    return roles.get(str(right.inputs.get("role")))


def attachments(plan: Plan, role: Resource) -> list[Resource]:
    """Returns the attachments of policies, the stack's own and AWS managed, to a role."""
    return [one for one in plan.by_type(_ATTACHMENT) if role_of(plan, one) == role]


def given_node_policies(plan: Plan) -> list[Resource]:
    """Returns the inline policies on roles that the stack does not create: those of the nodes of an
    existing cluster."""
    return [one for one in plan.by_type(_INLINE) if role_of(plan, one) is None]


def attached_policies(plan: Plan, attachment: Resource) -> list[Resource]:
    """Returns the policy of an attachment; none for an AWS managed policy."""
    return inputs_from(attachment, "policyArn", plan)


def documents_of(plan: Plan, role: Resource) -> Iterator[Document]:
    """Yields the policies of a role that the stack creates, attached or inline."""
    holders = {role.urn}
    holders |= {one.urn for one in plan.by_type(_INLINE) if role_of(plan, one) == role}
    for one in attachments(plan, role):
        holders |= {policy.urn for policy in attached_policies(plan, one)}
    for document in documents(plan):
        if document.kind == IDENTITY and document.resource.urn in holders:
            yield document


def node_roles(plan: Plan) -> list[Resource]:
    """Returns the roles that EC2 instances assume."""
    return [
        document.resource
        for document in documents(plan)
        if document.kind == TRUST
        and any(
            statement.allows and service.startswith("ec2.")
            for statement in document.statements
            for service in statement.principals.get("Service", ())
        )
    ]


def trusted_accounts(plan: Plan) -> dict[str, set[str]]:
    """Returns the service accounts (`system:serviceaccount:<namespace>:<name>`, or patterns of
    them) that may assume each role, by the role's URN."""
    found: dict[str, set[str]] = {}
    for document in documents(plan):
        if document.kind != TRUST:
            continue
        accounts = found.setdefault(document.resource.urn, set())
        for statement in document.statements:
            for operator in ("StringEquals", "StringLike") if statement.allows else ():
                if subject := statement.condition(operator, ":sub"):
                    accounts.update(subject.values)
    return found


def assumed_by(plan: Plan, account: str) -> list[Resource]:
    """Returns the roles that a service account may assume."""
    return [
        role
        for urn, accounts in trusted_accounts(plan).items()
        if any(fnmatchcase(account, pattern) for pattern in accounts) and (role := plan.get(urn))
    ]
