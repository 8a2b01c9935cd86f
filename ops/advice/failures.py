"""Why tasks and executors failed, from the reasons in an event log."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """A cause of failed tasks, in words for people."""

    container = "killed with exit code 137, as by the kernel at the memory limit"
    heap = "Java heap out of memory"
    off_heap = "memory outside the Java heap out of memory"
    python = "Python out of memory"
    python_exit = "Python worker exited without a message"
    disk = "no space on the local disk"
    node = "executor lost: decommissioned, or its node or pod went away"
    fetch = "shuffle files could not be fetched"
    program = "error of the program"
    executor = "executor lost for another reason"
    other = "another reason"


MEMORY = (Cause.container, Cause.heap, Cause.off_heap, Cause.python, Cause.python_exit)
"""More memory may help."""

_PATTERNS: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (Cause.disk, re.compile(r"No space left on device|DiskPressure|ephemeral.storage", re.I)),
    (
        Cause.off_heap,
        re.compile(r"Direct buffer memory|OutOfMemoryError: Metaspace|unable to create .*thread"),
    ),
    (
        Cause.python,
        re.compile(r"^MemoryError\b|\nMemoryError\b|numpy\S*MemoryError|ArrowMemoryError"),
    ),
    (
        Cause.python_exit,
        re.compile(r"Python worker exited unexpectedly|Python worker.{0,40}crash", re.I),
    ),
    (
        Cause.heap,
        re.compile(
            r"java\.lang\.OutOfMemoryError|Java heap space|GC overhead limit|SparkOutOfMemoryError"
            r"|UNABLE_TO_ACQUIRE_MEMORY|exit(?:ed with)?(?: exit)? code 52\b"
        ),
    ),
    (Cause.container, re.compile(r"exit(?:ed with)?(?: exit)? code 137\b|OOMKilled|OOM killed")),
    (
        Cause.node,
        re.compile(
            r"decommission|node was lost|worker lost|node.{0,20}shut.?down|NodeLost|preempt|spot"
            r"|deleted by a user or the framework|evict|heartbeat timed out"
            r"|Remote RPC client disassociated",
            re.I,
        ),
    ),
)
"""In the order in which they are tried. Sources: ExecutorExitCode and SparkExitCode (52, an
OutOfMemoryError that nothing caught), ExecutorPodsLifecycleManager (137, "deleted by a user or the
framework"), HeartbeatReceiver and PythonRunner of Spark 4.0."""
_LONGEST = 20_000
"""Characters of a reason that are looked at."""


def cause_of_task(reason: Mapping[str, Any]) -> Cause | None:
    """The cause of a task's failure by its `Task End Reason`; None if it did not fail, as one that
    was killed because another attempt had ended."""
    kind = reason.get("Reason")
    if kind in ("Success", "TaskKilled", "TaskCommitDenied", "Resubmitted"):
        return None
    if kind == "FetchFailed":
        return Cause.fetch
    if kind == "ExecutorLostFailure":
        return cause_of_loss(reason.get("Loss Reason")) or Cause.executor
    if kind == "ExceptionFailure":
        told = [str(reason.get(key) or "") for key in ("Class Name", "Description")]
        text = "\n".join((*told, str(reason.get("Full Stack Trace") or "")))
        cause = _match(text)
        # A program may write any word into its messages; memory and disk have words of their own.
        return cause if cause and cause is not Cause.node else Cause.program
    return Cause.other


def cause_of_loss(reason: Any) -> Cause | None:
    """The cause that an executor's `Removed Reason` or `Loss Reason` tells, None without one."""
    return _match(str(reason or ""))


def _match(text: str) -> Cause | None:
    start = text[:_LONGEST]
    for cause, pattern in _PATTERNS:
        if pattern.search(start):
            return cause
    return None
