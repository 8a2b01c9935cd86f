"""Which pods a team's namespace admits, tested on the real API server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.names import DRIVER_ACCOUNT, YUNIKORN_NAMESPACE
from tests.names import RESTRICTED_POLICY as POLICY
from tests.names import YUNIKORN_ACCOUNT as SCHEDULER_ACCOUNT
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import GANGS, combination
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.drift import changed_by_server
from tests.tiers.cluster.objects import clear, identity, of_kind
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import driver, executor
from tests.tiers.cluster.teams import refusal

RESTRICTED = 'violates PodSecurity "restricted'

with_and_without_gangs = pytest.mark.parametrize(
    "live", [combination("prod", "pod"), GANGS], ids=str, indirect=True
)


@pytest.mark.parametrize("live", [GANGS], ids=str, indirect=True)
def test_the_objects_of_gangs_are_accepted_and_returned_unchanged(live: Live) -> None:
    for sent, answer in zip(live.sent, live.answers, strict=True):
        assert changed_by_server(sent, answer) == [], identity(sent)
    assert of_kind(live.sent, "ValidatingAdmissionPolicy")


@with_and_without_gangs
def test_a_driver_and_executors_are_let_in(api: Api, live: Live) -> None:
    for pod in live.pods():
        api.create(pod, dry_run=True)


UNSAFE: dict[str, tuple[Mapping[str, Any], str]] = {
    "privileged": (
        {"container": {"securityContext": {"privileged": True}}},
        "privileged",
    ),
    "a folder of the node": (
        {"volumes": [{"name": "jars", "hostPath": {"path": "/"}}]},
        "hostPath",
    ),
    "the node's network": ({"hostNetwork": True}, "hostNetwork"),
    "the node's processes": ({"hostPID": True}, "hostPID"),
    "a port of the node": (
        {"container": {"ports": [{"containerPort": 80, "hostPort": 80}]}},
        "hostPort",
    ),
    "a capability": (
        {
            "container": {
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"add": ["NET_RAW"], "drop": ["ALL"]},
                }
            }
        },
        "capabilities",
    ),
    "capabilities that are kept": (
        {"container": {"securityContext": {"allowPrivilegeEscalation": False}}},
        "capabilities",
    ),
    "privileges that may grow": (
        {"container": {"securityContext": {"capabilities": {"drop": ["ALL"]}}}},
        "allowPrivilegeEscalation",
    ),
    "root": (
        {
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 0,
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        },
        "runAsUser",
    ),
    "perhaps root": (
        {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
        "runAsNonRoot",
    ),
    "every system call": ({"securityContext": {"runAsNonRoot": True}}, "seccomp"),
    "an NFS share": (
        {"volumes": [{"name": "jars", "nfs": {"server": "10.0.0.1", "path": "/"}}]},
        "olume",
    ),
}


@with_and_without_gangs
@pytest.mark.parametrize("case", UNSAFE)
def test_a_pod_that_could_reach_beyond_its_container_is_refused(
    api: Api, live: Live, case: str
) -> None:
    changes, says = UNSAFE[case]
    for namespace in live.namespaces:
        pod = _changed(driver("unsafe", namespace, "drivers"), changes)
        wait_until(lambda pod=pod: refusal(api, pod), f"{case} is refused", seconds=20)
        assert says in refusal(api, pod)


@with_and_without_gangs
def test_a_gangs_placeholder_is_let_in_where_there_are_gangs_and_from_yunikorn_only(
    api: Api, live: Live
) -> None:
    account = f"system:serviceaccount:{YUNIKORN_NAMESPACE}:{SCHEDULER_ACCOUNT}"
    with _may_create_pods(api, account):
        scheduler = api.as_account(YUNIKORN_NAMESPACE, SCHEDULER_ACCOUNT)
        for namespace in live.namespaces:
            pod = _placeholder(namespace, live.teams[namespace])
            if live.combination != GANGS:
                # This is why namespaces with gangs do not enforce `restricted` itself.
                # The API server sees the new binding after a moment.
                wait_until(lambda pod=pod: RESTRICTED in refusal(scheduler, pod), RESTRICTED)
                continue
            wait_until(lambda pod=pod: refusal(scheduler, pod) == "", "it is let in")
            team = api.as_account(namespace, DRIVER_ACCOUNT)
            assert f"ValidatingAdmissionPolicy '{POLICY}'" in refusal(team, pod)
            # YuniKorn's pods may omit these fields, but not set other values.
            assert "hostNetwork" in refusal(scheduler, _changed(pod, {"hostNetwork": True}))


@contextmanager
def _may_create_pods(api: Api, user: str) -> Iterator[None]:
    """Permissions of the chart's own roles for YuniKorn, which no plan contains."""
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "yunikorn-pods"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "yunikorn-pods"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "yunikorn-pods",
        },
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
    try:
        api.create(role)
        api.create(binding)
        yield
    finally:
        clear(api, [role, binding])


def _placeholder(namespace: str, pool: str) -> Object:
    """As in pkg/cache/placeholder.go of yunikorn-k8shim 1.8.0."""
    pod = executor("tg-app-spark-executor-0", namespace, pool)
    (container,) = pod["spec"]["containers"]
    del container["securityContext"], container["volumeMounts"]
    security = {"runAsUser": 1000, "runAsGroup": 3000}
    return _changed(pod, {"securityContext": security, "volumes": []})


def _changed(pod: Object, changes: Mapping[str, Any]) -> Object:
    container = {**pod["spec"]["containers"][0], **changes.get("container", {})}
    spec = {**pod["spec"], **{k: v for k, v in changes.items() if k != "container"}}
    return {**pod, "spec": {**spec, "containers": [container]}}
