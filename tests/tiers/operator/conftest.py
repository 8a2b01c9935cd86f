"""One API server for all tests of this tier; one combination at a time, with the operator on it."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.tiers.cluster.api import Api
from tests.tiers.cluster.combinations import Combination
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.conftest import running as running_plane
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.objects import apply_all, clear
from tests.tiers.cluster.scheduling import joined, nodes_of
from tests.tiers.operator import yunikorn
from tests.tiers.operator.applications import applied
from tests.tiers.operator.cases import CLAIMS, DATA, EVERY, SMALLEST, Wanted, chart_values
from tests.tiers.operator.kubelet import Kubelet, waiting
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import Programs, programs
from tests.tiers.operator.release import Operator, definitions, running
from tests.tiers.programs import leave_out, or_skip


@pytest.fixture(scope="session")
def spark() -> Programs:
    """The operator's programs and Spark's."""
    return or_skip(programs)


@pytest.fixture(scope="session")
def plane(spark: Programs) -> Iterator[ControlPlane]:
    """The running control plane, with the CRDs of the operator's own chart."""
    with running_plane(definitions(spark)) as started:
        yield started


@pytest.fixture(scope="session")
def api(plane: ControlPlane) -> Api:
    """Its client, as administrator."""
    return plane.api


@dataclass(frozen=True)
class Stack(Live):
    """A combination in the cluster, with its nodes and the running operator."""

    operator: Operator
    url: str
    """Of the API server."""

    @property
    def spark_teams(self) -> list[str]:
        """The teams, whose names are their namespaces'."""
        return sorted(self.namespaces)


@pytest.fixture(scope="session", params=EVERY, ids=str)
def live(request: pytest.FixtureRequest, plane: ControlPlane, spark: Programs) -> Iterator[Stack]:
    """A combination, applied, with a node of each of its NodePools and its operator."""
    one: Combination = request.param
    sent = one.objects
    with ExitStack() as started:
        started.callback(clear, plane.api, sent)
        answers = apply_all(plane.api, sent)
        started.enter_context(joined(plane.api, nodes_of(sent, startup_taints=False)))
        if values := chart_values(one, yunikorn.NAMESPACE):
            folder = plane.folder / "yunikorn"
            started.enter_context(yunikorn.running(plane, spark, values, folder))
        values, folder = chart_values(one, "spark-operator") or {}, plane.folder / "operator"
        operator = started.enter_context(running(plane, spark, values, folder))
        yield Stack(one, sent, answers, operator, plane.url)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of one combination together: each is set up once."""
    order = {one: number for number, one in enumerate((*EVERY, SMALLEST, CLAIMS, DATA))}

    def place(item: pytest.Item) -> int:
        callspec = getattr(item, "callspec", None)
        return order.get(callspec.params.get("live"), -1) if callspec else -1

    items.sort(key=place)


@pytest.fixture(scope="session")
def drivers(
    api: Api, live: Stack, spark: Programs, pod_host: PodHost
) -> Callable[[Sequence[Wanted]], AbstractContextManager[Kubelet]]:
    """Applies jobs for a block, and runs their drivers, which only wait for their executors."""

    @contextmanager
    def run(jobs: Sequence[Wanted]) -> Iterator[Kubelet]:
        teams = sorted({one.team for one in jobs})
        edit = waiting(live.url)
        kubelet = Kubelet(api, spark, pod_host, teams, pod_host.empty, edit, roles=["driver"])
        with applied(api, jobs), kubelet:
            yield kubelet

    return run


@pytest.fixture(scope="session")
def pod_host() -> Iterator[PodHost]:
    """Where pods run; tests that start pods are left out where this process may not mount."""
    if os.geteuid() != 0:
        leave_out("starting Spark from its pods needs root (sudo make test-operator)")
    made = PodHost()
    yield made
    made.close()
