"""Runs the Go tests over one combination, beside a control plane of its own."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.cluster.combinations import Combination
from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import start
from tests.karpenter import stackfile

HERE = Path(__file__).resolve().parent
HOW_TO_GET = "needs Go 1.26 and a Go module proxy to build the real Karpenter"
_LIMIT_SECONDS = 900
_VERDICT = re.compile(r"^--- (PASS|FAIL|SKIP): (\w+) ", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """The Go tests' verdicts by name, and all they said."""

    verdicts: dict[str, str]
    output: str

    def of(self, name: str) -> str:
        """What one test said: the lines between its start and the next test's."""
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


@cache
def program() -> Path:
    """The built tests. Raises RuntimeError, which says what is needed, when they cannot be."""
    built = subprocess.run([HERE / "build"], stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode:
        raise RuntimeError(HOW_TO_GET)
    return Path(built.stdout.strip().splitlines()[-1])


def run(combination: Combination, control_plane_programs: Path, tests: Path) -> Outcome:
    """Runs all tests over a combination's manifests; everything it starts ends with it."""
    with ControlPlane(control_plane_programs) as plane:
        file = stackfile.write(combination, plane.folder / "stack.json")
        log = plane.folder / "karpenter.log"
        existing = {"KUBECONFIG": str(plane.kubeconfig), "USE_EXISTING_CLUSTER": "true"}
        child = start([tests, "-test.v", f"-stack={file}"], log, existing)
        try:
            child.process.wait(_LIMIT_SECONDS)
        finally:
            child.stop()
        output = log.read_text(errors="replace")
    verdicts = {name: verdict for verdict, name in _VERDICT.findall(output)}
    return Outcome(verdicts, output)
