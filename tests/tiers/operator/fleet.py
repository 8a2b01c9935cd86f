"""Two members of a fleet, each with its own API server and operator, and the command `submit`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from dev.bench.fleet import project
from ops.fleet import stacks
from ops.fleet.settings import Fleet, load
from ops.plan.packages import RELEASE
from ops.plan.record import record
from tests.tiers.cluster.api import Object
from tests.tiers.cluster.conftest import running as running_plane
from tests.tiers.cluster.control_plane import ControlPlane, programs
from tests.tiers.cluster.objects import apply_all, clear, objects_of
from tests.tiers.cluster.processes import Child
from tests.tiers.cluster.scheduling import joined, nodes_of
from tests.tiers.operator.programs import Programs
from tests.tiers.operator.release import definitions, running
from tests.tiers.programs import ROOT, leave_out, or_skip

TEAM, JOB = "team-a", "pi"
MEMBERS = ("one", "two")
FLEET: dict[str, Any] = {
    "defaults": "dev",
    "members": {
        "one": {"cidr": "10.81.0.0/16", "weight": 60},
        "two": {"cidr": "10.82.0.0/16", "weight": 40, "context": "admin@two"},
    },
    "teams": {team: {"members": [*MEMBERS]} for team in (TEAM, "team-b")},
    "order": ["two", "one"],
}


class Said(NamedTuple):
    """A command's end."""

    code: int
    out: str
    error: str
    seconds: float


@dataclass(frozen=True)
class Live:
    """The members' clusters, and the project that they are from."""

    root: Path
    planes: Mapping[str, ControlPlane]
    environment: Mapping[str, str]

    @property
    def fleet(self) -> Fleet:
        """The fleet as its file is now."""
        return load(self.root, "made")

    def write(self, **members: Mapping[str, Any]) -> None:
        """Writes the fleet's file, with keys of members changed, and their stack files."""
        found = {name: {**one, **members.get(name, {})} for name, one in FLEET["members"].items()}
        path = self.root / "fleets" / "made.yaml"
        path.write_text(json.dumps({**FLEET, "members": found}))
        stacks.write(self.root, stacks.rendered(self.root, "made", self.fleet))

    def objects(self, member: str) -> list[Object]:
        """The manifests of a member as its stack file is now."""
        return objects_of(record(self.root, member))

    def runs(self, member: str) -> dict[str, Object]:
        """The applications on a member, by name."""
        items = self.planes[member].api.items("SparkApplication", TEAM)
        return {one["metadata"]["name"]: {**one, "kind": "SparkApplication"} for one in items}

    def submit(self, run: str, *options: str) -> Said:
        """Runs the command."""
        command = [sys.executable, "-m", "ops", "submit", "--root", str(self.root)]
        command += ["--fleet", "made", "--team", TEAM, "--job", JOB, "--run", run, *options]
        start = time.monotonic()
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr, time.monotonic() - start)

    def clear(self) -> None:
        """Deletes all runs."""
        for name, plane in self.planes.items():
            clear(plane.api, list(self.runs(name).values()))


@contextmanager
def live(plane: ControlPlane, spark: Programs, folder: Path) -> Iterator[Live]:
    """The manifests of member one on a control plane that is there, those of two on one of their
    own, with nodes; without operators yet. What is on one is deleted after the block."""
    if not (or_skip(programs) / "kubectl").exists():
        leave_out("needs kubectl in KUBEBUILDER_ASSETS")
    root = project(folder, FLEET)
    with ExitStack() as started:
        second = started.enter_context(running_plane(definitions(spark)))
        planes = dict(zip(MEMBERS, (plane, second), strict=True))
        environment = {
            "PATH": f"{programs()}{os.pathsep}{os.environ['PATH']}",
            "KUBECONFIG": str(_kubeconfig(folder / "kubeconfig", planes)),
            "KUBECACHEDIR": str(folder / "kubectl"),
        }
        found = Live(root, planes, environment)
        found.write()
        first = found.objects("one")
        started.callback(clear, plane.api, first)
        apply_all(plane.api, first)
        started.enter_context(joined(plane.api, nodes_of(first, startup_taints=False)))
        # Its control plane ends with the block, or before.
        more = found.objects("two")
        apply_all(second.api, [*more, *nodes_of(more, startup_taints=False)])
        yield found


@contextmanager
def operators(found: Live, spark: Programs, members: Sequence[str]) -> Iterator[None]:
    """The operator on members for a block."""
    with ExitStack() as started:
        for name in members:
            (values,) = [
                one.inputs["values"]
                for one in record(found.root, name).by_type(RELEASE)
                if one.inputs["name"] == "spark-operator"
            ]
            plane = found.planes[name]
            started.enter_context(running(plane, spark, values, plane.folder / "operator"))
        yield


def api_server(plane: ControlPlane) -> Child:
    """The process of a member's API server."""
    (found,) = [one for one in plane.children if one.name == "kube-apiserver"]
    return found


@contextmanager
def silent(plane: ControlPlane) -> Iterator[None]:
    """An API server that accepts connections and never answers, for a block."""
    child = api_server(plane)
    child.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        child.process.send_signal(signal.SIGCONT)


def _kubeconfig(file: Path, planes: Mapping[str, ControlPlane]) -> Path:
    """One file with a context of each member, named as the fleet's file says."""
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config"}
    for name, plane in planes.items():
        own = json.loads(plane.kubeconfig.read_text())
        (cluster,), (user,) = own["clusters"], own["users"]
        context = FLEET["members"][name].get("context", name)
        for key, one in {
            "clusters": {**cluster, "name": name},
            "users": {**user, "name": name},
            "contexts": {"name": context, "context": {"cluster": name, "user": name}},
        }.items():
            merged.setdefault(key, []).append(one)
    file.write_text(json.dumps(merged))
    file.chmod(0o600)
    return file
