"""Roles that pods and nodes assume: another role, with less, or one that does not trust them."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ops.diff.diff import Diff
from ops.diff.impact.cluster import TYPES
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.impact.packages import STOPS, package_name
from ops.diff.impact.permissions import granted
from ops.diff.steps import Operation, Step
from ops.plan import paths
from ops.plan.iam_grants import not_covered, sentences
from ops.plan.iam_roles import role_name, trusted_accounts
from ops.plan.model import Plan
from ops.plan.packages import ADDON, RELEASE
from ops.plan.values import mapping
from ops.plan.workloads import namespace_of

_ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"


class _Identity(NamedTuple):
    """Who assumes a role, by which input; `account` is the service account, if it is known."""

    who: str
    path: str
    before: str
    after: str
    account: str = ""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields service accounts and nodes whose role is another, and accounts that go."""
    before, after = granted(diff.old), granted(diff.new)
    for step in diff.steps:
        if step.operation is not Operation.update:
            continue
        for one in _identities(step):
            if one.before == one.after or (one.after and f"role {one.after}" not in after):
                continue  # what a role may that the stack does not create is not known
            old, new = f"role {one.before}", f"role {one.after}"
            lost = not_covered(before.get(old, []), after.get(new, []))
            trust = _is_trusted(diff.new, one)
            yield _told(step, one, sentences(own for own in lost if not own.principal), trust)
    gone = {one.resource.object_name for one in diff.of_kind("Namespace") if one.is_deleted}
    if any(step.is_deleted for step in diff.of_type(*TYPES)):
        return  # everything in the cluster ends with it
    for step in diff.of_kind("ServiceAccount"):
        if namespace_of(step.resource) not in gone:
            yield from _account(step)


def _told(step: Step, one: _Identity, lost: list[str], is_trusted: bool) -> Consequence:
    causes = causes_of(step, one.path)
    beside = step.resource.type == RELEASE and STOPS.get(package_name(step)) == ""
    text = f"{one.who}: role {one.before or '(none)'} -> {one.after or '(none)'}"
    if one.after and not is_trusted:
        text = f"{text}, which does not trust it"
        jobs = f"{one.who} cannot assume role {one.after}: its AWS requests fail within the hour"
        return Consequence(Kind.narrower, text, causes, jobs=jobs)
    if lost or not one.after:
        jobs = (
            f"requests of {one.who} that role {one.after or '(none)'} may not make fail: of new "
            "pods at once, of pods that run with their next credentials, within the hour"
        )
        jobs = "" if beside else jobs
        return Consequence(Kind.narrower, text, causes, tuple(lost), jobs=jobs, harmless=beside)
    return Consequence(Kind.wider, f"{text}, which may all that the old one may", causes,
                       harmless=True)  # fmt: skip


def _identities(step: Step) -> Iterator[_Identity]:
    assert step.old is not None and step.new is not None
    for change in (*step.changes, *step.propagated):
        path = change.path
        if not _is_role(step, path):
            continue
        keys = paths.parse(path)
        before, after = (_name(paths.get(one.inputs, keys)) for one in (step.old, step.new))
        name = step.resource.object_name
        if step.resource.inputs.get("kind") == "ServiceAccount":
            namespace = namespace_of(step.resource)
            account = f"system:serviceaccount:{namespace}:{name}"
            yield _Identity(f"ServiceAccount {namespace}/{name}", path, before, after, account)
        else:
            kind = {ADDON: "add-on", RELEASE: "Helm release"}.get(step.resource.type, "nodes of")
            title = step.resource.inputs.get("addonName") or step.resource.inputs.get("name")
            yield _Identity(f"{kind} {title or name}", path, before, after)


def _is_role(step: Step, path: str) -> bool:
    if _ROLE_ANNOTATION in path:
        return True
    if step.resource.is_kubernetes_object:
        return path == "spec.role" and step.resource.inputs.get("kind") == "EC2NodeClass"
    return step.resource.type == ADDON and path == "serviceAccountRoleArn"


def _name(value: Any) -> str:
    return str(value or "").rpartition("/")[2]


def _is_trusted(plan: Plan, one: _Identity) -> bool:
    """Whether the new role trusts the service account, as far as the plan shows."""
    if not one.account:
        return True
    trusted = trusted_accounts(plan)
    for urn, accounts in trusted.items():
        role = plan.get(urn)
        if role is not None and role_name(role) == one.after:
            return any(fnmatchcase(one.account, pattern) for pattern in accounts)
    return False


def _account(step: Step) -> Iterator[Consequence]:
    """kubernetes.io/docs/concepts/security/service-accounts: the token of a deleted account is no
    longer valid; a pod keeps the volume with its token."""
    if step.old is None:
        return
    who = f"ServiceAccount {namespace_of(step.resource)}/{step.resource.object_name}"
    if step.is_deleted:
        text = f"{who} is deleted: tokens of its pods are no longer valid"
        jobs = f"pods of {who}: requests to the API server and to AWS fail, new ones are refused"
        yield Consequence(Kind.narrower, text, causes_of(step), jobs=jobs)
    elif step.touches("automountServiceAccountToken") and step.new is not None:
        mounted = mapping(step.new.inputs).get("automountServiceAccountToken") not in (
            False, "false",
        )  # fmt: skip
        text = f"{who}: new pods get {'a' if mounted else 'no'} token of the API server"
        jobs = "" if mounted else f"{text}: drivers that start from now on cannot ask for executors"
        causes = causes_of(step, "automountServiceAccountToken")
        yield Consequence(Kind.new_pods, text, causes, jobs=jobs, harmless=mounted)
