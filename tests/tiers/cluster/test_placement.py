"""The real scheduler over one node of each NodePool: pods that claim JARs run on nodes with
these JARs.

The Karpenter tier tests which nodes accept drivers, executors and other pods.
"""

import pytest

from tests.names import JARS_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import WITH_POOLS
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.objects import of_kind
from tests.tiers.cluster.scheduling import (
    executor,
    joined,
    node_of_pod,
    nodes_of,
    running,
    why_pending,
)
from tests.tiers.cluster.teams import refusal

pytestmark = pytest.mark.parametrize("live", WITH_POOLS, ids=str, indirect=True)


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
    for pod in lost:
        assert "tolerations must be for the team's pools only" in refusal(api, pod)


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
