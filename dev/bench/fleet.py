"""CPU and wall time of the commands of a fleet: its members checked with each other, and compared
with a git revision. One run of each, all children included, on a copy of this project.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import Annotated, Any

import typer
import yaml

from dev.bench.diff import measure
from dev.bench.plan import ROOT

_PROGRAM = ("Pulumi.yaml", "__main__.py", "settings.py", "versions.py", "components", "userdata")


def project(folder: Path, fleet: dict[str, Any]) -> Path:
    """Copies program and stacks into a folder, with fleets/made.yaml. Returns the folder."""
    for name in (*_PROGRAM, "stacks"):
        if (ROOT / name).is_dir():
            copytree(ROOT / name, folder / name, ignore=ignore_patterns("__pycache__"))
        else:
            copy(ROOT / name, folder / name)
    (folder / "fleets").mkdir()
    (folder / "fleets" / "made.yaml").write_text(yaml.safe_dump(fleet, sort_keys=False))
    return folder


def fleet_of(members: int) -> dict[str, Any]:
    """Returns a fleet of members that start from the stack prod, and that has no problem."""
    names = [f"made-{number}" for number in range(members)]
    return {
        "defaults": "prod",
        "members": {
            name: {"cidr": f"10.{64 + number}.0.0/16", "weight": 1}
            for number, name in enumerate(names)
        },
        "teams": {team: {"members": names} for team in ("analytics", "ingest")},
        "order": names,
    }


def commit(folder: Path) -> None:
    """Makes the folder a git repository with one commit."""
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "before", "--no-verify"], check=True)


def main(
    members: Annotated[int, typer.Option(help="The number of members.", min=1, max=190)] = 20,
) -> None:
    """Prints a Markdown table, with the load of the machine."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    print(f"| {members} members | CPU s | s |\n|---|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        folder = project(Path(name), fleet_of(members))
        options = ["--fleet", "made", "--root", str(folder)]
        for what, arguments in {
            "written and checked": ["fleet"],
            "compared with a git revision": ["fleet-diff", "--base", "HEAD"],
        }.items():
            run = measure(ROOT, [*arguments, *options])
            print(f"| {what} | {run.cpu:.1f} | {run.wall:.1f} |", flush=True)
            if arguments == ["fleet"]:
                commit(folder)
                _change(folder)


def _change(folder: Path) -> None:
    """Changes a key of every member."""
    path = folder / "stacks" / "Pulumi.prod.yaml"
    text = path.read_text()
    assert "logRetentionDays: 365" in text
    path.write_text(text.replace("logRetentionDays: 365", "logRetentionDays: 180"))
    measure(ROOT, ["fleet", "--fleet", "made", "--root", str(folder)])


if __name__ == "__main__":
    typer.run(main)
