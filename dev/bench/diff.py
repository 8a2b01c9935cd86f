"""CPU time of a diff of the largest stack between two revisions, beside another revision's diff.

Each figure is the best of three runs of `python -m ops diff` in a process of its own, all children
included; the two sides take turns. Ratios within one run carry over to other machines; seconds do
not.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from dev.bench.plan import ROOT, grown

RUNS = 3
LARGE = grown(20, 50)


class Run(NamedTuple):
    """Seconds of CPU and of wall time."""

    cpu: float
    wall: float


def measure(root: Path, arguments: list[str]) -> Run:
    """One command of the tools in `root`. Raises RuntimeError when it fails."""
    command = [sys.executable, "-m", "ops", *arguments]
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    used = sum(after[i] - before[i] for i in (2, 3))
    return Run(used, time.perf_counter() - start)


def best(sides: Mapping[str, Path], arguments: list[str]) -> dict[str, Run]:
    """The best of several runs of each side, which take turns."""
    found: dict[str, list[Run]] = {name: [] for name in sides}
    for _ in range(RUNS):
        for name, root in sides.items():
            found[name].append(measure(root, ["diff", *arguments]))
    return {name: min(runs) for name, runs in found.items()}


def main(
    base: Annotated[str, typer.Option(help="The revision to compare from.")] = "HEAD~1",
    beside: Annotated[str, typer.Option(help="The revision whose tools run beside.")] = "",
) -> None:
    """Prints a Markdown table."""
    cases = {
        "prod, two revisions": ["--stack", "prod", "--base", base],
        "prod, as a comment": ["--stack", "prod", "--base", base, "--format", "markdown"],
        "20 pools and 50 teams, one key": [
            *("--stack", "dev"),
            *(word for one in LARGE for word in ("--set", one)),
            *("--set", "cluster.logRetentionDays=90"),
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        sides = {"now": ROOT}
        if beside:
            sides[beside] = Path(folder) / "beside"
            git = ["git", "-C", str(ROOT), "worktree"]
            subprocess.run([*git, "add", "-q", "--detach", sides[beside], beside], check=True)
        try:
            names = "".join(f" CPU s {name} | s {name} |" for name in sides)
            print(f"| diff |{names} ratio |\n|---|{'--:|--:|' * len(sides)}--:|")
            for case, arguments in cases.items():
                runs = best(sides, arguments)
                cells = "".join(f" {run.cpu:.2f} | {run.wall:.2f} |" for run in runs.values())
                first, *others = runs.values()
                ratio = f"{first.cpu / others[0].cpu:.2f}" if others else "-"
                print(f"| {case} |{cells} {ratio} |")
        finally:
            if beside:
                subprocess.run([*git, "remove", "--force", sides[beside]], check=True)


if __name__ == "__main__":
    typer.run(main)
