"""What VPA's recommender says of a Prometheus object as its target, and of the StatefulSet that the
operator makes of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.conftest import install
from tests.tiers.cluster.control_plane import ControlPlane, free_ports
from tests.tiers.cluster.processes import start, wait_until
from tests.tiers.metrics import programs
from tests.tiers.metrics.programs import Server
from tests.tiers.metrics.stack import NAME, NAMESPACE, PROMETHEUS

_ACCOUNT, _SYSTEM = "vpa-recommender", "kube-system"
_UNSUPPORTED, _NO_PODS = "ConfigUnsupported", "NoPodsMatched"
TARGETS = {
    "Prometheus": {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "name": NAME,
    },
    "StatefulSet": {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": f"prometheus-{NAME}",
    },
}


@pytest.fixture(scope="module")
def recommender(plane: ControlPlane, operator: Server, tools: Path) -> Iterator[Api]:
    """The API server with a Prometheus, and with the recommender at work on it."""
    assert operator.child.process.poll() is None
    api, folder = plane.api, tools / "vpa"
    crds, rights = (
        [one for one in yaml.safe_load_all((folder / name).read_text()) if one]
        for name in ("vpa-v1-crd-gen.yaml", "vpa-rbac.yaml")
    )
    install(api, crds)
    sent = [*rights, PROMETHEUS]
    for one in sent:
        api.apply(one)
    api.wait(PROMETHEUS, lambda live: live.get("status", {}).get("selector"), "taken up")
    kubeconfig = plane.folder / "vpa-kubeconfig"
    plane.write_kubeconfig(kubeconfig, api.token_of(_SYSTEM, _ACCOUNT))
    (port,) = free_ports(1)
    command = [tools / "vpa-recommender", f"--kubeconfig={kubeconfig}"]
    command += ["--recommender-interval=1s", f"--address=127.0.0.1:{port}"]
    child = start(command, plane.folder / "vpa.log")
    try:
        yield api
    finally:
        child.stop()
        programs.clear_all(api, sent)


def _conditions(api: Api, kind: str) -> dict[str, str]:
    """The recommender's conditions, with their messages, of an autoscaler with a target."""
    autoscaler: Object = {
        "apiVersion": "autoscaling.k8s.io/v1",
        "kind": "VerticalPodAutoscaler",
        "metadata": {"name": kind.lower(), "namespace": NAMESPACE},
        "spec": {"targetRef": TARGETS[kind], "updatePolicy": {"minReplicas": 1}},
    }
    api.apply(autoscaler)
    found: dict[str, str] = {}

    def judged() -> bool:
        conditions = (api.get(autoscaler).get("status") or {}).get("conditions") or []
        found.update({one["type"]: one.get("message", "") for one in conditions})
        return _UNSUPPORTED in found or _NO_PODS in found

    try:
        wait_until(judged, "the recommender judges the target")
    finally:
        api.delete(autoscaler)
    return found


def test_a_prometheus_object_is_a_target(recommender: Api) -> None:
    """No kubelet runs its pod here, so that is what it lacks."""
    found = _conditions(recommender, "Prometheus")
    assert _UNSUPPORTED not in found, found
    assert _NO_PODS in found


def test_the_statefulset_that_the_operator_makes_is_none(recommender: Api) -> None:
    found = _conditions(recommender, "StatefulSet")
    assert "should point to a topmost well-known or scalable controller" in found[_UNSUPPORTED]
