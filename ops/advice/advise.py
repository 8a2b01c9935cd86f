"""What to change in a job, and the verdict."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ops.advice import allocation, memory, work
from ops.advice.asked import Asked, overhead_of, size
from ops.advice.failures import MEMORY, Cause
from ops.advice.model import Advice, Confidence
from ops.advice.run import Job, Outcome


class Verdict(StrEnum):
    """What is to be done."""

    change = "change"
    leave = "leave it"
    unknown = "cannot be judged"


@dataclass(frozen=True)
class Advised:
    """A job with its verdict and what to change, the most certain first within each rule's
    order."""

    job: Job
    verdict: Verdict
    headline: str
    advice: tuple[Advice, ...]
    unknown: tuple[str, ...]
    """What cannot be judged, with the reasons."""

    @property
    def size(self) -> Asked:
        """What one executor asks for if the advice is followed."""
        asked = self.job.asked
        to = {one.key: one.to for one in self.advice if one.to}
        heap = size(to, memory.HEAP, asked.heap) or asked.heap
        overhead = overhead_of(asked.conf, heap)
        return replace(
            asked,
            heap=heap,
            overhead=size(to, memory.OVERHEAD, overhead) or overhead,
            pyspark=size(to, memory.PYSPARK, asked.pyspark) or asked.pyspark,
        )


def advise(job: Job, celeborn: bool = False) -> Advised:
    """The advice for a job; `celeborn`: whether its team may use Celeborn."""
    found: dict[str, Advice] = {}
    for one in _rules(job, celeborn):
        found.setdefault(one.key, one)
    heap = size({key: one.to for key, one in found.items()}, memory.HEAP)
    if heap is not None and memory.OVERHEAD not in found:
        found |= {one.key: one for one in memory.kept_overhead(job, heap)}
    advice = tuple(found.values())
    unknown = tuple(one for one in (memory.unknown(job), memory.unknown_beside(job)) if one)
    verdict, headline = _verdict(job, advice, unknown)
    return Advised(job, verdict, headline, advice, unknown)


def _rules(job: Job, celeborn: bool) -> Iterator[Advice]:
    """Advice by importance; of two for one key the first counts."""
    yield from memory.failures(job)
    yield from allocation.disk(job)
    yield from work.skew(job)
    yield from work.spill(job)
    yield from memory.peaks(job)
    yield from allocation.losses(job, celeborn)
    yield from allocation.waiting(job)
    yield from allocation.unused(job)
    yield from allocation.cores(job)
    yield from work.partitions(job)
    yield from work.fetches(job)


def _verdict(job: Job, advice: tuple[Advice, ...], unknown: tuple[str, ...]) -> tuple[Verdict, str]:
    sure = [one for one in advice if one.confidence is not Confidence.low]
    failed = job.latest.outcome is Outcome.failed
    memory_ran_out = any(job.count(cause) for cause in MEMORY)
    if failed and not memory_ran_out and job.count(Cause.program):
        cause = job.message(Cause.program)
        return (
            Verdict.change if sure else Verdict.unknown,
            f"the program failed, which no size mends: {cause}",
        )
    if sure:
        return Verdict.change, f"change {_settings(len(advice))}"
    if not job.is_whole:
        state = "failed" if failed else "is not whole"
        return Verdict.unknown, f"cannot be judged: a run {state}, and nothing in its log says why"
    if unknown and memory.unknown(job):
        return Verdict.unknown, f"memory cannot be judged: {memory.unknown(job)}"
    hints = f"; {len(advice)} to try, of low confidence" if advice else ""
    rest = "; " + unknown[0] if unknown else ""
    return Verdict.leave, f"leave it{hints}{rest}"


def _settings(count: int) -> str:
    return "1 setting" if count == 1 else f"{count} settings"
