"""Limits of a team, tested on the real API server."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import combination
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import driver, executor
from tests.tiers.cluster.teams import refusal, two_stacks

_ABOVE = "the priority is above the one of the pod's role"


@two_stacks
def test_a_quota_refuses_what_is_too_much(api: Api, live: Live) -> None:
    for namespace in live.namespaces:
        quota = {"kind": "ResourceQuota", "metadata": {"name": "team", "namespace": namespace}}
        api.wait(quota, lambda one: one["status"].get("hard"), "counted")
        for pod in (
            _asking(executor("greedy", namespace, live.teams[namespace]), cpu="2000"),
            _asking(executor("greedy", namespace, live.teams[namespace]), memory="20000Gi"),
        ):
            assert "exceeded quota: team" in refusal(api, pod)
        for kind in ("LoadBalancer", "NodePort"):
            assert "exceeded quota: team" in refusal(api, _service(namespace, kind))
        assert refusal(api, _service(namespace, "ClusterIP")) == ""
        assert "exceeded quota: team" in refusal(api, _claim(namespace, "20000Gi"))
        assert refusal(api, _claim(namespace, "100Gi")) == ""


@two_stacks
def test_a_team_cannot_take_the_clusters_own_priority(api: Api, live: Live) -> None:
    for namespace in live.namespaces:
        for name in ("system-cluster-critical", "system-node-critical"):
            pod = driver("urgent", namespace, "drivers", priorityClassName=name)
            wait_until(lambda one=pod: _ABOVE in refusal(api, one), "it is refused", seconds=20)
        for name in ("spark-driver", "spark-executor"):
            pod = driver("usual", namespace, "drivers", priorityClassName=name)
            assert refusal(api, pod) == ""


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
        wait_until(lambda one=application: bool(refusal(api, one)) == bool(says), case, seconds=20)
        assert says in refusal(api, application)


@two_stacks
def test_a_container_without_requests_gets_small_defaults(api: Api, live: Live) -> None:
    for namespace in live.namespaces:
        pod = driver("modest", namespace, "drivers")
        del pod["spec"]["containers"][0]["resources"]
        (container,) = api.create(pod, dry_run=True)["spec"]["containers"]
        assert container["resources"] == {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"memory": "256Mi"},
        }


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
