"""Cloud failures on demand: add one to `Cloud.faults`, and remove it afterwards."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from .providers.cloud import Cloud, Fault, HalfDone, Operation, Refused, Throttled, Unheard


@contextmanager
def injected(cloud: Cloud, fault: Fault) -> Iterator[None]:
    """Adds the fault for the block."""
    cloud.faults.append(fault)
    try:
        yield
    finally:
        cloud.faults.remove(fault)


def _expired() -> None:
    raise Refused("ExpiredToken: the security token included in the request is expired")


def after(
    cloud: Cloud,
    operations: int,
    fail: Callable[[], None] = _expired,
    types: Collection[str] = (),
) -> Fault:
    """Every operation after this number fails, as with expired credentials. With `types`, only
    operations on these are counted."""

    def done() -> int:
        return sum(not types or one.type in types for one in cloud.operations)

    end = done() + operations

    def fault(operation: Operation) -> None:
        if done() >= end:
            fail()

    return fault


def killed_after(cloud: Cloud, operations: int) -> Fault:
    """The engine is killed at the operation after this number, which is not performed.

    It has time to record finished operations: a resource that it does not record must be
    imported or deleted by hand.
    """

    # Calls that the engine made before it was killed still arrive, one after the other.
    kill_once = cache(kill_engine)

    def fail() -> None:
        kill_once()
        raise Refused("killed")

    return after(cloud, operations, fail)


def killed_unheard(verb: str, name: str) -> Fault:
    """The engine is killed when this operation is done, and before it hears of it."""

    def fault(operation: Operation) -> None:
        if (operation.verb, operation.name) == (verb, name):
            raise Unheard(kill_engine)

    return fault


def killed_inside(cloud: Cloud, name: str) -> Fault:
    """The engine is killed while the operation on the resource of this name goes on, which stays
    half done."""

    def fault(operation: Operation) -> None:
        if cloud.killed:
            raise Refused("killed")
        if operation.name == name:
            cloud.killed = True
            kill_engine()
            raise HalfDone("killed")

    return fault


def throttled(times: int, verb: str | None = None) -> Fault:
    """Each operation is throttled this many times before it succeeds."""
    asked: Counter[Operation] = Counter()

    def fault(operation: Operation) -> None:
        if verb in (None, operation.verb) and asked[operation] < times:
            asked[operation] += 1
            raise Throttled("ThrottlingException: Rate exceeded")

    return fault


def timeout(name: str) -> Fault:
    """The wait for a new resource of this name ends before the resource is ready: it exists, and
    the engine gets an initialization error."""

    def fault(operation: Operation) -> None:
        if operation.verb == "create" and operation.name == name:
            raise HalfDone("timeout while waiting for state to become 'ACTIVE'")

    return fault


def engines() -> Iterator[int]:
    """Process ids of the CLI commands that this process started."""
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                if Path(f"/proc/{child}/comm").read_text().strip() == "pulumi":
                    yield int(child)


def kill_engine() -> None:
    """Kills the CLI once it has noted what is done, without a chance to clean up."""
    processes = list(engines())
    noted = [_state(process) for process in processes]
    quiet, last, end = 0.0, noted, time.monotonic() + 30
    while quiet < 2 and time.monotonic() < end:
        time.sleep(0.25)
        now = [_state(process) for process in processes]
        quiet, last = (quiet + 0.25, last) if now == last else (0.0, now)
    for process in processes:
        os.kill(process, signal.SIGKILL)


def _state(process: int) -> list[tuple[str, int]]:
    """The files of a CLI's backend, with the times at which they were written."""
    with suppress(OSError):
        environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
        values = dict(entry.decode().partition("=")[::2] for entry in environment if entry)
        folder = Path(values["PULUMI_BACKEND_URL"].removeprefix("file://")) / ".pulumi" / "stacks"
        return sorted((str(one), one.stat().st_mtime_ns) for one in folder.rglob("*.json"))
    return []
