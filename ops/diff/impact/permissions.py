"""Permissions that become wider or narrower: IAM, resource policies, Kubernetes RBAC."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.cluster_grants import NETWORK, SEPARATOR, in_cluster
from ops.diff.impact.model import Cause, Consequence, Kind
from ops.diff.impact.notices import beside_jobs, notice
from ops.diff.steps import Step
from ops.plan.iam import documents
from ops.plan.iam_grants import Grant, grants, not_covered, sentences
from ops.plan.iam_roles import ROLE, attached_policies, role_name, role_of
from ops.plan.model import Plan, Resource
from ops.plan.values import at, each
from ops.plan.workloads import namespace_of

_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# The input that names the role of an inline policy.
_INLINE = {
    "aws:iam/rolePolicy:RolePolicy": "role",
    "aws:iam/userPolicy:UserPolicy": "user",
    "aws:iam/groupPolicy:GroupPolicy": "group",
}
# Policies of a resource: the input that names the resource, and its kind in words.
_OF_RESOURCE = {
    "aws:s3/bucketPolicy:BucketPolicy": ("bucket", "bucket"),
    "aws:sqs/queuePolicy:QueuePolicy": ("queueUrl", "queue"),
    "aws:sns/topicPolicy:TopicPolicy": ("arn", "topic"),
    "aws:kms/key:Key": ("", "KMS key"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("repository", "image repository"),
}
_ENTRY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"

_HOLDERS = 4
"""Above this number of principals, one consequence has a line for each permission."""

Granted = dict[str, list[Grant]]


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields wider permissions, then narrower ones; another wording of the same permission is no
    change."""
    before, after = granted(diff.old), granted(diff.new)
    kept = {step.resource.name for step in diff.steps if step.is_deleted and _protected(step)}
    more, less = [], []
    for holder in sorted({*before, *after}):
        if holder.startswith(NETWORK) and not (holder in before and holder in after):
            continue  # a new namespace has no pods yet, so this is neither wider nor narrower
        old, new = before.get(holder, []), after.get(holder, [])
        added, gone = not_covered(new, old), not_covered(old, new)
        wider = [one for one in added if one.allows]
        narrower = [one for one in gone if one.allows]
        # A new denial is a narrower permission, a removed one a wider; for a new or removed
        # principal it is neither.
        if holder in before and holder in after:
            wider += [one for one in gone if not one.allows]
            narrower += [one for one in added if not one.allows]
        if wider:
            more.append(_HolderChange(holder, "may now" if holder in before else "new", wider))
        if narrower and not {one.source for one in narrower} <= kept:
            how = "may no longer" if holder in after else "deleted"
            less.append(_HolderChange(holder, how, narrower))
    yield from _summed(Kind.wider, "wider permission", more)
    # All jobs end with a cluster that is replaced.
    stays = not any(step.is_deleted for step in diff.of_type("eks:index:Cluster"))
    yield from _summed(Kind.narrower, "narrower permission", less, diff if stays else None)


def _protected(step: Step) -> bool:
    return step.old is not None and step.old.options.protect


