"""What a team may do, admit and take, asked of the real API server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from components.spark.pod_security import POLICY
from components.spark.team_access import DRIVER_ACCOUNT, EXECUTOR_ACCOUNT
from components.spark.yunikorn import NAMESPACE as YUNIKORN_NAMESPACE
from components.spark.yunikorn import SCHEDULER_ACCOUNT
from tests.cluster.api import Api, Object, Refused
from tests.cluster.combinations import GANGS, combination
from tests.cluster.conftest import Live
from tests.cluster.fleet import driver, executor
from tests.cluster.objects import clear, identity, of_kind
from tests.cluster.processes import wait_until
from tests.cluster.returned import changed_by_server

two_stacks = pytest.mark.parametrize(
    "live", [combination("dev", "pod"), combination("prod", "pod")], ids=str, indirect=True
)
with_and_without_gangs = pytest.mark.parametrize(
    "live", [combination("prod", "pod"), GANGS], ids=str, indirect=True
)

_MANAGED = ("pods", "services", "configmaps", "persistentvolumeclaims")
_MANAGE = ("create", "get", "list", "watch", "delete", "deletecollection")

# (account, verb, resource, namespace): `own` and `other` are teams' namespaces, "" the cluster.
RIGHTS: dict[tuple[str, str, str, str], bool] = {
    **{(DRIVER_ACCOUNT, verb, what, "own"): True for verb in _MANAGE for what in _MANAGED},
    (DRIVER_ACCOUNT, "patch", "pods", "own"): True,
    **{(DRIVER_ACCOUNT, verb, what, "other"): False for verb in _MANAGE for what in _MANAGED},
    **{(EXECUTOR_ACCOUNT, verb, what, "own"): False for verb in _MANAGE for what in _MANAGED},
    **{
        (account, verb, what, where): False
        for account in (DRIVER_ACCOUNT, EXECUTOR_ACCOUNT, "default")
        for where in ("own", "other", "kube-system", "spark-operator")
        for verb, what in (
            ("get", "secrets"),
            ("list", "secrets"),
            ("create", "secrets"),
            ("get", "pods/log"),
            ("create", "pods/exec"),
            ("create", "pods/portforward"),
            ("create", "serviceaccounts/token"),
            ("create", "serviceaccounts"),
            ("create", "roles.rbac.authorization.k8s.io"),
            ("create", "rolebindings.rbac.authorization.k8s.io"),
            ("update", "resourcequotas"),
            ("delete", "resourcequotas"),
            ("delete", "limitranges"),
            ("delete", "networkpolicies.networking.k8s.io"),
            ("create", "deployments.apps"),
            ("create", "sparkapplications.sparkoperator.k8s.io"),
            ("create", "pods/eviction"),
        )
    },
    **{
        (DRIVER_ACCOUNT, verb, what, ""): False
        for verb, what in (
            ("list", "pods"),
            ("list", "secrets"),
            ("list", "namespaces"),
            ("patch", "namespaces"),
            ("list", "nodes"),
            ("get", "nodes/proxy"),
            ("create", "persistentvolumes"),
            ("create", "priorityclasses.scheduling.k8s.io"),
            ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
            ("impersonate", "serviceaccounts"),
        )
    },
}


@two_stacks
def test_each_account_of_each_team_has_its_rights_and_no_others(api: Api, live: Live) -> None:
    teams = live.namespaces
    wrong = [
        (team, *row)
        for team in teams
        for row, expected in RIGHTS.items()
        for namespace in _meant(row[3], team, teams)
        if _is_allowed(api, team, row[0], row[1], row[2], namespace) is not expected
    ]
    assert wrong == []
    assert len(teams) == 2


@pytest.mark.parametrize("live", [GANGS], ids=str, indirect=True)
def test_what_comes_with_gangs_is_taken_and_comes_back_as_it_was_sent(live: Live) -> None:
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
    "a share of somebody's disk": (
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
        wait_until(lambda pod=pod: _refusal(api, pod), f"{case} is refused", seconds=20)
        assert says in _refusal(api, pod)


@with_and_without_gangs
def test_a_gangs_placeholder_is_let_in_where_there_are_gangs_and_from_yunikorn_only(
    api: Api, live: Live
) -> None:
    account = f"system:serviceaccount:{YUNIKORN_NAMESPACE}:{SCHEDULER_ACCOUNT}"
    with _may_create_pods(api, account):
        scheduler = api.as_account(YUNIKORN_NAMESPACE, SCHEDULER_ACCOUNT)
        for namespace in live.namespaces:
            pod = _placeholder(namespace)
            if live.combination != GANGS:
                # This is why namespaces with gangs do not enforce `restricted` itself.
                assert 'violates PodSecurity "restricted' in _refusal(scheduler, pod)
                continue
            wait_until(lambda pod=pod: _refusal(scheduler, pod) == "", "it is let in")
            team = api.as_account(namespace, DRIVER_ACCOUNT)
            assert f"ValidatingAdmissionPolicy '{POLICY}'" in _refusal(team, pod)
            # What YuniKorn may leave out, it may not turn round.
            assert "hostNetwork" in _refusal(scheduler, _changed(pod, {"hostNetwork": True}))


@two_stacks
def test_a_quota_refuses_what_is_too_much(api: Api, live: Live) -> None:
    for namespace in live.namespaces:
        quota = {"kind": "ResourceQuota", "metadata": {"name": "team", "namespace": namespace}}
        api.wait(quota, lambda one: one["status"].get("hard"), "counted")
        for pod in (
            _asking(executor("greedy", namespace, "default"), cpu="2000"),
            _asking(executor("greedy", namespace, "default"), memory="20000Gi"),
        ):
            assert "exceeded quota: team" in _refusal(api, pod)
        for kind in ("LoadBalancer", "NodePort"):
            assert "exceeded quota: team" in _refusal(api, _service(namespace, kind))
        assert _refusal(api, _service(namespace, "ClusterIP")) == ""
        assert "exceeded quota: team" in _refusal(api, _claim(namespace, "20000Gi"))
        assert _refusal(api, _claim(namespace, "100Gi")) == ""


@two_stacks
def test_a_team_cannot_take_the_clusters_own_priority(api: Api, live: Live) -> None:
    for namespace in live.namespaces:
        quota = {
            "kind": "ResourceQuota",
            "metadata": {"name": "no-system-priority", "namespace": namespace},
        }
        api.wait(quota, lambda one: one["status"].get("hard"), "counted")
        for name in ("system-cluster-critical", "system-node-critical"):
            pod = driver("urgent", namespace, "drivers", priorityClassName=name)
            assert "exceeded quota: no-system-priority" in _refusal(api, pod)
        for name in ("spark-driver", "spark-executor"):
            pod = driver("usual", namespace, "drivers", priorityClassName=name)
            assert _refusal(api, pod) == ""


APPLICATIONS = {
    "as many as allowed": ({"executor": {"instances": 20}}, ""),
    "one by default": ({}, ""),
    "too many": ({"executor": {"instances": 21}}, "spec.executor.instances is above the team's"),
    "growing within": ({"dynamicAllocation": {"enabled": True, "maxExecutors": 20}}, ""),
    "growing beyond": (
        {"dynamicAllocation": {"enabled": True, "maxExecutors": 21}},
        "spec.dynamicAllocation needs maxExecutors, not above the team's",
    ),
    "growing without an end": (
        {"dynamicAllocation": {"enabled": True}},
        "spec.dynamicAllocation needs maxExecutors",
    ),
    "growing another way": (
        {"sparkConf": {"spark.dynamicAllocation.enabled": "true"}},
        "spec.sparkConf enables dynamic allocation",
    ),
    "too many another way": (
        {"sparkConf": {"spark.executor.instances": "21"}},
        "executors in spec.sparkConf are above the team's",
    ),
    "as many another way": ({"sparkConf": {"spark.executor.instances": "20"}}, ""),
}


@pytest.mark.parametrize("live", [combination("dev", "pod")], ids=str, indirect=True)
@pytest.mark.parametrize("case", APPLICATIONS)
def test_an_application_has_no_more_executors_than_its_team_may(
    api: Api, live: Live, case: str
) -> None:
    changes, says = APPLICATIONS[case]
    for namespace in live.namespaces:
        application = _application(namespace, changes)
        wait_until(lambda one=application: bool(_refusal(api, one)) == bool(says), case, seconds=20)
        assert says in _refusal(api, application)


@two_stacks
def test_a_container_that_asks_for_nothing_gets_little(api: Api, live: Live) -> None:
    for namespace in live.namespaces:
        pod = driver("modest", namespace, "drivers")
        del pod["spec"]["containers"][0]["resources"]
        (container,) = api.create(pod, dry_run=True)["spec"]["containers"]
        assert container["resources"] == {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"memory": "256Mi"},
        }


@contextmanager
def _may_create_pods(api: Api, user: str) -> Iterator[None]:
    """What the chart's own roles give YuniKorn; they are in no plan."""
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


