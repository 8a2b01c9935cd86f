"""Celeborn and Lustre on the API server: manifests are stored as they are sent, and their pods pass
their namespaces' Pod Security levels, which refuse more."""

import copy
from collections.abc import Iterator

import pytest

from tests.plans import CELEBORN, LUSTRE
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import Combination
from tests.tiers.cluster.drift import changed_by_server
from tests.tiers.cluster.objects import apply_all, clear, identity, named
from tests.tiers.cluster.teams import refusal

_OWN = {"celeborn": CELEBORN, "lustre": LUSTRE}
_PODS = {
    "celeborn": [("StatefulSet", "celeborn-master"), ("StatefulSet", "celeborn-worker")],
    "lustre": [("Job", "team-a")],
}


@pytest.fixture(params=_OWN)
def stack(request: pytest.FixtureRequest, api: Api) -> Iterator[tuple[str, list[Object]]]:
    """The name, and the manifests of a stack with it, applied."""
    sent = Combination("dev", request.param, _OWN[request.param]).objects
    try:
        answers = apply_all(api, sent)
        changes = {
            identity(one): changed
            for one, answer in zip(sent, answers, strict=True)
            if (changed := changed_by_server(one, answer))
        }
        assert not changes
        yield request.param, sent
    finally:
        clear(api, sent)


def pod_of(sent: list[Object], kind: str, name: str) -> Object:
    """The pod that a controller would create."""
    owner = named(sent, kind, name)
    template = copy.deepcopy(owner["spec"]["template"])
    metadata = {"name": f"{name}-tried", "namespace": owner["metadata"]["namespace"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template.get("metadata", {}), **metadata},
        "spec": template["spec"],
    }


def test_pods_are_admitted_and_the_same_with_more_are_not(
    api: Api, stack: tuple[str, list[Object]]
) -> None:
    name, sent = stack
    for kind, owner in _PODS[name]:
        pod = pod_of(sent, kind, owner)
        assert refusal(api, pod) == ""
        wide = copy.deepcopy(pod)
        wide["spec"]["volumes"].append({"name": "host", "hostPath": {"path": "/"}})
        assert "violates PodSecurity" in refusal(api, wide)
        wide = copy.deepcopy(pod)
        wide["spec"]["containers"][0]["securityContext"]["privileged"] = True
        wide["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
        assert "violates PodSecurity" in refusal(api, wide)
        if name == "celeborn":
            wide = copy.deepcopy(pod)
            wide["spec"]["securityContext"]["runAsNonRoot"] = False
            assert "runAsNonRoot" in refusal(api, wide)