@dataclass(frozen=True)
class _HolderChange:
    """A principal, and the permissions that it gains or loses."""

    holder: str
    how: str
    grants: Sequence[Grant]

    @property
    def lines(self) -> list[str]:
        """Each permission in words; a removed Deny counts as a new permission, and the reverse."""
        comes = self.how in ("new", "may now")
        allowed = sentences(one for one in self.grants if one.allows)
        denied = sentences(one for one in self.grants if not one.allows)
        return [*allowed, *(f"{'no longer' if comes else 'now'}: {line}" for line in denied)]

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The resources of the plan that have these policies."""
        sources = dict.fromkeys(
            name for one in self.grants for name in one.source.split(SEPARATOR) if name
        )
        return tuple(Cause(name, "policy") for name in sources)


def _told(change: _HolderChange, diff: Diff) -> tuple[str, bool]:
    """What running jobs notice, and whether it is known that they notice nothing; a role that is
    deleted goes with its users, or that is not known."""
    if beside_jobs(change.holder, change.grants, diff.old):
        return "", True
    made = {f"role {role_name(one)}" for one in diff.old.by_type(ROLE)}
    # A role that the stack does not make stays when it loses its last policy of the stack.
    given = change.holder.startswith("role ") and change.holder not in made
    if change.how == "deleted" and not given and change.holder not in _accounts(diff.new):
        return "", False
    gone = {role_name(one) for one in diff.old.by_type(ROLE)}
    gone -= {role_name(one) for one in diff.new.by_type(ROLE)}
    # The role of nodes that are gone is passed to no instance more.
    lost = [
        one
        for one in change.grants
        if one.action != "iam:PassRole" or one.resource.rpartition("/")[2] not in gone
    ]
    return (notice(change.holder, lost, diff.old), False) if lost else ("", True)


def _accounts(plan: Plan) -> set[str]:
    """The service accounts that a plan makes, as subjects of bindings."""
    return {
        f"ServiceAccount {namespace_of(one)}/{one.object_name}"
        for one in plan.of_kind("ServiceAccount")
    }


def _summed(
    kind: Kind, word: str, holders: Sequence[_HolderChange], diff: Diff | None = None
) -> Iterator[Consequence]:
    noticed = {one.holder: _told(one, diff) if diff else ("", False) for one in holders}
    rest = [one for one in holders if noticed[one.holder] == ("", False)]
    for one in holders if len(rest) <= _HOLDERS else (one for one in holders if one not in rest):
        lines = [] if one.how == "deleted" else one.lines
        text = f"{word}: {one.holder} ({one.how})"
        jobs, harmless = noticed[one.holder]
        yield Consequence(kind, text, one.causes, tuple(lines), jobs, harmless)
    if len(rest) <= _HOLDERS:
        return
    holders = rest
    lines = [
        f"{one.holder} ({one.how}){'' if one.how == 'deleted' else f': {line}'}"
        for one in holders
        for line in (one.lines[:1] if one.how == "deleted" else one.lines)
    ]
    causes = dict.fromkeys(cause for one in holders for cause in one.causes)
    text = f"{word} of {len(holders)}: {names(one.holder for one in holders)}"
    yield Consequence(kind, text, tuple(causes), tuple(lines))


def granted(plan: Plan) -> Granted:
    """Returns every grant of a plan by its principal, or by the resource whose policy has it."""
    found: Granted = {}
    _iam(plan, found)
    found.update(in_cluster(plan))
    for resource in plan.by_type(_ENTRY):
        scope = at(resource.inputs, "accessScope")
        on = ", ".join(each(scope, "namespaces")) or str(at(scope, "type"))
        policy = f"use {resource.inputs.get('policyArn')}"
        right = Grant("Allow", "", policy, on, (), resource.name)
        found.setdefault(f"cluster access of {resource.inputs.get('principalArn')}", []).append(
            right
        )
    return found


def _iam(plan: Plan, found: Granted) -> None:
    holders: dict[str, list[str]] = {}
    for role in plan.by_type(ROLE):
        holders[role.urn] = [f"role {role_name(role)}"]
    for type_, key in _INLINE.items():
        for own in plan.by_type(type_):
            holders[own.urn] = [_holder(plan, own, key)]
    for attachment in plan.by_type(_ATTACHMENT):
        holder = _holder(plan, attachment, "role")
        own = attached_policies(plan, attachment)
        for policy in own:
            holders.setdefault(policy.urn, []).append(holder)
        if not own:
            use = f"use {attachment.inputs.get('policyArn')}"
            right = Grant("Allow", "", use, "", (), attachment.name)
            found.setdefault(holder, []).append(right)
    for type_, (key, word) in _OF_RESOURCE.items():
        for resource in plan.by_type(type_):
            # A queue's URL ends in its name, as a topic's ARN does.
            on = re.split(r"[/:]", str(resource.inputs.get(key) or resource.name))[-1]
            holders[resource.urn] = [f"{word} {on}"]
    for holder in (one for named in holders.values() for one in named):
        found.setdefault(holder, [])
    for document in documents(plan):
        for holder in holders.get(document.resource.urn, ()):
            found[holder].extend(grants(document.statements, document.resource.name))


def _holder(plan: Plan, right: Resource, key: str) -> str:
    role = role_of(plan, right) if key == "role" else None
    return f"{key} {role_name(role) if role else right.inputs.get(key)}"
