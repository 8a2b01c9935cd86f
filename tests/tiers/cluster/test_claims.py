"""Each namespace's claim binds to its own volume, in every level and across a switch of levels."""

import pytest

from tests.names import JARS_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import ONE_WITH_ALL_KINDS, WITH_POOLS, combination
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.objects import await_gone, named, of_kind, switch
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import executor, joined, node, node_of_pod, running


def test_each_claim_binds_to_the_volume_of_its_own_namespace(api: Api, live: Live) -> None:
    assert live.namespaces
    assert _bound(api, live.sent) == _own_volumes(live.sent)


@pytest.mark.parametrize("live", WITH_POOLS, ids=str, indirect=True)
def test_claims_bind_again_after_a_switch_of_levels_there_and_back(api: Api, live: Live) -> None:
    other = "userdata" if live.level == "pod" else "pod"
    there = combination(live.combination.stack, other).objects
    first = _bound(api, live.sent)
    try:
        switch(api, live.sent, there)
        second = _bound(api, there)
        left = {one["metadata"]["name"] for one in api.items("PersistentVolume")}
    finally:
        switch(api, there, live.sent)
    assert first == _bound(api, live.sent) == _own_volumes(live.sent)
    assert second == _own_volumes(there)
    # The volumes of the previous level are deleted, so no claim can bind to them by accident.
    assert left == set(second.values())
    assert not set(first.values()) & set(second.values())


@pytest.mark.parametrize("live", ONE_WITH_ALL_KINDS, ids=str, indirect=True)
def test_a_switch_waits_for_the_pod_that_still_uses_the_claim(api: Api, live: Live) -> None:
    worker = executor("still-running", "team-a", "default", tolerations=[], nodeSelector={})
    claim = named(live.sent, "PersistentVolumeClaim", "spark-jars", "team-a")
    _bound(api, live.sent)
    with joined(api, [node("worker", {JARS_LABEL: "jars"}, [])]):
        with running(api, [worker]):
            assert node_of_pod(api, worker) == "worker"
            api.delete(claim)
            with pytest.raises(TimeoutError):
                wait_until(lambda: api.is_gone(claim), "the claim goes", seconds=4)
            # Nothing breaks under the pod: its volume is bound as long as the claim is there.
            assert api.get(claim)["status"]["phase"] == "Bound"
        wait_until(lambda: api.is_gone(claim), "the claim goes with its last pod")
    there = combination("dev", "pod").objects
    switch(api, live.sent, there)
    assert _bound(api, there) == _own_volumes(there)
    switch(api, there, live.sent)


@pytest.mark.parametrize("live", ONE_WITH_ALL_KINDS, ids=str, indirect=True)
def test_a_claim_that_an_administrator_deleted_binds_again(api: Api, live: Live) -> None:
    claim = named(live.sent, "PersistentVolumeClaim", "spark-jars", "team-a")
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": claim["spec"]["volumeName"]},
    }
    for _ in range(2):
        _bound(api, live.sent)
        api.delete(claim)
        await_gone(api, claim)
        api.wait(volume, lambda one: one["status"]["phase"] == "Released", "released")
        again = api.apply(claim)
        # The volume is for the claim that is gone.
        with pytest.raises(TimeoutError):
            api.wait(claim, lambda one: one["status"].get("phase") == "Bound", "bound", seconds=3)
        # What the program's PersistentVolumePatch sends once the claim has another uid.
        api.force({**volume, "spec": {"claimRef": {"uid": again["metadata"]["uid"]}}})
        assert _bound(api, live.sent) == _own_volumes(live.sent)


def _bound(api: Api, objects: list[Object]) -> dict[str, str]:
    """Namespace to the volume that its claim is bound to, once all are."""
    found = {}
    for claim in of_kind(objects, "PersistentVolumeClaim"):
        bound = api.wait(claim, lambda one: one["status"].get("phase") == "Bound", "bound")
        found[bound["metadata"]["namespace"]] = bound["spec"]["volumeName"]
    return found


def _own_volumes(objects: list[Object]) -> dict[str, str]:
    """Namespace to the volume that is reserved for it."""
    return {
        volume["spec"]["claimRef"]["namespace"]: volume["metadata"]["name"]
        for volume in of_kind(objects, "PersistentVolume")
    }
