"""Plans of another git revision, recorded by the tools of this one."""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ops.plan.errors import UserError
from ops.plan.overrides import absolute

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
