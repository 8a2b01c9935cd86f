"""The real scheduler over one node of each NodePool: pods that claim JARs run on nodes with
these JARs. A node removes its own label while its JARs are unavailable (userdata/fence.sh), as its
kubelet.

The Karpenter tier tests which nodes accept drivers, executors and other pods.
"""

import re
from copy import deepcopy
from functools import partial

import pytest
import yaml

from tests.names import AUTO_MODE, COMPUTE_LABEL, JARS_LABEL, MOUNT_NAMESPACE, POOL_LABEL
from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.combinations import WITH_POOLS, combination
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.objects import of_kind
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import (
    SYSTEM,
    executor,
    joined,
    node,
    node_of_pod,
    nodes_of,
    nodes_with_pods,
    running,
    why_pending,
)
from tests.tiers.cluster.teams import refusal
from tests.tiers.programs import ROOT

with_pools = pytest.mark.parametrize("live", WITH_POOLS, ids=str, indirect=True)
one_with_user_data = pytest.mark.parametrize(
    "live", [combination("dev", "userdata")], ids=str, indirect=True
)


@with_pools
def test_no_pod_with_the_claim_starts_on_a_node_without_the_jars(api: Api, live: Live) -> None:
    if live.level == "pod":
        # The CSI driver mounts for the pod, on any node.
        volumes = of_kind(live.sent, "PersistentVolume")
        assert not any("nodeAffinity" in volume["spec"] for volume in volumes)
        return
    nodes = nodes_of(live.sent, startup_taints=False)
    bare = deepcopy(nodes)
    for one in bare:
        one["metadata"]["labels"].pop(JARS_LABEL, None)
    pods = live.pods()
    with joined(api, bare), running(api, pods):
        for pod in pods:
            assert "node affinity" in why_pending(api, pod)
        for one in nodes:
            api.patch(one, {"metadata": {"labels": one["metadata"]["labels"]}})
        for pod in pods:
            assert node_of_pod(api, pod)


@with_pools
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


def test_a_daemon_runs_on_every_node_that_it_selects_but_on_no_system_or_auto_mode_node(
    api: Api, live: Live
) -> None:
    daemons = {one["metadata"]["name"]: one for one in of_kind(live.sent, "DaemonSet")}
    if live.level != "daemonset":
        assert set(daemons) == ({"fluent-bit"} if live.level == "logs" else set())
        return
    daemon = daemons["spark-jars"]
    selected = daemon["spec"]["template"]["spec"]["nodeSelector"]
    other = {"key": "other", "value": "yes", "effect": "NoSchedule"}
    given = node("given", selected, [other])
    auto = node("auto-mode", {**selected, COMPUTE_LABEL: AUTO_MODE}, [])
    nodes = [*nodes_of(live.sent, startup_taints=True), given, auto]
    wanted = {
        one["metadata"]["name"]
        for one in nodes
        if selected.items() <= one["metadata"]["labels"].items()
        and one["metadata"]["labels"].get(POOL_LABEL) != SYSTEM
        and one is not auto
    }
    assert "given" in wanted
    with joined(api, nodes):
        found = partial(nodes_with_pods, api, MOUNT_NAMESPACE)
        wait_until(lambda: found() == wanted, f"pods on {wanted}")


def test_an_agent_of_logs_runs_on_every_node_with_any_taint(api: Api, live: Live) -> None:
    if live.level != "logs":
        return
    linux = {"kubernetes.io/os": "linux"}
    given = node("given", linux, [{"key": "other", "value": "yes", "effect": "NoExecute"}])
    nodes = [*nodes_of(live.sent, startup_taints=True), given]
    wanted = {one["metadata"]["name"] for one in nodes}
    assert any(one["metadata"]["labels"].get(POOL_LABEL) == SYSTEM for one in nodes)
    with joined(api, nodes):
        found = partial(nodes_with_pods, api, "log-agents")
        wait_until(lambda: found() == wanted, f"pods on {wanted}")


@one_with_user_data
def test_no_new_pod_is_scheduled_and_running_pods_stay(api: Api, live: Live) -> None:
    (one, *_) = [
        node
        for node in nodes_of(live.sent, startup_taints=False)
        if node["metadata"]["labels"].get("spark-on-eks/pool") == "default"
    ]
    name = one["metadata"]["name"]
    value = one["metadata"]["labels"][JARS_LABEL]
    kubelet = api.as_kubelet(name)
    early, late = (executor(name, "team-a", "default") for name in ("early", "late"))
    with joined(api, [one]), running(api, [early]):
        assert node_of_pod(api, early) == name
        kubelet.patch(one, _label(None))
        with running(api, [late]):
            assert "affinity" in why_pending(api, late)
            assert api.get(early)["spec"]["nodeName"] == name
            kubelet.patch(one, _label(value))
            api.wait(late, lambda pod: pod["spec"].get("nodeName") == name, "let in again")


@one_with_user_data
def test_a_node_learns_its_name_and_changes_neither_another_nor_its_taints(
    api: Api, live: Live
) -> None:
    own, other = nodes_of(live.sent, startup_taints=False)[:2]
    kubelet = api.as_kubelet(own["metadata"]["name"])
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = kubelet.create({**review, "metadata": {}})
    assert answer["status"]["userInfo"]["username"] == f"system:node:{own['metadata']['name']}"
    with joined(api, [own, other]):
        with pytest.raises(Refused, match="not allowed to modify node"):
            kubelet.patch(other, _label(None))
        with pytest.raises(Refused, match="not allowed to modify taints"):
            kubelet.patch(own, {"spec": {"taints": None}})


def test_the_alerts_of_the_docs_are_taken(api: Api) -> None:
    page = (ROOT / "docs" / "node-mount.md").read_text()
    (text,) = re.findall(r"```yaml\n(apiVersion: monitoring.*?)```", page, re.DOTALL)
    rule = yaml.safe_load(text)
    rule["metadata"]["namespace"] = "default"
    assert api.create(rule, dry_run=True)["spec"] == rule["spec"]


def _label(value: str | None) -> Object:
    return {"metadata": {"labels": {JARS_LABEL: value}}}


def _jars_of(live: Live, pool: str) -> str:
    """The set of JARs on a pool's nodes; none in pod level."""
    labels = [
        one["spec"]["template"]["metadata"]["labels"].get(JARS_LABEL, "")
        for one in of_kind(live.sent, "NodePool")
        if one["metadata"]["name"] in live.node_pools(pool)
    ]
    (found,) = set(labels)
    return found
