"""One API server with the real prometheus-operator for all tests of this tier."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.metrics.expressions import tools as metric_tools
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.conftest import install
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.control_plane import programs as control_plane_programs
from tests.tiers.cluster.processes import wait_until
from tests.tiers.metrics import programs
from tests.tiers.metrics.stack import ACCOUNT, NAMESPACE, TEAM
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.programs import programs as spark_programs
from tests.tiers.programs import or_skip


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of Prometheus and of what belongs to it."""
    return or_skip(metric_tools)


@pytest.fixture(scope="session")
def spark() -> Programs:
    """Spark with a JVM."""
    return or_skip(spark_programs)


@pytest.fixture(scope="session")
def plane(tools: Path) -> Iterator[ControlPlane]:
    """The running control plane with the operator's CRDs and the namespaces of these tests."""
    with ControlPlane(or_skip(control_plane_programs)) as started:
        install(started.api, programs.definitions(tools))
        for name in (NAMESPACE, TEAM):
            started.api.create(_namespace(name))
        for name in (NAMESPACE, TEAM):
            wait_until(partial(started.api.find, "ServiceAccount", "default", name), "accounts")
        yield started


@pytest.fixture(scope="session")
def api(plane: ControlPlane) -> Api:
    """Its client, as administrator."""
    return plane.api


@pytest.fixture(scope="session")
def operator(plane: ControlPlane, tools: Path) -> Iterator[programs.Server]:
    """The running prometheus-operator."""
    with programs.operator(plane, tools, NAMESPACE, ACCOUNT) as server:
        yield server


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
