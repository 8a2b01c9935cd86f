"""The DaemonSet that mounts the JARs: the permissions of its account and its pods."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.names import (
    JARS_LABEL,
    MOUNT_ACCOUNT,
    MOUNT_DAEMONSET,
    MOUNT_NAMESPACE,
    NOT_MOUNTED_TAINT,
    SHARED_JARS,
)
from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.combinations import ONE_WITH_ALL_KINDS
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.objects import named
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import joined, node, nodes_with_pods

_STARTING = {"key": NOT_MOUNTED_TAINT, "effect": "NoSchedule"}
_OTHER = {"key": "other", "value": "yes", "effect": "NoSchedule"}

_LABEL = {"metadata": {"labels": {JARS_LABEL: SHARED_JARS}}}
_OWNER = {"apiVersion": "v1", "kind": "Node", "name": "another", "uid": "0"}
OWN, OTHER = "own", "another"
_OWN_NODE, _OTHER_NODE = ({"kind": "Node", "metadata": {"name": name}} for name in (OWN, OTHER))

pytestmark = pytest.mark.parametrize("live", ONE_WITH_ALL_KINDS, ids=str, indirect=True)


@pytest.fixture
def pod(api: Api, live: Live) -> Iterator[Api]:
    """The API server for the DaemonSet's pod on the node `own`, with the pod's own token."""
    template = named(live.sent, "DaemonSet", MOUNT_DAEMONSET)["spec"]["template"]
    labels = template["spec"]["nodeSelector"]
    annotated = {"annotations": {"kept": "yes"}, "finalizers": ["example.com/kept"]}
    nodes = [node(name, {**labels, "kept": "yes"}, [_OTHER, _STARTING]) for name in (OWN, OTHER)]
    for one in nodes:
        one["metadata"] |= annotated
    with joined(api, nodes):
        try:
            found = partial(nodes_with_pods, api, MOUNT_NAMESPACE)
            wait_until(lambda: {OWN, OTHER} <= found(), "pods on both nodes")
            pods = {one["spec"].get("nodeName"): one for one in api.items("Pod", MOUNT_NAMESPACE)}
            own = api.as_pod(pods[OWN])
            # A policy is enforced a moment after its creation.
            wait_until(lambda: _is_refused(own, _OTHER_NODE, _LABEL), "the policy counts")
            yield own
        finally:
            for one in nodes:
                api.patch(one, {"metadata": {"finalizers": None}})


def test_its_pod_labels_its_node_and_takes_the_start_up_taint_away(api: Api, pod: Api) -> None:
    pod.patch(_OWN_NODE, _LABEL)
    # As watch.sh does: it does not know the taint's index, so the server tests it.
    with pytest.raises(Refused):
        pod.patch(_OWN_NODE, _take_away(0), "json-patch+json")
    pod.patch(_OWN_NODE, _take_away(1), "json-patch+json")
    with pytest.raises(Refused):
        pod.patch(_OWN_NODE, _take_away(9), "json-patch+json")
    now = api.get(_OWN_NODE)
    assert now["metadata"]["labels"][JARS_LABEL] == "jars"
    assert now["spec"]["taints"] == [_OTHER]
    pod.patch(_OWN_NODE, {"metadata": {"labels": {JARS_LABEL: None}}})
    assert JARS_LABEL not in api.get(_OWN_NODE)["metadata"]["labels"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"metadata": {"labels": {"x": "y"}}}, "of labels only"),
        ({"metadata": {"labels": {"kept": None}}}, "of labels only"),
        ({"metadata": {"labels": {"kept": "no"}}}, "of labels only"),
        ({"metadata": {"labels": {JARS_LABEL: "etl-jars"}}}, "of labels only"),
        ({"metadata": {"annotations": {"kept": None}}}, "only labels and taints"),
        ({"metadata": {"annotations": {"x": "y"}}}, "only labels and taints"),
        ({"metadata": {"finalizers": None}}, "only labels and taints"),
        ({"spec": {"unschedulable": True}}, "only labels and taints"),
        ({"spec": {"providerID": "aws:///us-west-2a/i-0"}}, "only labels and taints"),
        ({"spec": {"podCIDR": "10.9.0.0/24", "podCIDRs": ["10.9.0.0/24"]}}, "only labels"),
        ({"metadata": {"ownerReferences": [_OWNER]}}, "only labels and taints"),
        ({"spec": {"taints": None}}, "of taints only"),
        ({"spec": {"taints": [_STARTING]}}, "of taints only"),
        ({"spec": {"taints": [_OTHER, _STARTING, {**_OTHER, "key": "new"}]}}, "of taints only"),
        ({"spec": {"taints": [_OTHER, {**_STARTING, "effect": "NoExecute"}]}}, "of taints only"),
    ],
    ids=str,
)
def test_its_pod_may_change_nothing_else_of_its_node(
    api: Api, pod: Api, change: Object, says: str
) -> None:
    before = api.get(_OWN_NODE)
    with pytest.raises(Refused, match=says):
        pod.patch(_OWN_NODE, change)
    after = api.get(_OWN_NODE)
    assert (after["metadata"], after["spec"]) == (before["metadata"], before["spec"])


def test_the_server_itself_keeps_the_rest_of_a_node(api: Api, pod: Api) -> None:
    """Which is why the policy does not name these fields."""
    with pytest.raises(Refused, match="may not be updated"):
        pod.patch(_OWN_NODE, {"spec": {"externalID": "i-0"}})
    source = {"name": "x", "namespace": "y", "kubeletConfigKey": "z"}
    pod.patch(_OWN_NODE, {"spec": {"configSource": {"configMap": source}}})
    pod.patch(_OWN_NODE, {"status": {"conditions": [{"type": "Ready", "status": "False"}]}})
    now = api.get(_OWN_NODE)
    assert "configSource" not in now["spec"]
    assert [one["status"] for one in now["status"]["conditions"]] == ["True"]


def test_its_pod_changes_no_other_node_and_without_a_pod_the_account_none(
    api: Api, pod: Api
) -> None:
    account = api.as_account(MOUNT_NAMESPACE, MOUNT_ACCOUNT)
    for change, form in ((_LABEL, "merge-patch+json"), (_take_away(1), "json-patch+json")):
        for caller, target in ((pod, _OTHER_NODE), (account, _OWN_NODE)):
            with pytest.raises(Refused, match="only the node that its pod runs on"):
                caller.patch(target, change, form)


def test_the_policy_applies_to_no_other_account(api: Api, pod: Api) -> None:
    api.patch(_OTHER_NODE, {"metadata": {"labels": {"x": "y"}}, "spec": {"unschedulable": True}})
    assert api.get(_OTHER_NODE)["metadata"]["labels"]["x"] == "y"


def test_its_pod_may_do_nothing_else(api: Api, live: Live, pod: Api) -> None:
    own = named(live.sent, "DaemonSet", MOUNT_DAEMONSET)
    assert pod.get(own)["metadata"]["name"] == MOUNT_DAEMONSET
    for forbidden in (
        lambda: pod.delete(_OWN_NODE),
        lambda: pod.get(_OWN_NODE),
        lambda: pod.items("Node"),
        lambda: pod.items("Secret"),
        lambda: pod.items("Secret", MOUNT_NAMESPACE),
        lambda: pod.items("DaemonSet", MOUNT_NAMESPACE),
        lambda: pod.patch(own, {"metadata": {"labels": {"x": "y"}}}),
        lambda: pod.create({**node("new", {}, [])}),
    ):
        with pytest.raises(Refused) as refusal:
            forbidden()
        assert refusal.value.reason == "Forbidden"


def _is_refused(pod: Api, target: Object, change: Object) -> bool:
    try:
        pod.patch(target, change)
    except Refused:
        return True
    return False


def _take_away(place: int) -> list[Object]:
    path = f"/spec/taints/{place}"
    return [
        {"op": "test", "path": f"{path}/key", "value": NOT_MOUNTED_TAINT},
        {"op": "remove", "path": path},
    ]
