"""What the agents of logs may do, as the API server itself says."""

import pytest

from tests.tiers.cluster.api import Api
from tests.tiers.cluster.combinations import LOGGED
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.objects import named
from tests.tiers.cluster.teams import is_allowed, refusal

USER = "system:serviceaccount:log-agents:fluent-bit"
GROUPS = ("system:serviceaccounts", "system:serviceaccounts:log-agents")

pytestmark = pytest.mark.parametrize("live", [LOGGED], ids=str, indirect=True)


def test_an_agent_may_read_the_kubelets_list_of_pods(api: Api, live: Live) -> None:
    assert is_allowed(api, USER, GROUPS, "get", "nodes/pods", "")


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"),
    [
        ("get", "nodes/proxy", ""),
        ("create", "nodes/proxy", ""),
        ("get", "nodes/log", ""),
        ("get", "nodes/exec", ""),
        ("create", "nodes/exec", ""),
        ("get", "nodes/metrics", ""),
        ("create", "nodes/pods", ""),
        ("get", "nodes", ""),
        ("get", "secrets", ""),
        ("get", "secrets", "log-agents"),
        ("list", "pods", ""),
        ("get", "pods", "team-a"),
        ("get", "pods/log", "team-a"),
        ("get", "configmaps", "log-agents"),
    ],
)
def test_an_agent_may_do_nothing_else(
    api: Api, live: Live, verb: str, resource: str, namespace: str
) -> None:
    assert not is_allowed(api, USER, GROUPS, verb, resource, namespace)


def test_the_namespace_of_agents_takes_their_pod_and_a_teams_does_not(api: Api, live: Live) -> None:
    template = named(live.sent, "DaemonSet", "fluent-bit")["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "agent", "namespace": "log-agents"},
        "spec": template["spec"],
    }
    assert api.create(pod, dry_run=True)["spec"]["priority"] > 2_000_000_000
    others = {**pod, "metadata": {"name": "agent", "namespace": "team-a"}}
    others["spec"] = {**template["spec"], "serviceAccountName": "spark-executor"}
    others["spec"].pop("priorityClassName")
    assert "hostPath" in refusal(api, others)
