"""Things that go wrong in a cloud, on demand: put one in `Cloud.faults`, and take it out again."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .providers.cloud import Cloud, Fault, HalfDone, Operation, Refused, Throttled, Verb


@contextmanager
def injected(cloud: Cloud, fault: Fault) -> Iterator[None]:
    """Has the fault while the block lasts."""
    cloud.faults.append(fault)
    try:
        yield
    finally:
        cloud.faults.remove(fault)


def after(cloud: Cloud, operations: int) -> Fault:
    """Nothing is possible any more after so many operations, as when credentials run out."""
    end = len(cloud.operations) + operations

    def fault(operation: Operation) -> None:
        if len(cloud.operations) >= end:
            raise Refused("ExpiredToken: the security token included in the request is expired")

    return fault


def killed_after(cloud: Cloud, operations: int) -> Fault:
    """The engine is killed at the operation after so many, and the operation is not done.

    It has time to note what is done already: what it does not get to note is made without its
    knowledge, and must be imported or deleted by hand.
    """
    end = len(cloud.operations) + operations
    killed = False

    def fault(operation: Operation) -> None:
        nonlocal killed
        if len(cloud.operations) < end:
            return
        # Calls that the engine made before it died still come in here, one after the other.
        if not killed:
            killed = True
            time.sleep(1)
            kill_engine()
        raise Refused("killed")

    return fault


def throttled(times: int, verb: Verb | None = None) -> Fault:
    """Each operation is asked to come back so many times before it is done."""
    asked: Counter[Operation] = Counter()

    def fault(operation: Operation) -> None:
        if verb in (None, operation.verb) and asked[operation] < times:
            asked[operation] += 1
            raise Throttled("ThrottlingException: Rate exceeded")

    return fault


def timeout(name: str) -> Fault:
    """The wait for a new resource of this name ends before the resource is ready: it exists, and
    the engine is told that it is not all right."""

    def fault(operation: Operation) -> None:
        if operation.verb == "create" and operation.name == name:
            raise HalfDone("timeout while waiting for state to become 'ACTIVE'")

    return fault


def engines() -> Iterator[int]:
    """Process ids of the CLI as this process runs it."""
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                if Path(f"/proc/{child}/comm").read_text().strip() == "pulumi":
                    yield int(child)


def kill_engine() -> None:
    """Kills the CLI, without a chance to clean up."""
    for process in engines():
        os.kill(process, signal.SIGKILL)
