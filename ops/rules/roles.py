"""Who a role is for, and what it may do."""

from collections.abc import Iterator

from ops.plan.model import Plan, Resource
from ops.rules.documents import IDENTITY, TRUST, Document, documents
from ops.rules.graph import inputs_from

ROLE = "aws:iam/role:Role"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_INLINE = "aws:iam/rolePolicy:RolePolicy"


def node_roles(plan: Plan) -> list[Resource]:
    """The roles that instances assume."""
    return [
        document.resource
        for document in documents(plan)
        if document.kind == TRUST
        and any(
            service.startswith("ec2.")
            for statement in document.statements
            for service in statement.principals.get("Service", ())
        )
    ]


def given_node_policies(plan: Plan) -> list[Resource]:
    """Policies put on a role that the stack does not make: the given nodes'."""
    return [one for one in plan.by_type(_INLINE) if not inputs_from(one, "role", plan)]


def documents_of(plan: Plan, role: Resource) -> Iterator[Document]:
    """The own policies of a role, attached or in line."""
    holders = {role.urn}
    for one in plan.by_type(_INLINE):
        if role in inputs_from(one, "role", plan):
            holders.add(one.urn)
    for one in attachments(plan, role):
        holders.update(policy.urn for policy in inputs_from(one, "policyArn", plan))
    for document in documents(plan):
        if document.kind == IDENTITY and document.resource.urn in holders:
            yield document


def attachments(plan: Plan, role: Resource) -> list[Resource]:
    """The attachments of policies, own and AWS', to a role."""
    return [one for one in plan.by_type(_ATTACHMENT) if role in inputs_from(one, "role", plan)]
