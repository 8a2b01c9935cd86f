"""Makes attempts on the API server, and takes their guards away."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.objects import clear
from tests.tiers.cluster.processes import wait_until
from tests.tiers.operator.attempts import Attempt

PERSON = "person@example.com"
URGENT = "urgent"
"""A PriorityClass of the cluster's administrators."""
_NOT_NAMESPACED = ("Namespace", "Node", "PersistentVolume", "ValidatingAdmissionPolicy")
_RBAC = "rbac.authorization.k8s.io"


def refusal(api: Api, namespace: str, attempt: Attempt) -> str:
    """Why the API server refuses the attempt of a member of this team; empty if it succeeds.

    Nothing is changed.
    """
    who = PERSON if attempt.by == "person" else f"system:serviceaccount:{namespace}:{attempt.by}"
    other = api.as_user(who)
    target = _placed(attempt.target, namespace)
    acts: dict[str, Callable[[], object]] = {
        "create": lambda: other.create(target, dry_run=True),
        "delete": lambda: other.delete(target, dry_run=True),
        "patch": lambda: other.patch(target, attempt.change, dry_run=True),
        "get": lambda: other.get(target),
        "list": lambda: other.items(target["kind"], target["metadata"].get("namespace", "")),
    }
    try:
        acts[attempt.verb]()
    except Refused as refused:
        return str(refused)
    return ""


def _placed(target: Object, namespace: str) -> Object:
    if target["kind"] in _NOT_NAMESPACED or "namespace" in target["metadata"]:
        return target
    return {**target, "metadata": {**target["metadata"], "namespace": namespace}}


@contextmanager
def people(api: Api, namespace: str) -> Iterator[None]:
    """A person of the team: the role `edit` in its namespace, and all rights on applications.

    The cluster has a PriorityClass of its own.
    """
    urgent = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": URGENT},
        "value": 1_000_000,
    }
    rights = [
        {"apiGroups": ["sparkoperator.k8s.io"], "resources": ["*"], "verbs": ["*"]},
    ]
    role = _rbac("Role", "applications", namespace, {"rules": rights})
    bindings = [
        _binding("RoleBinding", f"people-{kind}", namespace, PERSON, kind, name)
        for kind, name in (("ClusterRole", "edit"), ("Role", "applications"))
    ]
    made = [urgent, role, *bindings]
    try:
        for one in made:
            api.create(one)
        yield
    finally:
        clear(api, made)


@contextmanager
def without_rule(api: Api, says: str) -> Iterator[None]:
    """Takes the rule with this message out of its admission policy."""
    policies = api.items("ValidatingAdmissionPolicy")
    (policy,) = [
        one
        for one in policies
        if any(says in rule["message"] for rule in one["spec"]["validations"])
    ]
    policy = {**policy, "kind": "ValidatingAdmissionPolicy"}
    rules = policy["spec"]["validations"]
    # A policy needs a rule.
    others = [rule for rule in rules if says not in rule["message"]] or [{"expression": "true"}]
    assert len(others) == max(1, len(rules) - 1), says
    try:
        api.patch(policy, {"spec": {"validations": others}})
        yield
    finally:
        api.patch(policy, {"spec": {"validations": rules}})


@contextmanager
def without_webhook(api: Api) -> Iterator[None]:
    """Takes the operator's validation away."""
    (webhooks,) = api.items("ValidatingWebhookConfiguration")
    webhooks = {**webhooks, "kind": "ValidatingWebhookConfiguration"}
    try:
        api.patch(webhooks, {"webhooks": []})
        yield
    finally:
        api.patch(webhooks, {"webhooks": webhooks["webhooks"]})


@contextmanager
def without_pod_security(api: Api, namespace: str) -> Iterator[None]:
    """Takes the namespace's level of pod security away."""
    target = {"kind": "Namespace", "metadata": {"name": namespace}}
    label = "pod-security.kubernetes.io/enforce"
    level = api.get(target)["metadata"]["labels"][label]
    try:
        api.patch(target, {"metadata": {"labels": {label: "privileged"}}})
        yield
    finally:
        api.patch(target, {"metadata": {"labels": {label: level}}})


@contextmanager
def without_quota(api: Api, namespace: str) -> Iterator[None]:
    """Takes the limits of the namespace's quota away."""
    target = {"kind": "ResourceQuota", "metadata": {"name": "team", "namespace": namespace}}
    hard = api.get(target)["spec"]["hard"]
    try:
        api.patch(target, {"spec": {"hard": dict.fromkeys(hard)}})
        yield
    finally:
        api.patch(target, {"spec": {"hard": hard}})


@contextmanager
def with_every_right(api: Api, namespace: str) -> Iterator[None]:
    """Gives the team's person and accounts every right in the cluster."""
    users = [PERSON, *(f"system:serviceaccount:{namespace}:{one}" for one in _ACCOUNTS)]
    made = [
        _binding("ClusterRoleBinding", f"all-{number}", "", user, "ClusterRole", "cluster-admin")
        for number, user in enumerate(users)
    ]
    try:
        for one in made:
            api.create(one)
        yield
    finally:
        clear(api, made)


_ACCOUNTS = ("spark-driver", "spark-executor")


def await_success(api: Api, namespace: str, attempts: Sequence[Attempt]) -> None:
    """Waits until each attempt is no longer refused. Raises TimeoutError, which names it."""
    for one in attempts:
        wait_until(
            partial(_is_done, api, namespace, one),
            f"{one.name} succeeds without its guard",
            seconds=20,
        )


def _is_done(api: Api, namespace: str, attempt: Attempt) -> bool:
    says = refusal(api, namespace, attempt)
    # Objects that were only named for the attempt are not there.
    return not says or (attempt.guard == "RBAC" and "not found" in says)


def _binding(kind: str, name: str, namespace: str, user: str, role: str, of: str) -> Object:
    subjects = [{"apiGroup": _RBAC, "kind": "User", "name": user}]
    reference = {"apiGroup": _RBAC, "kind": role, "name": of}
    return _rbac(kind, name, namespace, {"subjects": subjects, "roleRef": reference})


def _rbac(kind: str, name: str, namespace: str, body: Object) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, **body}
