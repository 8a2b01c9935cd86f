"""The DaemonSet that mounts the JARs: where its pods run, and what its account may do."""

import pytest

from components.mounts.node_daemonset import ACCOUNT, DAEMONSET, NAMESPACE, NOT_MOUNTED
from components.node_groups import SYSTEM_LABELS
from components.pools import JARS_LABEL, POOL_LABEL
from tests.cluster.api import Api, Object, Refused
from tests.cluster.combinations import ONE_WITH_ALL_KINDS
from tests.cluster.conftest import Live
from tests.cluster.fleet import joined, node, nodes_of
from tests.cluster.objects import named, of_kind
from tests.cluster.processes import wait_until

_STARTING = {"key": NOT_MOUNTED.key, "effect": NOT_MOUNTED.effect}
_OTHER = {"key": "other", "value": "yes", "effect": "NoSchedule"}

one_with_a_daemon = pytest.mark.parametrize("live", ONE_WITH_ALL_KINDS, ids=str, indirect=True)


def test_a_daemon_runs_on_every_node_that_it_selects_but_on_no_system_node(
    api: Api, live: Live
) -> None:
    daemons = of_kind(live.sent, "DaemonSet")
    assert bool(daemons) == (live.level == "daemonset")
    for daemon in daemons:
        selected = daemon["spec"]["template"]["spec"]["nodeSelector"]
        given = node("given", selected, [_OTHER])
        nodes = [*nodes_of(live.sent, startup_taints=True), given]
        wanted = {
            one["metadata"]["name"]
            for one in nodes
            if selected.items() <= one["metadata"]["labels"].items()
            and one["metadata"]["labels"].get(POOL_LABEL) != SYSTEM_LABELS[POOL_LABEL]
        }
        assert "given" in wanted
        with joined(api, nodes):
            wait_until(lambda wanted=wanted: _nodes_with_pods(api) == wanted, f"pods on {wanted}")


@one_with_a_daemon
def test_its_account_labels_a_node_and_takes_the_start_up_taint_away(api: Api, live: Live) -> None:
    account = api.as_account(NAMESPACE, ACCOUNT)
    one = node("starting", {}, [_OTHER, _STARTING])
    with joined(api, [one]):
        account.patch(one, {"metadata": {"labels": {JARS_LABEL: "jars"}}})
        # As watch.sh does: it does not know the taint's place and lets the server test it.
        with pytest.raises(Refused):
            account.patch(one, _take_away(0), "json-patch+json")
        account.patch(one, _take_away(1), "json-patch+json")
        with pytest.raises(Refused):
            account.patch(one, _take_away(9), "json-patch+json")
        now = api.get(one)
        assert now["metadata"]["labels"][JARS_LABEL] == "jars"
        assert now["spec"]["taints"] == [_OTHER]
        account.patch(one, {"metadata": {"labels": {JARS_LABEL: None}}})
        assert JARS_LABEL not in api.get(one)["metadata"]["labels"]


@one_with_a_daemon
def test_its_account_may_do_nothing_else(api: Api, live: Live) -> None:
    account = api.as_account(NAMESPACE, ACCOUNT)
    own = named(live.sent, "DaemonSet", DAEMONSET)
    assert account.get(own)["metadata"]["name"] == DAEMONSET
    one = node("kept", {}, [])
    with joined(api, [one]):
        for forbidden in (
            lambda: account.delete(one),
            lambda: account.get(one),
            lambda: account.items("Node"),
            lambda: account.items("Secret"),
            lambda: account.items("Secret", NAMESPACE),
            lambda: account.items("DaemonSet", NAMESPACE),
            lambda: account.patch(own, {"metadata": {"labels": {"x": "y"}}}),
            lambda: account.create({**one, "metadata": {"name": "new"}}),
        ):
            with pytest.raises(Refused) as refusal:
                forbidden()
            assert refusal.value.reason == "Forbidden"


def _take_away(place: int) -> list[Object]:
    path = f"/spec/taints/{place}"
    return [
        {"op": "test", "path": f"{path}/key", "value": NOT_MOUNTED.key},
        {"op": "remove", "path": path},
    ]


def _nodes_with_pods(api: Api) -> set[str]:
    """Nodes that the DaemonSet's pods are bound to."""
    return {
        one["spec"]["nodeName"]
        for one in api.items("Pod", NAMESPACE)
        if one["spec"].get("nodeName")
    }
