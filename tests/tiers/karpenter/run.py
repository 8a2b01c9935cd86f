"""Runs the Go tests over one combination, beside a control plane of its own."""

import json
import math
import re
from contextlib import ExitStack
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from ops.jobs.application import Request, documents
from ops.jobs.catalog import JOBS, S3A_RELEASE
from ops.jobs.fields import checked
from ops.jobs.model import Application
from ops.jobs.team import team_of
from tests.names import DRIVERS, POOL_LABEL
from tests.plans import plan_of
from tests.tiers.cluster.api import Object
from tests.tiers.cluster.combinations import TEAMS, Combination
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.objects import of_kind
from tests.tiers.cluster.processes import start
from tests.tiers.cluster.scheduling import driver, executor
from tests.tiers.programs import built

HERE = Path(__file__).resolve().parent
_HOW_TO_GET = "needs Go 1.26 and a Go module proxy to build the real Karpenter"
# The promise, in its own words: Arm before x86, Spot before On-Demand, Spot first.
_FALLBACK = (
    ("arm-spot", "arm64", "spot"),
    ("x86-spot", "amd64", "spot"),
    ("arm-on-demand", "arm64", "on-demand"),
    ("x86-on-demand", "amd64", "on-demand"),
)
_ALARM = "arn:aws:cloudwatch:us-west-2:111122223333:alarm:jobs-suffer"
_OWNED = "kubernetes.io/cluster/"
_LOCAL_DISK = "40Gi"
"""Two of them fit on the 100 GiB of a node."""

ZONES = {"dev-zones": ["us-west-2b"]}
"""Combination to the zones of its executors' nodes, where they are not all."""


def said_by(name: str, output: str) -> str:
    """The output of one test: the lines between its start and the next test's."""
    _, _, after = output.partition(f"=== RUN   {name}\n")
    return re.split(r"^=== RUN   \w+$", after, maxsplit=1, flags=re.MULTILINE)[0]


def promises() -> list[str]:
    """The tests that the Go files declare."""
    files = [file.read_text() for file in sorted(HERE.glob("*_test.go"))]
    found = re.findall(r"^func (Test\w+)\(t ", "".join(files), re.MULTILINE)
    assert found, f"no Go tests in {HERE}"
    return found


def program() -> Path:
    """The built tests. Raises RuntimeError, which says what is needed, when they cannot be."""
    return built(HERE / "build", _HOW_TO_GET)


class Run:
    """All tests over a combination's manifests, beside what else there is to do.

    Everything that it starts ends with it: when `output` or `metrics` is read, or at `close`.
    """

    def __init__(
        self, combination: Combination, programs: Path, tests: Path, *arguments: str
    ) -> None:
        """`arguments` are further ones of the Go tests."""
        with ExitStack() as started:
            plane = started.enter_context(ControlPlane(programs))
            self.api = plane.api
            file = plane.folder / "stack.json"
            file.write_text(json.dumps(_input_of(combination)))
            self._log = plane.folder / "karpenter.log"
            existing = {"KUBECONFIG": str(plane.kubeconfig), "USE_EXISTING_CLUSTER": "true"}
            self._metrics = plane.folder / "metrics.prom"
            command = [tests, "-test.v", f"-stack={file}", f"-metrics={self._metrics}", *arguments]
            self.child = start(command, self._log, existing)
            started.callback(self.child.stop)
            self._everything = started.pop_all()

    @property
    def output(self) -> str:
        """What the tests say, when all have ended."""
        return self._ended[0]

    @property
    def metrics(self) -> str:
        """Karpenter's metrics; empty when the test that writes them has failed."""
        return self._ended[1]

    @cached_property
    def _ended(self) -> tuple[str, str]:
        with self._everything:
            self.child.process.wait(900)
            metrics = self._metrics.read_text() if self._metrics.exists() else ""
            return self._log.read_text(errors="replace"), metrics

    def close(self) -> None:
        """Ends what runs."""
        self._everything.close()


def _input_of(combination: Combination) -> dict[str, Any]:
    """What the Go tests read: a plan's manifests, its teams, their pods, and the expectations."""
    objects = combination.objects
    return {
        "objects": objects,
        "teams": [
            {**_team(objects, name, pool), "shuffling": _shuffling(combination, name)}
            for name, pool in TEAMS[combination.stack].items()
        ],
        "zones": ZONES.get(str(combination), []),
        # User data mounts before kubelet starts; the other ways need the node first.
        "gated": combination.level != "userdata",
        "drill": _drill(combination),
    }


def _drill(combination: Combination) -> dict[str, Any]:
    """The targets of the stack's drill, from the template of its plan with one."""
    pool = next(iter(TEAMS[combination.stack].values()))
    settings = f"{{enabled: true, pool: {pool}, nodes: 2, alarmArn: '{_ALARM}'}}"
    plan = plan_of(combination.stack, *combination.overrides, f"karpenter.spotDrill={settings}")
    (template,) = plan.by_type("aws:fis/experimentTemplate:ExperimentTemplate")
    (target,) = template.inputs["targets"]
    assert target["selectionMode"] == "COUNT(2)"
    assert target["resourceType"] == "aws:ec2:spot-instance"
    tags = {one["key"]: one["value"] for one in target["resourceTags"]}
    (cluster,) = [key.removeprefix(_OWNED) for key in tags if key.startswith(_OWNED)]
    return {"cluster": cluster, "pool": pool, "tags": tags, "count": 2}


def _shuffling(combination: Combination, team: str) -> Object:
    """An executor as Spark makes it of what `make job` writes, with a large local disk."""
    job = JOBS["taxi-trip"]
    executor_ = job.executor.model_copy(update={"local_disk": _LOCAL_DISK})
    request = Request(name="shuffling", release=S3A_RELEASE, input="s3a://a/b", output="s3a://a/c")
    *_, application = documents(
        job.model_copy(update={"executor": executor_}), team_of(combination.plan, team), request
    )
    spec, _ = checked(application["spec"])
    (_, executors) = Application("shuffling", spec, ()).pods(team)
    pod: Object = json.loads(json.dumps(executors.pod, default=_quantity))
    return pod


def _quantity(value: Fraction) -> str:
    return f"{math.ceil(value * 1000)}m"


def _team(objects: list[Object], name: str, pool: str) -> dict[str, Any]:
    own = f"{pool}-{DRIVERS}"
    templates = [one["spec"]["template"] for one in of_kind(objects, "NodePool")]
    pools = {one["metadata"]["labels"][POOL_LABEL] for one in templates}
    drivers = own if own in pools else DRIVERS
    return {
        "namespace": name,
        "pool": pool,
        "executor": executor("executor", name, pool),
        "driver": driver("driver", name, drivers),
        "stranger": executor("stranger", name, pool, tolerations=[], nodeSelector={}),
        "fallback": [
            {"name": f"{pool}-{ending}", "arch": arch, "capacity": capacity}
            for ending, arch, capacity in _FALLBACK
        ],
        "drivers": drivers,
    }
