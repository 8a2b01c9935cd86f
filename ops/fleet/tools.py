"""Other commands of this project, run for a member as a user would run them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ops.plan.errors import Failed, UserError

_HOME = Path(__file__).resolve().parents[2]


def diffs(root: Path, members: Sequence[str], base: str) -> dict[str, dict[str, Any]]:
    """Returns the diff of each member since a git revision, as `make diff FORMAT=json` has it, in
    their order; one that cannot be recorded has `error`."""
    several = ",".join(members)
    arguments = ("diff", "--stack", several, "--base", base, "--format", "json")
    found = {
        one["stack"]: one for one in json.loads(_output(root, *arguments, fine=(1,)))["stacks"]
    }
    return {name: found[name] for name in members}


def manifests(
    root: Path, member: str, team: str, name: str, job: Sequence[str]
) -> list[dict[str, Any]]:
    """Returns what `make job` writes for a member under this name, the application last. `job` are
    its options, with absolute paths."""
    text = _output(
        root, "job", "--stack", member, "--team", team, "--name", name, "--format", "json", *job
    )
    return list(json.loads(text))


def releases(root: Path, member: str) -> dict[str, str]:
    """Returns the releases of a member, as set/release, each with why it is not complete, or empty
    text. Raises UserError and Failed."""
    return _releases(root, "--stack", member)


def lacks(root: Path, member: str, team: str, names: Sequence[str]) -> str:
    """Returns why a member lacks one of these releases of its team's JARs; empty if it has all.
    Raises UserError and Failed where that cannot be found out."""
    found = _releases(root, *names, "--stack", member, "--team", team)
    return "; ".join(f"release {name}: {wrong}" for name, wrong in found.items() if wrong)


def _releases(root: Path, *words: str) -> dict[str, str]:
    text = _output(root, "releases", *words, "--format", "json", fine=(1,))
    return {f"{one['jar_set']}/{one['name']}": one["wrong"] for one in json.loads(text)["releases"]}


def publish(member: str, release: str, files: Sequence[str], options: Sequence[str]) -> None:
    """Publishes files to a member's bucket, as `make publish-jars` does. Paths are relative to the
    current folder. Raises UserError and Failed."""
    words = [_absolute(file) for file in files]
    _run("publish-jars", "--stack", member, "--release", release, *options, "--", *words)


def _absolute(word: str) -> str:
    """A path, or a list's `@path`, for another folder; anything else is a Maven coordinate."""
    path = word.removeprefix("@")
    return f"{word[: len(word) - len(path)]}{Path(path).resolve()}" if Path(path).exists() else word


def _output(root: Path, *arguments: str, fine: Sequence[int] = ()) -> str:
    return _run(*arguments, "--root", str(root), fine=fine)


def _run(*arguments: str, fine: Sequence[int] = ()) -> str:
    command = [sys.executable, "-m", "ops", *arguments]
    done = subprocess.run(command, cwd=_HOME, capture_output=True, text=True, check=False)
    if done.returncode in (0, *fine) and done.stdout:
        return done.stdout
    said = done.stderr.strip().removeprefix("error: ") or f"{arguments[0]} ends with no message"
    raise (UserError if done.returncode == 2 else Failed)(said)
