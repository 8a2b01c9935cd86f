"""Runs the Go tests over one combination, beside a control plane of its own."""

import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.tiers.cluster.combinations import Combination
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.cluster.processes import start
from tests.tiers.karpenter import stackfile
from tests.tiers.programs import built

HERE = Path(__file__).resolve().parent
HOW_TO_GET = "needs Go 1.26 and a Go module proxy to build the real Karpenter"
_LIMIT_SECONDS = 900
_VERDICT = re.compile(r"^--- (PASS|FAIL|SKIP): (\w+) ", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """The results of the Go tests by name, and their output."""

    verdicts: dict[str, str]
    output: str

    def of(self, name: str) -> str:
        """The output of one test: the lines between its start and the next test's."""
        _, _, after = self.output.partition(f"=== RUN   {name}\n")
        return re.split(r"^=== RUN   \w+$", after, maxsplit=1, flags=re.MULTILINE)[0]


def promises() -> list[str]:
    """The tests that the Go files declare."""
    found = [
        name
        for file in sorted(HERE.glob("*_test.go"))
        for name in re.findall(r"^func (Test\w+)\(t ", file.read_text(), re.MULTILINE)
    ]
    if not found:
        raise FileNotFoundError(f"no Go tests in {HERE}")
    return found


def program() -> Path:
    """The built tests. Raises RuntimeError, which says what is needed, when they cannot be."""
    return built(HERE / "build", HOW_TO_GET)


class Run:
    """All tests over a combination's manifests, beside what else there is to do.

    Everything that it starts ends with it: at `outcome`, or at `close`.
    """

    def __init__(self, combination: Combination, programs: Path, tests: Path) -> None:
        with ExitStack() as started:
            plane = started.enter_context(ControlPlane(programs))
            file = stackfile.write(combination, plane.folder / "stack.json")
            self._log = plane.folder / "karpenter.log"
            existing = {"KUBECONFIG": str(plane.kubeconfig), "USE_EXISTING_CLUSTER": "true"}
            self._child = start([tests, "-test.v", f"-stack={file}"], self._log, existing)
            started.callback(self._child.stop)
            self._everything = started.pop_all()

    def outcome(self) -> Outcome:
        """Waits for the end, and returns the output."""
        with self._everything:
            self._child.process.wait(_LIMIT_SECONDS)
            output = self._log.read_text(errors="replace")
        return Outcome({name: verdict for verdict, name in _VERDICT.findall(output)}, output)

    def close(self) -> None:
        """Ends what runs."""
        self._everything.close()
