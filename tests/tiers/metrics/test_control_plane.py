"""The control plane's metrics, those of its bad days included: a request that is turned away, a
webhook that does not answer, a pod that finds no node."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.metrics.sampled import agree, version_of
from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.control_plane import PROGRAMS, ControlPlane
from tests.tiers.cluster.objects import clear
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import executor, joined, node, node_of_pod, running, why_pending
from tests.tiers.metrics.stack import TEAM
from tests.tiers.programs import ROOT

# The scheduler takes the time of one pod in ten only.
_ALWAYS = "(?!scheduler_(plugin_execution|inflight)_).*"
_CROWD, _POOL = "crowd", "default"
_FLOW: Object = {
    "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
    "kind": "PriorityLevelConfiguration",
    "metadata": {"name": "none"},
    "spec": {
        "type": "Limited",
        "limited": {
            "nominalConcurrencyShares": 0,
            "borrowingLimitPercent": 0,
            "limitResponse": {"type": "Reject"},
        },
    },
}
_CROWDED: Object = {
    "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
    "kind": "FlowSchema",
    "metadata": {"name": "crowd"},
    "spec": {
        "priorityLevelConfiguration": {"name": "none"},
        "matchingPrecedence": 2,
        "rules": [
            {
                "subjects": [{"kind": "User", "user": {"name": _CROWD}}],
                "resourceRules": [
                    {
                        "verbs": ["*"],
                        "apiGroups": ["*"],
                        "resources": ["*"],
                        "clusterScope": True,
                        "namespaces": ["*"],
                    }
                ],
            }
        ],
    },
}
_WEBHOOK: Object = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "silent"},
    "webhooks": [
        {
            "name": "silent.example.org",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "timeoutSeconds": 1,
            # Nothing listens there.
            "clientConfig": {"url": "https://127.0.0.1:9/"},
            "rules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["configmaps"],
                }
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def after_bad_days(plane: ControlPlane) -> Iterator[ControlPlane]:
    """The control plane after each of them."""
    api = plane.api
    plain = {"nodeSelector": {}, "tolerations": [], "volumes": []}
    pods = [executor("fits", TEAM, _POOL, **plain), executor("waits", TEAM, _POOL, **plain)]
    for one in pods:
        one["spec"]["containers"][0].pop("volumeMounts")
    pods[1]["spec"]["nodeSelector"] = {"nowhere": "true"}
    flow = [_FLOW, _CROWDED]
    with ExitStack() as started:
        started.callback(clear, api, [*flow, _WEBHOOK])
        for one in (*flow, _WEBHOOK):
            api.apply(one)
        started.enter_context(joined(api, [node("room", {}, [])]))
        started.enter_context(running(api, pods))
        assert node_of_pod(api, pods[0]) == "room"
        assert "node(s) didn't match" in why_pending(api, pods[1])
        wait_until(lambda: _is_turned_away(api), "a request is turned away")
        wait_until(lambda: _asked_the_webhook(plane), "the webhook is asked")
        yield plane


def _is_turned_away(api: Api) -> bool:
    """A level without seats still lets one request through at a time."""

    def code(crowd: Api) -> int:
        try:
            crowd.items("ConfigMap", TEAM)
        except Refused as refused:
            return refused.code
        return 200

    with ThreadPoolExecutor(16) as pool:
        return 429 in pool.map(code, [api.as_user(_CROWD)] * 64)


def _asked_the_webhook(plane: ControlPlane) -> bool:
    probe = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "x", "namespace": TEAM}}
    plane.api.create(probe)
    plane.api.delete(probe)
    return "apiserver_admission_webhook_admission_duration" in plane.metrics("kube-apiserver")


@pytest.mark.parametrize("program", PROGRAMS[1:])
def test_the_catalogue_has_its_metrics(
    after_bad_days: ControlPlane, program: str, request: pytest.FixtureRequest
) -> None:
    version = version_of("k8s.io/kubernetes", ROOT / "dev" / "kube" / "control-plane")
    agree(request, program, after_bad_days.metrics(program), version, _ALWAYS)
