"""The plan of another git revision, recorded by this version of the preview."""

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from preview.errors import UserError
from preview.plan import Plan

_HOME = Path(__file__).resolve().parent.parent


def record_revision(root: Path, revision: str, stack: str, overrides: Sequence[str] = ()) -> Plan:
    """Returns the plan of `stack` as the project in `root` was at `revision`.

    The files come from `git archive`, so the working tree is left alone, and the program runs in
    a process of its own, because its modules have the names of the present ones. Raises UserError
    for an unknown revision and for what that revision's program or configuration refuses.
    """
    commit = _commit(root, revision)
    with tempfile.TemporaryDirectory(prefix="preview-") as folder:
        _extract(root, commit, Path(folder))
        command = [sys.executable, "-m", "preview", "plan", "--stack", stack, "--root", folder]
        for override in overrides:
            command += ["--set", override]
        # `-m` looks in the current folder first, and the revision has a preview of its own.
        result = subprocess.run(command, cwd=_HOME, capture_output=True, text=True, check=False)
    if result.returncode:
        raise UserError(f"at {revision}: {result.stderr.strip().removeprefix('error: ')}")
    return Plan.from_json(result.stdout)


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
