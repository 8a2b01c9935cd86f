"""The two sides of a diff: stacks of the working tree and of git revisions."""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.diff.diff import Diff, compare
from ops.plan.errors import UserError
from ops.plan.model import Plan
from ops.plan.overrides import absolute
from ops.plan.record import Failure, Recorded, record_all
from ops.plan.stack import project_name

ALL, SEPARATOR = "all", ","
_HOME = Path(__file__).resolve().parents[2]


class Revision:
    """Stacks of the project in `root` as they were at a git revision, recorded in the background.

    The files come from `git archive`, so the working tree is not touched, and the program runs in a
    separate process, because its modules have the same names as the current ones.
    """

    def __init__(
        self, root: Path, name: str, stacks: Sequence[str], overrides: Sequence[str] = ()
    ) -> None:
        """Starts recording; without stacks, all of the revision. Raises UserError for an unknown
        revision."""
        self.name = name
        commit = _commit(root, name)
        self._folder = tempfile.TemporaryDirectory(prefix="preview-")
        _extract(root, commit, Path(self._folder.name))
        command = [sys.executable, "-m", "ops", "plans", "--root", self._folder.name]
        for stack in stacks:
            command += ["--stack", stack]
        for override in overrides:
            command += ["--set", absolute(override)]
        # `-m` looks in the current folder first, and the revision has an `ops` of its own.
        self._process = subprocess.Popen(
            command, cwd=_HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait(self) -> dict[str, tuple[str, str, int]]:
        """Returns for each stack its plan as JSON, or an empty text, with a message and an exit
        code.

        Stacks that the revision does not have are omitted. Raises UserError if the revision
        cannot be read.
        """
        try:
            out, error = self._process.communicate()
        finally:
            self._folder.cleanup()
        if self._process.returncode:
            raise UserError(f"at {self.name}: {error.strip().removeprefix('error: ')}")
        return {stack: tuple(rest) for stack, *rest in map(json.loads, out.splitlines())}


def _commit(root: Path, revision: str) -> str:
    # A revision that starts with a dash would be read as an option.
    wanted = ("--end-of-options", f"{revision}^{{commit}}")
    found = _git(root, "rev-parse", "--verify", "--quiet", *wanted)
    if found.returncode:
        reason = found.stderr.decode().strip()
        raise UserError(f"there is no git revision {revision!r}{reason and f': {reason}'}")
    return found.stdout.decode().split()[-1]


def _extract(root: Path, commit: str, folder: Path) -> None:
    archive = _git(root, "archive", "--format=tar", commit, ".")
    if archive.returncode:
        raise UserError(f"git archive {commit}: {archive.stderr.decode().strip()}")
    with tempfile.TemporaryFile() as buffer:
        buffer.write(archive.stdout)
        buffer.seek(0)
        with tarfile.open(fileobj=buffer) as tar:
            tar.extractall(folder, filter="data")


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError:
        raise UserError("git is not installed") from None


@dataclass(frozen=True)
class Compared:
    """One stack's diff, or the reason why it is missing; `note` is a remark for the reader."""

    stack: str
    found: Diff | Failure
    note: str = ""


def compared(root: Path, stack: str, sets: Sequence[str], base: str, head: str) -> list[Compared]:
    """Returns the diff of a stack, of several (`a,b`) or of `all`, by name: of changed keys, or
    between revisions.

    The sides are recorded at the same time. A stack that one side does not have is new or gone.
    Raises UserError for a wrong request.
    """
    wanted = [] if stack == ALL else stack.split(SEPARATOR)
    # Starts before the working tree is recorded here, so that both run in parallel.
    before = Revision(root, base, wanted) if base else None
    after = Revision(root, head, wanted, sets) if head else None
    new = _of_revision(after) if after else record_all(root, wanted, sets)
    old = _of_revision(before) if before else record_all(root, wanted)
    names = [*new, *(name for name in old if name not in new)]
    project = project_name(root)
    return [_compared(name, old.get(name), new.get(name), project) for name in sorted(names)]


def _of_revision(revision: Revision) -> Recorded:
    found: dict[str, Plan | Failure] = {}
    for stack, (plan, message, code) in revision.wait().items():
        text = f"at {revision.name}: {message}"
        found[stack] = Plan.from_json(plan) if plan else Failure(text, code)
    return found


def _compared(
    stack: str, old: Plan | Failure | None, new: Plan | Failure | None, project: str
) -> Compared:
    for side in (new, old):
        if isinstance(side, Failure):
            return Compared(stack, side)
    nothing = Plan(project, stack, ())
    note = "" if old else "a new stack"
    note = note if new else "the stack's file is deleted: this changes or deletes no resource"
    before = old if isinstance(old, Plan) else nothing
    # A stack whose file is gone is not updated any more: its resources stay as they are.
    after = new if isinstance(new, Plan) else before
    return Compared(stack, compare(before, after), note)
