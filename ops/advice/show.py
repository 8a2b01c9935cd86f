"""A report as text, Markdown and JSON."""

import io
import json
import math
from collections.abc import Sequence
from typing import IO, Any

from ops.advice.advise import Advised
from ops.advice.asked import Asked
from ops.advice.model import Advice, gib
from ops.advice.quota import lines as quota_lines
from ops.advice.report import Entry, Report, TypeCost, figures, hours, price_basis
from ops.advice.run import Job, Run
from ops.plan.command import headed
from ops.plan.instances import source
from ops.plan.prices import basis
from ops.plan.text import columns

_WARNINGS, _TYPES = 5, 4


def render(report: Report, stream: IO[str]) -> None:
    parts = [_head(report)]
    for entry in report.entries:
        parts += _job(entry, report)
    if report.left_out:
        parts.append(["not read", *(f"  {line}" for line in report.left_out)])
    stream.write("\n\n".join("\n".join(part) for part in parts) + "\n")


def markdown(report: Report) -> str:
    """Returns the report as text in a code block, under a heading."""
    stream = io.StringIO()
    render(report, stream)
    return headed(stream.getvalue())


def _head(report: Report) -> list[str]:
    if report.site is None:
        return ["advice"]
    pool = f", pool {report.site.pool}" if report.site.pool else ""
    return [f"spark-on-eks/{report.site.stack}: advice for team {report.site.team}{pool}"]


def _job(entry: Entry, report: Report) -> list[list[str]]:
    advised, job = entry.advised, entry.job
    parts = [[f"{job.name}: {advised.headline}", *_advice(advised.advice), *_runs(job)]]
    parts.append(["figures", *columns(figures(job)), *_hours(advised)])
    if entry.types:
        parts.append(_types(entry, report))
    if quota := _quota(entry, report):
        parts.append(["quota", *(f"  {line}" for line in quota)])
    notes = [*advised.unknown, *_warnings(job)]
    if report.site is None:
        notes.append("the pool: TEAM is not given")
    elif not report.site.nodes:
        notes.append(f"the pool: stack {report.site.stack} creates no nodes for the team")
    elif not any(one.fit.advised.executors for one in entry.types):
        notes.append("the executor fits on no type of the pool")
    if notes:
        parts.append(["not known", *(f"  {line}" for line in notes)])
    return parts


def _quota(entry: Entry, report: Report) -> list[str]:
    site = report.site
    if site is None:
        return []
    return quota_lines(site.quota, site.team, entry.job.asked, entry.advised.size)


def _advice(advice: Sequence[Advice]) -> list[str]:
    lines = []
    for one in advice:
        change = " -> ".join(filter(None, (one.now, one.to)))
        place = f" ({one.job_key} of the job's file)" if one.job_key else ""
        lines += [
            f"  {' '.join(filter(None, (one.key, change)))}, confidence {one.confidence}{place}",
            f"      {one.evidence}",
            f"      {one.why}",
        ]
    return lines


def _runs(job: Job) -> list[str]:
    if len(job.runs) == 1:
        return [f"  of {_run(job.latest)}"]
    ends = ", ".join(sorted({run.outcome.value for run in job.runs}))
    others = len(job.runs) - len(job.alike)
    of_others = f"; of {others} that asked for other sizes the peaks only" if others else ""
    return [
        f"  of {len(job.runs)} runs ({ends}), the last {_run(job.latest)}: the worst for memory, "
        f"medians for the rest{of_others}"
    ]


def _run(run: Run) -> str:
    version = f", Spark {run.facts.version}" if run.facts.version else ""
    return f"{run.facts.id or run.log}{version}, {run.outcome}"


def _hours(advised: Advised) -> list[str]:
    now, then = (hours(advised.job, size) for size in (advised.job.asked, advised.size))
    of = "all runs" if len(advised.job.runs) > 1 else "the run"
    head = ("", "vCPU-hours", "GiB-hours")
    rows = [head, (f"executors, {of}", *_amounts(now))]
    if then != now:
        rows.append(("with the advised size, in the same time", *_amounts(then)))
    return ["", *columns(rows, right=(1, 2))]


def _amounts(hours: tuple[float, float]) -> tuple[str, str]:
    return f"{hours[0]:,.3f}", f"{hours[1]:,.3f}"


def _types(entry: Entry, report: Report) -> list[str]:
    asked, size = entry.job.asked, entry.advised.size
    chosen = _cheapest(entry.types)
    rows = [("", "now", "left", "advised", "left", "list price, USD", "Spot, USD")]
    for one in chosen:
        now, then = one.fit.now, one.fit.advised
        rows.append(
            (
                one.fit.type.name,
                str(now.executors),
                f"{now.left_cpu:.1f} vCPU, {now.left_gib:.1f} GiB",
                str(then.executors),
                f"{then.left_cpu:.1f} vCPU, {then.left_gib:.1f} GiB",
                _money(one.on_demand_now, one.on_demand_advised),
                _money(one.now, one.advised),
            )
        )
    title = (
        f"executors of {asked.request:g} vCPU and {gib(asked.memory)} now, of {size.request:g} "
        f"vCPU and {gib(size.memory)} as advised, a node, on the cheapest of the pool's types"
    )
    return [title, *columns(rows, right=(1, 2, 3, 4, 5, 6)), f"  {price_basis(report)}"]


