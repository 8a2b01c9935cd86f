"""Who may do more than before and who less: IAM, resource policies, Kubernetes' RBAC."""

from collections.abc import Iterator, Mapping
from typing import Any

from preview.diff import Diff
from preview.impact.grants import Grant, not_covered, of_document, sentences
from preview.impact.model import Cause, Consequence, Kind
from preview.plan import Plan, Resource

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

Granted = dict[str, list[Grant]]


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields who may do more, then who may do less; the same right said anew is no change."""
    before, after = granted(diff.old), granted(diff.new)
    for holder in sorted({*before, *after}):
        old, new = before.get(holder, []), after.get(holder, [])
        more, less = not_covered(new, old), not_covered(old, new)
        wider = [one for one in more if one.effect == "Allow"]
        narrower = [one for one in less if one.effect == "Allow"]
        # More that is denied is less that is allowed.
        narrower += [one for one in more if one.effect != "Allow"]
        wider += [one for one in less if one.effect != "Allow"]
        lifted = {one for one in wider if one.effect != "Allow"}
        if wider:
            yield _told(Kind.wider, "wider", holder, wider, lifted, is_new=not old)
        if narrower:
            yield _told(Kind.narrower, "narrower", holder, narrower, set(), is_gone=not new)


def granted(plan: Plan) -> Granted:
    """Returns every grant of a plan by who holds it, or by what it is on."""
    found: Granted = {}
    _iam(plan, found)
    _rbac(plan, found)
    for resource in plan.by_type(_ENTRY):
        scope = resource.inputs.get("accessScope") or {}
        on = ", ".join(scope.get("namespaces") or []) or str(scope.get("type"))
        right = Grant("Allow", "", f"{resource.inputs.get('policyArn')}", on, (), resource.name)
        found.setdefault(f"cluster access of {resource.inputs.get('principalArn')}", []).append(
            right
        )
    return found


def _told(
    kind: Kind,
    word: str,
    holder: str,
    grants: list[Grant],
    lifted: set[Grant],
    *,
    is_new: bool = False,
    is_gone: bool = False,
) -> Consequence:
    lines = sentences(one for one in grants if one not in lifted)
    lines += [f"no longer: {line}" for line in sentences(lifted)]
    causes = tuple(
        Cause(name, "policy") for name in dict.fromkeys(one.source for one in grants) if name
    )
    if is_gone:
        return Consequence(kind, f"narrower permission: {holder} goes, with all it may", causes)
    said = "new" if is_new else "may now" if kind is Kind.wider else "may no longer"
    if kind is Kind.narrower:
        lines = [_negated(line) for line in lines]
    return Consequence(kind, f"{word} permission: {holder} ({said})", causes, tuple(lines))


def _negated(line: str) -> str:
    return line.replace("may not ", "is denied ", 1) if "may not " in line else line


def _iam(plan: Plan, found: Granted) -> None:
    roles = {_role_name(one): one for one in plan.by_type(_TRUST)}
    for name, role in roles.items():
        trust = of_document(role.inputs.get("assumeRolePolicy"), role.name)
        found.setdefault(f"who may assume role {name}", []).extend(trust)
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
            rights.append(Grant("Allow", "", f"all of {arn}", "", (), attached.name))
        else:
            rights.extend(of_document(managed.inputs.get("policy"), managed.name))
    for type_, (key, word) in _OF_RESOURCE.items():
        for resource in plan.by_type(type_):
            on = str(resource.inputs.get(key) or resource.name)
            document = resource.inputs.get("policy")
            found.setdefault(f"{word} {on}", []).extend(of_document(document, resource.name))


def _role_name(role: Resource) -> str:
    return str(role.inputs.get("name") or role.name)


def _rbac(plan: Plan, found: Granted) -> None:
    """Adds what the subjects of bindings may do, wherever their rules are written."""
    for binding in (*plan.of_kind("RoleBinding"), *plan.of_kind("ClusterRoleBinding")):
        ref: Mapping[str, Any] = binding.inputs.get("roleRef") or {}
        namespace = str((binding.inputs.get("metadata") or {}).get("namespace") or "")
        scope = namespace or "every namespace"
        for subject in binding.inputs.get("subjects") or []:
            own = str(subject.get("namespace") or "")
            name = f"{own}/{subject.get('name')}" if own else str(subject.get("name"))
            rights = found.setdefault(f"{subject.get('kind')} {name}", [])
            rights.extend(_rules(plan, ref, namespace, scope, binding.name))


def _rules(
    plan: Plan, ref: Mapping[str, Any], namespace: str, scope: str, source: str
) -> Iterator[Grant]:
    role = _role(plan, ref, namespace)
    if role is None:
        yield Grant("Allow", "", f"all of {ref.get('kind')} {ref.get('name')}", scope, (), source)
        return
    for rule in role.inputs.get("rules") or []:
        for group in rule.get("apiGroups") or [""]:
            for kind in rule.get("resources") or rule.get("nonResourceURLs") or []:
                full = f"{kind}.{group}" if group else str(kind)
                for name in rule.get("resourceNames") or [""]:
                    on = f"{full}/{name}" if name else f"{full}"
                    for verb in rule.get("verbs") or []:
                        yield Grant("Allow", "", str(verb), f"{on} in {scope}", (), role.name)


def _role(plan: Plan, ref: Mapping[str, Any], namespace: str) -> Resource | None:
    for role in plan.of_kind(str(ref.get("kind"))):
        own = str((role.inputs.get("metadata") or {}).get("namespace") or "")
        if role.object_name == ref.get("name") and own in ("", namespace):
            return role
    return None
