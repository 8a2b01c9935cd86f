"""Who may do more than before and who less: IAM, resource policies, Kubernetes' RBAC."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops.diff.diff import Diff
from ops.diff.impact.cluster_grants import NETWORK, in_cluster
from ops.diff.impact.model import Cause, Consequence, Kind
from ops.diff.values import names
from ops.plan.grants import Grant, not_covered, of_document, sentences
from ops.plan.model import Plan, Resource

_TRUST = "aws:iam/role:Role"
_OWN = "aws:iam/rolePolicy:RolePolicy"
_MANAGED = "aws:iam/policy:Policy"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# Policies of a resource: their input with the resource, and how that is called.
_OF_RESOURCE = {
    "aws:s3/bucketPolicy:BucketPolicy": ("bucket", "bucket"),
    "aws:sqs/queuePolicy:QueuePolicy": ("queueUrl", "queue"),
    "aws:sns/topicPolicy:TopicPolicy": ("arn", "topic"),
    "aws:kms/key:Key": ("", "KMS key"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("repository", "image repository"),
}
_ENTRY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"

_HOLDERS = 4
"""More of them become one consequence, each right a line of it."""

Granted = dict[str, list[Grant]]


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields who may do more, then who may do less; the same right said anew is no change."""
    before, after = granted(diff.old), granted(diff.new)
    more, less = [], []
    for holder in sorted({*before, *after}):
        if holder.startswith(NETWORK) and not (holder in before and holder in after):
            continue  # a new namespace has nobody yet to whom this is more or less
        old, new = before.get(holder, []), after.get(holder, [])
        added, gone = not_covered(new, old), not_covered(old, new)
        # A denial that comes is a right less, one that goes is a right more; with the thing
        # itself neither says anything.
        wider = [one for one in added if one.effect == "Allow"]
        narrower = [one for one in gone if one.effect == "Allow"]
        if holder in before and holder in after:
            wider += [one for one in gone if one.effect != "Allow"]
            narrower += [one for one in added if one.effect != "Allow"]
        if wider:
            more.append(_Told(holder, "may now" if holder in before else "new", wider))
        if narrower:
            less.append(_Told(holder, "may no longer" if holder in after else "goes", narrower))
    yield from _summed(Kind.wider, "wider permission", more)
    yield from _summed(Kind.narrower, "narrower permission", less)


@dataclass(frozen=True)
class _Told:
    """A holder and what it may now, or no longer."""

    holder: str
    how: str
    grants: Sequence[Grant]

    @property
    def lines(self) -> list[str]:
        """Each right in words; a denial that goes is a right that comes, and the reverse."""
        comes = self.how in ("new", "may now")
        allowed = sentences(one for one in self.grants if one.effect == "Allow")
        denied = sentences(one for one in self.grants if one.effect != "Allow")
        return [*allowed, *(f"{'no longer' if comes else 'now'}: {line}" for line in denied)]

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The resources of the plan that say so."""
        sources = dict.fromkeys(one.source for one in self.grants if one.source)
        return tuple(Cause(name, "policy") for name in sources)


def _summed(kind: Kind, word: str, told: Sequence[_Told]) -> Iterator[Consequence]:
    if len(told) <= _HOLDERS:
        for one in told:
            lines = [] if one.how == "goes" else one.lines
            text = f"{word}: {one.holder} ({one.how})"
            yield Consequence(kind, text, one.causes, tuple(lines))
        return
    lines = [
        f"{one.holder} ({one.how}){'' if one.how == 'goes' else f': {line}'}"
        for one in told
        for line in (one.lines[:1] if one.how == "goes" else one.lines)
    ]
    causes = dict.fromkeys(cause for one in told for cause in one.causes)
    text = f"{word} of {len(told)}: {names(one.holder for one in told)}"
    yield Consequence(kind, text, tuple(causes), tuple(lines))


def granted(plan: Plan) -> Granted:
    """Returns every grant of a plan by who holds it, or by what it is on."""
    found: Granted = {}
    _iam(plan, found)
    found.update(in_cluster(plan))
    for resource in plan.by_type(_ENTRY):
        scope = resource.inputs.get("accessScope") or {}
        on = ", ".join(scope.get("namespaces") or []) or str(scope.get("type"))
        policy = f"use {resource.inputs.get('policyArn')}"
        right = Grant("Allow", "", policy, on, (), resource.name)
        found.setdefault(f"cluster access of {resource.inputs.get('principalArn')}", []).append(
            right
        )
    return found


def _iam(plan: Plan, found: Granted) -> None:
    roles = {_role_name(one): one for one in plan.by_type(_TRUST)}
    for name, role in roles.items():
        trust = of_document(role.inputs.get("assumeRolePolicy"), role.name)
        found.setdefault(f"role {name}", []).extend(trust)
    for own in plan.by_type(_OWN):
        name = str(own.inputs.get("role"))
        rights = of_document(own.inputs.get("policy"), own.name)
        found.setdefault(f"role {name}", []).extend(rights)
    for attached in plan.by_type(_ATTACHMENT):
        arn = str(attached.inputs.get("policyArn"))
        rights = found.setdefault(f"role {attached.inputs.get('role')}", [])
        # The ARN of a policy of the stack is AWS's to give: the plan knows where it comes from.
        urns = attached.options.property_dependencies.get("policyArn", ())
        managed = next((one for one in map(plan.get, urns) if one and one.type == _MANAGED), None)
        if managed is None:
            rights.append(Grant("Allow", "", f"use {arn}", "", (), attached.name))
        else:
            rights.extend(of_document(managed.inputs.get("policy"), managed.name))
    for type_, (key, word) in _OF_RESOURCE.items():
        for resource in plan.by_type(type_):
            # A queue's URL ends in its name, as a topic's ARN does.
            on = re.split(r"[/:]", str(resource.inputs.get(key) or resource.name))[-1]
            document = resource.inputs.get("policy")
            found.setdefault(f"{word} {on}", []).extend(of_document(document, resource.name))


def _role_name(role: Resource) -> str:
    return str(role.inputs.get("name") or role.name)
