"""Time and memory of a preview, and how both grow with the stack.

Each figure is the best of three runs of `python -m ops plan` in a process of its own, after
one that is not counted. Ratios within one run carry over to other machines; seconds do not.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("dev", "staging", "prod", "existing")
SIZES = ((1, 2), (5, 10), (10, 25), (20, 50), (40, 100))
"""Numbers of pools and teams of the measured stacks."""
RUNS = 3
OBSERVED = (
    "observability={metrics: {enabled: true}, amp: {enabled: true, encryption: kms}, "
    "verticalAutoscaling: {enabled: true}, "
    "alerts: {topicArn: 'arn:aws:sns:us-west-2:111122223333:alerts'}}",
)
"""All of metrics, alerts, dashboards and costs."""


class Run(NamedTuple):
    """One preview: seconds of wall time, peak memory in MB, number of resources, and seconds of
    processor time."""

    seconds: float
    megabytes: float
    resources: int
    computing: float


def measure(stack: str, *overrides: str) -> Run:
    """The best of several runs. Raises RuntimeError when a preview fails."""
    _once(stack, overrides)
    return min(_once(stack, overrides) for _ in range(RUNS))


def _once(stack: str, overrides: tuple[str, ...]) -> Run:
    command = [sys.executable, "-m", "ops", "plan", "--stack", stack]
    for override in overrides:
        command += ["--set", override]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    plan = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} failed")
    seconds = time.perf_counter() - start
    resources, computing = len(json.loads(plan)["resources"]), usage.ru_utime + usage.ru_stime
    return Run(seconds, usage.ru_maxrss / 1024, resources, computing)


def observed() -> float:
    """Processor time of prod with all of observability, as a part of prod's without: each the least
    of several runs in turn, since other work on the machine makes both longer."""
    pairs = [(_once("prod", OBSERVED), _once("prod", ())) for _ in range(RUNS + 1)]
    with_, without = zip(*pairs, strict=True)
    return min(one.computing for one in with_) / min(one.computing for one in without)


def grown(pools: int, teams: int) -> tuple[str, str, str]:
    shape = "sizes: [8xlarge], limits: {cpu: 32, memoryGiB: 128}"
    return (
        "cluster.name=bench",
        # Small limits, because this measures growth and a /16 has few addresses.
        "drivers={limits: {cpu: 8, memoryGiB: 32}}",
        "pools=[" + ", ".join(f"{{name: pool-{n}, {shape}}}" for n in range(pools)) + "]",
        "spark={teams: ["
        + ", ".join(f"{{name: team-{n}, pool: pool-{n % pools}}}" for n in range(teams))
        + "]}",
    )


def main() -> None:
    """Prints two Markdown tables and a ratio."""
    print("| stack | resources | seconds | MB |\n|---|--:|--:|--:|")
    for stack in STACKS:
        run = measure(stack)
        print(f"| {stack} | {run.resources} | {run.seconds:.2f} | {run.megabytes:.0f} |")
    print(f"\nprod with all of observability: {observed():.2f} times the processor time")
    print("\n| pools | teams | resources | seconds | MB | ms a resource beyond the first row |")
    print("|--:|--:|--:|--:|--:|--:|")
    first: Run | None = None
    for pools, teams in SIZES:
        run = measure("dev", *grown(pools, teams))
        first = first or run
        more = run.resources - first.resources
        each = f"{(run.seconds - first.seconds) / more * 1000:.1f}" if more else "-"
        print(
            f"| {pools} | {teams} | {run.resources} | {run.seconds:.2f} | {run.megabytes:.0f} "
            f"| {each} |"
        )


if __name__ == "__main__":
    main()