def _meant(where: str, team: str, teams: list[str]) -> list[str]:
    if where == "own":
        return [team]
    return [one for one in teams if one != team] if where == "other" else [where]


def _is_allowed(
    api: Api, team: str, account: str, verb: str, resource: str, namespace: str
) -> bool:
    name, _, group = resource.partition(".")
    name, _, subresource = name.partition("/")
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {
            "user": f"system:serviceaccount:{team}:{account}",
            "groups": [
                "system:serviceaccounts",
                f"system:serviceaccounts:{team}",
                "system:authenticated",
            ],
            "resourceAttributes": {
                "namespace": namespace,
                "verb": verb,
                "group": group,
                "resource": name,
                "subresource": subresource,
            },
        },
    }
    return api.create(review)["status"]["allowed"]


def _refusal(api: Api, manifest: Object) -> str:
    """Why the server would not take an object; empty where it would."""
    try:
        api.create(manifest, dry_run=True)
    except Refused as refusal:
        return str(refusal)
    return ""


def _placeholder(namespace: str) -> Object:
    """As pkg/cache/placeholder.go of yunikorn-k8shim 1.8.0 makes it."""
    pod = driver("tg-app-spark-executor-0", namespace, "drivers")
    (container,) = pod["spec"]["containers"]
    del container["securityContext"], container["volumeMounts"]
    security = {"runAsUser": 1000, "runAsGroup": 3000}
    return _changed(pod, {"securityContext": security, "volumes": []})


