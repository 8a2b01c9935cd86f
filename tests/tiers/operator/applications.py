"""SparkApplications in the cluster: applied, watched, and deleted with everything they created."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.objects import clear
from tests.tiers.operator.cases import Wanted
from tests.tiers.operator.kubelet import Kubelet

_KINDS = ("Pod", "Service", "ConfigMap")
APP_LABEL = "sparkoperator.k8s.io/app-name"
ROLE_LABEL = "spark-role"


@contextmanager
def applied(api: Api, jobs: Sequence[Wanted], by: Api | None = None) -> Iterator[None]:
    """Creates the jobs, and deletes everything of them after the block. `by` creates the
    applications in the administrator's place."""
    namespaces = {one.team for one in jobs}
    before = _objects(api, namespaces)
    try:
        for one in jobs:
            for other in one.beside:
                api.apply(other)
            if by:
                by.create(one.application)
            else:
                api.apply(one.application)
        yield
    finally:
        clear(api, [one.application for one in jobs])
        left = [
            {"kind": kind, "metadata": {"name": name, "namespace": namespace}}
            for kind, namespace, name in _objects(api, namespaces) - before
        ]
        clear(api, left)


def state_of(api: Api, application: Object) -> str:
    """The application's state by the operator; empty before the first reconciliation."""
    return _application_state(api, application).get("state", "")


def state_at_end(kubelet: Kubelet, api: Api, application: Object, seconds: float) -> str:
    """Runs the pods until the application has ended: COMPLETED or FAILED. Raises TimeoutError."""
    ended = ("COMPLETED", "FAILED")
    kubelet.run_until(lambda: state_of(api, application) in ended, "the job has ended", seconds)
    return state_of(api, application)


def why_failed(api: Api, application: Object) -> str:
    """What `kubectl describe sparkapplication` shows as the reason; empty while there is none."""
    return _application_state(api, application).get("errorMessage", "")


def _application_state(api: Api, application: Object) -> Object:
    return (api.get(application).get("status") or {}).get("applicationState") or {}


def pods_of(api: Api, application: Object, role: str) -> list[Object]:
    """The application's pods of a role, driver or executor, by name."""
    metadata = application["metadata"]
    found = [
        pod
        for pod in api.items("Pod", metadata["namespace"])
        if pod["metadata"]["labels"].get(APP_LABEL) == metadata["name"]
        and pod["metadata"]["labels"].get(ROLE_LABEL) == role
    ]
    return sorted(found, key=lambda pod: pod["metadata"]["name"])


def placed(api: Api, job: Wanted) -> bool:
    """Whether the job has as many executors as it asks for, and each has its node."""
    spec = job.application["spec"]
    dynamic = spec.get("dynamicAllocation", {})
    wanted = dynamic.get("initialExecutors") or spec["executor"]["instances"]
    executors = pods_of(api, job.application, "executor")
    return len(executors) == wanted and all(one["spec"].get("nodeName") for one in executors)


def _objects(api: Api, namespaces: set[str]) -> set[tuple[str, str, str]]:
    return {
        (kind, namespace, one["metadata"]["name"])
        for kind in _KINDS
        for namespace in namespaces
        for one in api.items(kind, namespace)
    }
