"""The program with one file changed, recorded in this process.

A mutant is tried in a fork of a process that has imported the SDKs and nothing of the program.
"""

import importlib.machinery
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from ops.plan import record as recorder
from ops.plan.monitor import RecordingMonitor
from ops.plan.stack import StackConfig
from tests import plans
from tests.plans import (
    CACHE,
    CELEBORN,
    CLUSTER_AUTOSCALER,
    DAEMONSET,
    DATA,
    DRILL,
    FALLBACK,
    LOGS,
    LUSTRE,
    NODE,
    OPEN_TEAM,
    REPLICA,
    ROOT,
    STACKS,
)

VARIANTS: tuple[tuple[str, ...], ...] = (
    *((stack,) for stack in sorted(STACKS, key=("existing", "dev", "staging", "prod").index)),
    ("dev", *CLUSTER_AUTOSCALER),
    ("dev", *DAEMONSET),
    ("prod", *NODE, "spark.yunikorn.enabled=true", "spark.historyServer.clients=[auth-proxy]"),
    ("dev", *OPEN_TEAM, "pools[0].zones=[b]"),
    ("prod", *CACHE, "spark.yunikorn.enabled=true"),
    ("existing", "jarBucket={existing: true, name: given-jars}"),
    ("staging", "jarBucket.accessLogBucket=logs", "autoscaler=cluster-autoscaler",
     "pools=[{name: etl, families: [r7gd, r7i], sizes: [4xlarge], jarBucket: {}}]",
     "spark.teams=[{name: team-etl, pool: etl, egress: [{cidr: 10.20.0.0/24, ports: [5432]}]}]",
     "drivers={families: [m7g, m7i], sizes: [xlarge]}"),
    ("dev", *CELEBORN),
    ("prod", *DATA, *NODE, "spark.acceptJobs=false", "spark.exemptGroup=admins"),
    ("prod", *LUSTRE),
    ("dev", *FALLBACK, "spark.teams=[{name: team-a, shuffle: claim}, {name: team-b}]",
     "drivers.zone=b", "storage.shuffleClass={iops: 6000, throughput: 500, "
     "kmsKeyArn: 'arn:aws:kms:us-west-2:111122223333:key/x'}"),
    ("dev", *LOGS, *DRILL, *REPLICA, "observability.metrics.enabled=true",
     "observability.verticalAutoscaling.enabled=true"),
)  # fmt: skip
"""What is recorded: together they run all of the program."""

_PROGRAM = ("components", "userdata", "settings", "versions")


def forget_program() -> None:
    """Takes the program's modules, and what was recorded with them, out of this process."""
    for name in list(sys.modules):
        if name.partition(".")[0] in _PROGRAM:
            del sys.modules[name]
    plans.plan_of.cache_clear()


def change(file: str, source: str) -> None:
    """Has one file of the program, not imported yet, read as this source."""
    path, original = str(ROOT / file), importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: Any, name: str) -> CodeType | None:
        if loader.path == path:
            return compile(source, path, "exec")
        return original(loader, name)

    setattr(importlib.machinery.SourceFileLoader, "get_code", get_code)  # noqa: B010


@contextmanager
def recorded_once() -> Iterator[None]:
    """Runs the program once for a plan instead of twice: rules do not read which values a preview
    does not know."""
    run, last = recorder.program.run, {}

    def once(config: StackConfig, preview: bool) -> RecordingMonitor:
        if preview:
            last["update"] = run(config, False)
        return last["update"]

    setattr(recorder.program, "run", once)  # noqa: B010
    try:
        yield
    finally:
        setattr(recorder.program, "run", run)  # noqa: B010
