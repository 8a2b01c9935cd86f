"""With YuniKorn: gangs start whole or not at all, queues limit resources, and other namespaces are
not scheduled by it."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from ops.jobs.check import judged
from ops.jobs.findings import Severity
from tests.metrics.sampled import agree, version_of
from tests.names import POOL_LABEL
from tests.ops.jobs.variants import target_of
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.objects import named
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import NO_TAINT, executor, joined, node, node_of_pod, running
from tests.tiers.operator import yunikorn
from tests.tiers.operator.applications import placed, pods_of
from tests.tiers.operator.cases import GANGS, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.programs import ROOT

_GO = ROOT / "dev" / "operator" / "yunikorn"
SMALL, LARGE = "team-a", "team-b"
_PLACEHOLDER = "internal.yunikorn.apache.org/placeholder"
_SECONDS = 900
_STILL_SECONDS = 8
"""How long nothing must happen, where nothing is what is promised: some eight rounds."""
_POD_GIB = 20
"""Of a pod of scheduling.executor."""

pytestmark = pytest.mark.parametrize("live", [GANGS], ids=str, indirect=True)


def test_a_gang_that_fits_starts_and_its_placeholders_make_room(
    api: Api, live: Stack, drivers: Callable[..., Any]
) -> None:
    job = job_of(live.combination, LARGE, "taxi-trip")
    with drivers([job]) as kubelet:
        kubelet.run_until(lambda: placed(api, job), "all executors are placed", _SECONDS)
        executors = pods_of(api, job.application, "executor")
        pods = [*pods_of(api, job.application, "driver"), *executors]
        assert {one["spec"]["schedulerName"] for one in pods} == {yunikorn.SCHEDULER}
        assert {one["spec"]["nodeName"] for one in executors} <= live.node_pools("default")
        assert not _placeholders(api, LARGE)


def test_a_gang_that_does_not_fit_starts_nothing_until_it_does(
    api: Api, live: Stack, drivers: Callable[..., Any]
) -> None:
    # Two executors fit on each node of the pool, which has one node per NodePool.
    rungs = len(live.node_pools("default"))
    job = job_of(live.combination, LARGE, "taxi-trip", executors=2 * rungs + 1)
    with drivers([job]) as kubelet:
        kubelet.run_until(
            lambda: len(_placeholders(api, LARGE)) == 2 * rungs + 2, "placeholders", _SECONDS
        )
        kubelet.run_until(
            lambda: sum(_is_bound(one) for one in _placeholders(api, LARGE)) == 2 * rungs + 1,
            "as many as fit are placed",
            _SECONDS,
        )
        until = time.monotonic() + _STILL_SECONDS
        while time.monotonic() < until:
            kubelet.step()
            (driver,) = pods_of(api, job.application, "driver")
            assert not _is_bound(driver)
            assert not pods_of(api, job.application, "executor")
        with joined(api, [_one_more_node(live)]):
            kubelet.run_until(lambda: placed(api, job), "the gang is placed", _SECONDS)


def test_a_queue_takes_no_more_than_its_team_may_have(api: Api, live: Stack) -> None:
    quota = named(live.sent, "ResourceQuota", "team", SMALL)
    limit = 128 // _POD_GIB
    pods = [executor(f"wants-{number}", SMALL, "default") for number in range(limit + 2)]
    # The quota would deny pods that the queue should keep pending.
    api.delete(quota)
    try:
        with running(api, pods):
            wait_until(lambda: _bound(api, pods) == limit, f"{limit} pods are placed", seconds=60)
            time.sleep(_STILL_SECONDS)
            assert _bound(api, pods) == limit
    finally:
        api.apply(quota)


@pytest.mark.parametrize(("executors", "fits"), [(7, False), (5, True)])
def test_a_job_beyond_its_queues_maximum_is_held_as_check_job_says(
    api: Api, live: Stack, drivers: Callable[..., Any], executors: int, fits: bool
) -> None:
    """The queue has 24 vCPU, the nodes of the pool have room for all of it."""
    job = job_of(live.combination, SMALL, "taxi-trip", executors=executors)
    target = target_of(live.combination.plan, SMALL)
    told = [one.line for one in judged(job.application, target, job.beside).of(Severity.error)]
    assert [one for one in told if f"queue root.{SMALL} has 24 at most" in one] == told
    assert bool(told) is not fits
    with drivers([job]) as kubelet:
        if fits:
            kubelet.run_until(lambda: placed(api, job), "all executors are placed", _SECONDS)
            return
        kubelet.run_until(lambda: pods_of(api, job.application, "driver"), "a driver", _SECONDS)
        until = time.monotonic() + 2 * _STILL_SECONDS
        while time.monotonic() < until:
            kubelet.step()
            assert not any(map(_is_bound, pods_of(api, job.application, "driver")))
            assert not pods_of(api, job.application, "executor")


def test_a_pod_is_in_the_queue_of_its_namespace_regardless_of_its_label(
    api: Api, live: Stack
) -> None:
    pod = executor("stranger", LARGE, "default")
    pod["metadata"]["labels"]["queue"] = f"root.{SMALL}"
    with running(api, [pod]):
        assert node_of_pod(api, pod) in live.node_pools("default")
        assert yunikorn.used(f"root.{LARGE}")
        assert not yunikorn.used(f"root.{SMALL}")


def test_the_catalogue_has_yunikorns_metrics(
    api: Api, live: Stack, request: pytest.FixtureRequest
) -> None:
    pod = executor("counted", LARGE, "default")
    with running(api, [pod]):
        assert node_of_pod(api, pod) in live.node_pools("default")
        # Each queue has names of its own, too: what they tell is in yunikorn_queue_*.
        keep = "yunikorn_(scheduler|queue)_.*"
        version = version_of("github.com/apache/yunikorn-k8shim", _GO)
        agree(request, "yunikorn", yunikorn.metrics(), version, keep)


def test_pods_outside_the_teams_namespaces_are_left_alone(api: Api, live: Stack) -> None:
    pod = executor("bystander", "default", "default", volumes=[], nodeSelector={}, tolerations=[])
    pod["spec"]["containers"][0].pop("volumeMounts")
    with running(api, [pod]):
        assert node_of_pod(api, pod) == NO_TAINT
        seen = api.get(pod)
        assert seen["spec"]["schedulerName"] == "default-scheduler"
        assert not any("yunikorn" in key for key in seen["metadata"].get("annotations") or {})
        assert seen["metadata"]["labels"] == pod["metadata"]["labels"]


def _placeholders(api: Api, namespace: str) -> list[Object]:
    return [
        pod
        for pod in api.items("Pod", namespace)
        if (pod["metadata"].get("annotations") or {}).get(_PLACEHOLDER) == "true"
    ]


def _is_bound(pod: Object) -> bool:
    return bool(pod["spec"].get("nodeName"))


def _bound(api: Api, pods: list[Object]) -> int:
    return sum(_is_bound(api.get(one)) for one in pods)


def _one_more_node(live: Stack) -> Object:
    template = named(live.sent, "NodePool", "default-arm-spot")["spec"]["template"]
    return node("one-more", {POOL_LABEL: "default"}, template["spec"]["taints"])
