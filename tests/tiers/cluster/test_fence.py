"""A node removes its own label while its JARs are unavailable (userdata/fence.sh), as its
kubelet."""

import re

import pytest
import yaml

from tests.names import JARS_LABEL
from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.combinations import combination
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.scheduling import (
    executor,
    joined,
    node_of_pod,
    nodes_of,
    running,
    why_pending,
)
from tests.tiers.programs import ROOT

one_with_user_data = pytest.mark.parametrize(
    "live", [combination("dev", "userdata")], ids=str, indirect=True
)


def _labelled(value: str | None) -> Object:
    return {"metadata": {"labels": {JARS_LABEL: value}}}


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
        kubelet.patch(one, _labelled(None))
        with running(api, [late]):
            assert "affinity" in why_pending(api, late)
            assert api.get(early)["spec"]["nodeName"] == name
            kubelet.patch(one, _labelled(value))
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
            kubelet.patch(other, _labelled(None))
        with pytest.raises(Refused, match="not allowed to modify taints"):
            kubelet.patch(own, {"spec": {"taints": None}})


def test_the_alerts_of_the_docs_are_taken(api: Api) -> None:
    page = (ROOT / "docs" / "node-mount.md").read_text()
    (text,) = re.findall(r"```yaml\n(apiVersion: monitoring.*?)```", page, re.DOTALL)
    rule = yaml.safe_load(text)
    rule["metadata"]["namespace"] = "default"
    assert api.create(rule, dry_run=True)["spec"] == rule["spec"]
