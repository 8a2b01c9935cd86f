"""Each job's driver, made by the operator's own spark-submit, and its executors, made by Spark's
own Kubernetes backend with the rights of the team's driver: what they are and where they go."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from ops.jobs.catalog import JOBS
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.processes import wait_until
from tests.tiers.operator.applications import placed, pods_of
from tests.tiers.operator.cases import PODS_OF, job_of
from tests.tiers.operator.conftest import Stack

CLAIM, MOUNT = "spark-jars", "/mnt/s3"
_SECONDS = 900

pytestmark = pytest.mark.parametrize("live", PODS_OF, ids=str, indirect=True)

Pods = dict[tuple[str, str], tuple[Object, list[Object]]]
"""Team and job to its driver and its executors."""


@pytest.fixture(scope="module")
def pods(api: Api, live: Stack, drivers: Callable[..., Any]) -> Iterator[Pods]:
    """The pods of all jobs of a team, and of one of each other team, at once, as they are when the
    scheduler is done with them.

    The drivers run for real; instead of the job's program they run one that only waits, since no
    executor does any work here.
    """
    first, *others = live.spark_teams
    jobs = [job_of(live.combination, first, job) for job in JOBS]
    jobs += [job_of(live.combination, team, "taxi-trip") for team in others]
    with drivers(jobs) as kubelet:
        kubelet.run_until(lambda: all(placed(api, one) for one in jobs), "all pods", _SECONDS)
        yield {
            (one.team, one.job): (
                pods_of(api, one.application, "driver")[0],
                pods_of(api, one.application, "executor"),
            )
            for one in jobs
        }


def test_driver_and_executors_see_the_jars_and_cannot_write_them(pods: Pods) -> None:
    for pod in _all(pods):
        (volume,) = [one for one in pod["spec"]["volumes"] if one["name"] == CLAIM]
        assert volume["persistentVolumeClaim"] == {"claimName": CLAIM, "readOnly": True}
        (container,) = pod["spec"]["containers"]
        (seen,) = [one for one in container["volumeMounts"] if one["mountPath"] == MOUNT]
        assert seen["name"] == CLAIM
        assert seen["readOnly"] is True
        assert seen["mountPropagation"] == "HostToContainer"


def test_drivers_are_on_drivers_nodes_and_executors_on_their_own_pool(
    pods: Pods, live: Stack
) -> None:
    for (team, _), (driver, executors) in pods.items():
        pool = live.teams[team]
        assert driver["spec"]["nodeName"] in live.node_pools(live.driver_pool(pool))
        assert {one["spec"]["nodeName"] for one in executors} <= live.node_pools(pool)


def test_the_team_s_driver_makes_the_executors_and_these_may_make_nothing(
    pods: Pods,
) -> None:
    for driver, executors in pods.values():
        assert driver["status"]["phase"] == "Running"
        assert driver["spec"]["serviceAccountName"] == "spark-driver"
        for one in executors:
            owners = {owner["uid"] for owner in one["metadata"]["ownerReferences"]}
            assert driver["metadata"]["uid"] in owners
            assert one["spec"]["serviceAccountName"] == "spark-executor"
            assert not any("projected" in volume for volume in one["spec"]["volumes"])


def test_the_webhook_s_marks_are_on_every_pod(pods: Pods) -> None:
    for (team, job), (driver, executors) in pods.items():
        for pod, role in [(driver, "driver"), *((one, "executor") for one in executors)]:
            spec = pod["spec"]
            (container,) = spec["containers"]
            assert spec["priorityClassName"] == f"spark-{role}", (team, job)
            assert spec["terminationGracePeriodSeconds"] < 120
            assert spec["securityContext"]["runAsNonRoot"] is True
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert not {"kubernetes.io/arch", "karpenter.sh/capacity-type"} & set(
                spec.get("nodeSelector", {})
            )


def test_the_team_s_quota_counts_every_pod(pods: Pods, api: Api, live: Stack) -> None:
    for team in live.spark_teams:
        own = [1 + len(executors) for (one, _), (_, executors) in pods.items() if one == team]
        wait_until(partial(_counts, api, team, sum(own)), f"{team}'s quota counts {sum(own)} pods")


def _counts(api: Api, team: str, pods: int) -> bool:
    quota = api.find("ResourceQuota", "team", team) or {}
    return quota["status"]["used"]["pods"] == str(pods)


def _all(pods: Pods) -> Iterator[Object]:
    for driver, executors in pods.values():
        yield driver
        yield from executors
