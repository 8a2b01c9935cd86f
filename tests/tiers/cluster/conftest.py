"""One API server for all tests of this tier, with one combination of stack and level at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import yaml

from tests.names import DRIVERS, POOL_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.combinations import COMBINATIONS, TEAMS, Combination
from tests.tiers.cluster.control_plane import ControlPlane, programs
from tests.tiers.cluster.objects import apply_all, clear, of_kind
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import driver, executor
from tests.tiers.programs import leave_out, or_skip
from tests.validate.reference import place

# The add-on installs it, so no plan contains it: the driver needs no attachment.
CSI_DRIVER: dict[str, Any] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "CSIDriver",
    "metadata": {"name": "s3.csi.aws.com"},
    "spec": {"attachRequired": False},
}


@contextmanager
def running(own: Sequence[Object] = ()) -> Iterator[ControlPlane]:
    """A control plane, with what a stack's charts and add-ons would install.

    The CRDs are `own`, and the others of $SCHEMAS/crds or of the folder beside this repository.
    Without any, the tests that need them are left out.
    """
    files = sorted((place() / "crds").glob("*.yaml"))
    if not files:
        leave_out(f"no CRDs in {place() / 'crds'}: docs/testing-cluster.md says how to get them")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    given = [one for file in files for one in yaml.load_all(file.read_text(), Loader=loader) if one]
    by_name = {one["metadata"]["name"]: one for one in (*given, *own)}
    definitions = [one for one in by_name.values() if one["kind"] == "CustomResourceDefinition"]
    with ControlPlane(or_skip(programs)) as plane:
        install(plane.api, definitions)
        plane.api.create(CSI_DRIVER)
        yield plane


def install(api: Api, definitions: Sequence[Object]) -> None:
    """Creates the CRDs, and waits until the API server answers for their kinds."""
    for one in definitions:
        api.create(one)
    # Established is too early: the server lists a group before it answers for its versions.
    wait_until(partial(_are_served, api, definitions), "the CRDs are served")
    api.forget_kinds()


def _are_served(api: Api, definitions: Sequence[Object]) -> bool:
    return all(
        one["spec"]["names"]["plural"] in api.resources(f"{one['spec']['group']}/{version['name']}")
        for one in definitions
        for version in one["spec"]["versions"]
        if version["served"]
    )


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """The running control plane."""
    with running() as plane:
        yield plane


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Api:
    """Its client, as administrator."""
    return control_plane.api


@dataclass(frozen=True)
class Live:
    """A combination in the cluster: the applied manifests, and the live objects."""

    combination: Combination
    sent: list[Object]
    answers: list[Object]

    @property
    def level(self) -> str:
        """The mount level."""
        return self.combination.level

    @property
    def namespaces(self) -> list[str]:
        """The teams' namespaces."""
        return [one["metadata"]["namespace"] for one in of_kind(self.sent, "PersistentVolumeClaim")]

    @property
    def teams(self) -> dict[str, str]:
        """Namespace to the pool of its executors."""
        return TEAMS[self.combination.stack]

    def node_pools(self, pool: str) -> set[str]:
        """Names of the NodePools behind a pool."""
        return {
            one["metadata"]["name"]
            for one in of_kind(self.sent, "NodePool")
            if one["spec"]["template"]["metadata"]["labels"][POOL_LABEL] == pool
        }

    def driver_pool(self, pool: str) -> str:
        """The pool of a pool's drivers: its own drivers' pool if it has one."""
        own = f"{pool}-{DRIVERS}"
        return own if self.node_pools(own) else DRIVERS

    def pods(self) -> list[Object]:
        """A driver and an executor of each team."""
        return [
            pod
            for team, pool in self.teams.items()
            for pod in (
                driver("driver", team, self.driver_pool(pool)),
                executor("executor", team, pool),
            )
        ]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a stack of their own come first: the last combination stays applied to the end."""
    items.sort(key=lambda item: "live" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", params=COMBINATIONS, ids=str)
def live(request: pytest.FixtureRequest, api: Api) -> Iterator[Live]:
    """An applied combination. Tests restore its state."""
    sent = request.param.objects
    try:
        yield Live(request.param, sent, apply_all(api, sent))
    finally:
        clear(api, sent)
