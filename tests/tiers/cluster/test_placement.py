"""The real scheduler over one node of each NodePool: every pod to its own pool, and only there."""

import pytest

from tests.names import JARS_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import WITH_POOLS
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.fleet import (
    NO_TAINT,
    driver,
    executor,
    joined,
    node_of_pod,
    nodes_of,
    one_a_node,
    running,
    why_pending,
)
from tests.tiers.cluster.objects import of_kind

RUNGS = 4

pytestmark = pytest.mark.parametrize("live", WITH_POOLS, ids=str, indirect=True)


def test_executors_fill_exactly_the_nodes_of_their_own_pool(api: Api, live: Live) -> None:
    with joined(api, nodes_of(live.sent, startup_taints=False)):
        for team, pool in live.teams.items():
            pods = [
                one_a_node(executor(f"executor-{number}", team, pool)) for number in range(RUNGS)
            ]
            one_more = one_a_node(executor("one-more", team, pool))
            with running(api, pods):
                assert {node_of_pod(api, pod) for pod in pods} == live.node_pools(pool)
                with running(api, [one_more]):
                    assert "anti-affinity" in why_pending(api, one_more)


def test_a_driver_runs_on_its_drivers_node_and_nowhere_else(api: Api, live: Live) -> None:
    with joined(api, nodes_of(live.sent, startup_taints=False)):
        for team, pool in live.teams.items():
            drivers = live.driver_pool(pool)
            first, second = (one_a_node(driver(name, team, drivers)) for name in ("one", "two"))
            with running(api, [first]):
                assert node_of_pod(api, first) == drivers
                with running(api, [second]):
                    assert "anti-affinity" in why_pending(api, second)


def test_a_pod_that_tolerates_nothing_stays_off_every_spark_node(api: Api, live: Live) -> None:
    nodes = nodes_of(live.sent, startup_taints=False)
    (team, pool), *_ = live.teams.items()
    stranger = executor("stranger", team, pool, tolerations=[], nodeSelector={}, volumes=[])
    stranger["spec"]["containers"][0].pop("volumeMounts")
    with joined(api, nodes), running(api, [stranger]):
        assert node_of_pod(api, stranger) == NO_TAINT
    without = [one for one in nodes if one["metadata"]["name"] != NO_TAINT]
    with joined(api, without), running(api, [stranger]):
        assert "untolerated taint" in why_pending(api, stranger)


def test_no_pod_starts_before_the_start_up_taint_is_gone(api: Api, live: Live) -> None:
    if live.level == "userdata":
        # It mounts before kubelet starts: there is nothing to wait for.
        pools = of_kind(live.sent, "NodePool")
        assert not any("startupTaints" in pool["spec"]["template"]["spec"] for pool in pools)
        return
    pods = live.pods()
    with joined(api, nodes_of(live.sent, startup_taints=True)), running(api, pods):
        for pod in pods:
            assert "untolerated taint" in why_pending(api, pod)
        for bare in nodes_of(live.sent, startup_taints=False):
            api.patch(bare, {"spec": bare["spec"]})
        for pod in pods:
            assert node_of_pod(api, pod)


def test_no_pod_with_the_claim_starts_on_a_node_without_the_jars(api: Api, live: Live) -> None:
    if live.level == "pod":
        # The CSI driver mounts for the pod, on any node.
        volumes = of_kind(live.sent, "PersistentVolume")
        assert not any("nodeAffinity" in volume["spec"] for volume in volumes)
        return
    nodes = nodes_of(live.sent, startup_taints=False)
    bare = [_without_label(one, JARS_LABEL) for one in nodes]
    pods = live.pods()
    with joined(api, bare), running(api, pods):
        for pod in pods:
            assert "node affinity" in why_pending(api, pod)
        for one in nodes:
            api.patch(one, {"metadata": {"labels": one["metadata"]["labels"]}})
        for pod in pods:
            assert node_of_pod(api, pod)


def test_no_pod_starts_on_nodes_that_mount_another_set_of_jars(api: Api, live: Live) -> None:
    sets = {team: _jars_of(live, pool) for team, pool in live.teams.items()}
    lost = [
        executor(f"lost-in-{pool}", team, pool)
        for team, jars in sets.items()
        for pool in live.teams.values()
        if jars != _jars_of(live, pool)
    ]
    # Staging's pool `etl` has a bucket of its own; a node mounts one set of JARs, a pod any.
    assert bool(lost) == (str(live.combination) == "staging-userdata")
    with joined(api, nodes_of(live.sent, startup_taints=False)), running(api, lost):
        for pod in lost:
            assert "node affinity" in why_pending(api, pod)


def _jars_of(live: Live, pool: str) -> str:
    """The set of JARs on a pool's nodes; none in pod level."""
    labels = [
        one["spec"]["template"]["metadata"]["labels"].get(JARS_LABEL, "")
        for one in of_kind(live.sent, "NodePool")
        if one["metadata"]["name"] in live.node_pools(pool)
    ]
    (found,) = set(labels)
    return found


def _without_label(node: Object, label: str) -> Object:
    metadata = node["metadata"]
    labels = {key: value for key, value in metadata["labels"].items() if key != label}
    return {**node, "metadata": {**metadata, "labels": labels}}