def _cheapest(types: Sequence[TypeCost]) -> list[TypeCost]:
    """Of the types that take the advised size those where it costs least: of as much vCPU and
    memory one."""
    found: dict[tuple[int, int], TypeCost] = {}
    for one in sorted(types, key=_rank):
        if one.fit.advised.executors:
            found.setdefault((one.fit.type.vcpus, one.fit.type.memory_mib), one)
    return list(found.values())[:_TYPES]


def _rank(one: TypeCost) -> tuple[float, float, float]:
    return (
        math.inf if one.advised is None else one.advised,
        math.inf if one.on_demand_advised is None else one.on_demand_advised,
        one.fit.advised.waste,
    )


def _money(now: float | None, then: float | None) -> str:
    if now is None or then is None:
        return "not known"
    return f"{now:,.4f}" if now == then else f"{now:,.4f} -> {then:,.4f}"


def _warnings(job: Job) -> list[str]:
    lines = [f"{run.facts.id or run.log}: {text}" for run in job.runs for text in run.warnings]
    more = len(lines) - _WARNINGS
    return [*lines[:_WARNINGS], *([f"and {more} more"] if more > 0 else [])]


def to_json(report: Report) -> str:
    """Returns the report as JSON, the same bytes for the same report."""
    content = {
        "stack": report.site.stack if report.site else None,
        "team": report.site.team if report.site else None,
        "pool": report.site.pool if report.site else None,
        "instanceTypes": source(),
        "listPrices": basis(),
        "spotPrices": {"vcpuHour": report.prices.vcpu, "types": dict(report.prices.types)},
        "jobs": [_as_json(entry, report) for entry in report.entries],
        "notRead": list(report.left_out),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _as_json(entry: Entry, report: Report) -> dict[str, Any]:
    advised, job = entry.advised, entry.job
    return {
        "name": job.name,
        "namespace": job.namespace or None,
        "verdict": advised.verdict.name,
        "headline": advised.headline,
        "whole": job.is_whole,
        "advice": [
            {
                "key": one.key,
                "jobKey": one.job_key or None,
                "now": one.now or None,
                "to": one.to or None,
                "confidence": one.confidence.value,
                "evidence": one.evidence,
                "why": one.why,
            }
            for one in advised.advice
        ],
        "notKnown": list(advised.unknown),
        "executor": {"now": _size(job.asked), "advised": _size(advised.size)},
        "hours": {
            name: dict(zip(("vcpu", "gib"), hours(job, size), strict=True))
            for name, size in (("now", job.asked), ("advised", advised.size))
        },
        "quota": _quota(entry, report),
        "runs": [_run_json(run) for run in job.runs],
        "types": [
            {
                "type": one.fit.type.name,
                "executorsNow": one.fit.now.executors,
                "executorsAdvised": one.fit.advised.executors,
                "leftCpu": round(one.fit.advised.left_cpu, 3),
                "leftGiB": round(one.fit.advised.left_gib, 3),
                "listPriceUsd": {"now": one.on_demand_now, "advised": one.on_demand_advised},
                "spotUsd": {"now": one.now, "advised": one.advised},
            }
            for one in entry.types
        ],
    }


def _size(asked: Asked) -> dict[str, Any]:
    return {
        "cpu": asked.request,
        "cores": asked.cores,
        "memoryBytes": asked.memory,
        "heapBytes": asked.heap,
        "overheadBytes": asked.overhead,
        "pysparkBytes": asked.pyspark,
        "offHeapBytes": asked.off_heap,
    }


def _run_json(run: Run) -> dict[str, Any]:
    facts, peaks = run.facts, run.facts.peaks
    known = run.has_peaks
    return {
        "application": facts.id or None,
        "log": run.log,
        "sparkVersion": facts.version or None,
        "outcome": run.outcome.value,
        "whole": run.is_whole,
        "warnings": list(run.warnings),
        "seconds": run.seconds,
        "executors": facts.executors.most,
        "executorHours": run.executor_hours,
        "tasks": facts.totals.tasks,
        "failedTasks": {cause.name: count for cause, count in sorted(facts.failed.items())},
        "peakBytes": {
            "heap": peaks.heap if known else None,
            "jvmOutsideHeap": peaks.native if known else None,
            "processes": (peaks.rss or None) if known else None,
            "python": peaks.python_rss if known and peaks.rss else None,
        },
        "gc": run.gc,
        "cpu": run.cpu,
        "busy": run.busy,
        "idle": run.idle,
        "fetchWait": run.fetch_wait,
        "spilledDiskBytes": facts.totals.spilled_disk,
        "spilledMemoryBytes": facts.totals.spilled_memory,
        "shuffleWrittenBytes": facts.totals.shuffle_written,
        "shuffleReadBytes": facts.totals.shuffle_read,
    }
