"""Runs requests in parallel."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def in_parallel(steps: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """Results of the steps, in their order.

    Raises the error of the first step to fail, after running steps have ended; the others do not
    start. Ctrl-C does not wait for them.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        running = [pool.submit(step) for step in steps]
        done, _ = wait(running, return_when=FIRST_EXCEPTION)
        failures = [error for step in done if (error := step.exception())]
        if failures:
            raise failures[0]
        results = [step.result() for step in running]
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    return results