def _changed(pod: Object, changes: Mapping[str, Any]) -> Object:
    container = {**pod["spec"]["containers"][0], **changes.get("container", {})}
    spec = {**pod["spec"], **{k: v for k, v in changes.items() if k != "container"}}
    return {**pod, "spec": {**spec, "containers": [container]}}


def _asking(pod: Object, **more: str) -> Object:
    resources = pod["spec"]["containers"][0]["resources"]
    resources["requests"] = {**resources["requests"], **more}
    if "memory" in more:
        resources["limits"] = {"memory": more["memory"]}
    return pod


def _application(namespace: str, changes: Mapping[str, Any]) -> Object:
    executors = {"cores": 1, **changes.get("executor", {})}
    return {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {"name": "asked", "namespace": namespace},
        "spec": {
            "type": "Python",
            "mode": "cluster",
            "mainApplicationFile": "local:///opt/spark/examples/src/main/python/pi.py",
            "sparkVersion": "4.0.4",
            "driver": {"cores": 1},
            **changes,
            "executor": executors,
        },
    }


def _service(namespace: str, kind: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "open", "namespace": namespace},
        "spec": {"type": kind, "ports": [{"port": 80}], "selector": {"a": "b"}},
    }


def _claim(namespace: str, size: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "shuffle", "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteOncePod"],
            "resources": {"requests": {"storage": size}},
        },
    }
