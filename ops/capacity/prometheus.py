"""What Prometheus of a stack holds for N executors: series, samples, memory, and AWS' bill.

A series stays in memory while it is written and up to three hours more, until its block is on disk:
not executors at once decide, but how many there were in that time.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from components.names import DRIVER_MONITOR
from ops.plan import quantity
from ops.plan.model import Plan
from ops.plan.packages import RELEASE, registered
from ops.plan.quantity import GIB
from ops.plan.text import number
from ops.plan.values import at, each

HEAD_HOURS = 3
"""Longest stay of a series in memory after its last sample: blocks of two hours are cut at three
(prometheus.io/docs/prometheus/latest/storage). Memory must be enough just before."""
POD_STATE, POD_USE, POD_CHANGES = 13, 2, 7
"""Series of an executor's pod from kube-state-metrics and from the kubelet, with the platform's
lists of kept metrics: five phases, three requests, a label set, node and address, three times;
memory and CPU of its container. Changes are series of its other states,
which stay in memory with the rest: without a node (4), without an address (2), ended (1)."""
NODE = 22 + 6 * 20
"""Series of a node: of node-exporter, without those of a JAR mount, and of the pods of six agents.
Counted from the lists when they had some ten more; not measured."""
BASE = 25_000
"""Series of the API server, Karpenter, CoreDNS, the operators, Prometheus itself and the recorded
ones; the API server has most, by verb and resource."""
_SCRAPE, _DRIVER_SCRAPE = 60, 30
"""Seconds between two samples."""
_MONTH = 30 * 24 * 3600
_TIERS = ((2e9, 0.90), (250e9, 0.35), (float("inf"), 0.16))
"""Samples of a month, and dollars for each ten million up to there: third-party figures of
us-west-2, not checked against AWS' price list."""


@dataclass(frozen=True)
class MetricsLoad:
    """The load of one Prometheus at N executors that live so many minutes each."""

    executors: int
    minutes: float
    nodes: int
    series_each: int
    """Of one executor, from its creation to its end."""
    series: int
    """In memory at once."""
    samples: float
    """A second."""
    memory: Fraction
    """Bytes that this needs."""
    given: Fraction
    """Bytes of Prometheus' limit; 0 where the stack has no Prometheus of its own."""
    jobs_limit: int
    """Samples of one driver's page that Prometheus takes."""
    remote: bool
    """It writes to a workspace of AWS."""

    @property
    def dollars(self) -> float:
        """A month of its samples in a workspace, without storage and queries."""
        left, cost, before = self.samples * _MONTH, 0.0, 0.0
        for until, price in _TIERS:
            part = min(left, until - before)
            cost, left, before = cost + part / 1e7 * price, left - part, until
        return cost

    @property
    def fits(self) -> bool:
        """Whether Prometheus has the memory."""
        return not self.given or self.memory <= self.given


def metrics_load(plan: Plan, *, executors: int, minutes: float, nodes: int) -> MetricsLoad | None:
    """The load of the stack's metrics; None where it has none. `nodes` run the executors."""
    budget = next((found for _, found in registered(plan, "metricsBudget")), None)
    if budget is None:
        return None
    monitor = next(
        (one for one in plan.of_kind("PodMonitor") if one.object_name == DRIVER_MONITOR), None
    )
    spark = 0
    if monitor is not None:
        pages = each(monitor.inputs, "spec.podMetricsEndpoints")
        kept = each(pages[0], "metricRelabelings") if pages else []
        spark = str(kept[0].get("regex")).count("|") + 1 if kept else 0
    each_one = spark + POD_STATE + POD_USE + POD_CHANGES
    in_memory = executors * (1 + HEAD_HOURS * 60 / minutes)
    series = round(BASE + NODE * nodes + each_one * in_memory)
    samples = (
        executors * (spark / _DRIVER_SCRAPE + (POD_STATE + POD_USE) / _SCRAPE)
        + (BASE + NODE * nodes) / _SCRAPE
    )
    spec = next(
        (
            at(one.inputs, "values.prometheus.prometheusSpec")
            for one in plan.by_type(RELEASE)
            if one.inputs.get("chart") == "kube-prometheus-stack"
        ),
        None,
    )
    return MetricsLoad(
        executors=executors,
        minutes=minutes,
        nodes=nodes,
        series_each=each_one,
        series=series,
        samples=samples,
        memory=Fraction(series * int(budget["bytesPerSeries"]) + int(budget["ownMiB"]) * 2**20),
        given=quantity.parse(at(spec, "resources.limits.memory") or 0) if spec else Fraction(0),
        jobs_limit=int(at(monitor.inputs, "spec.sampleLimit") or 0) if monitor else 0,
        remote=bool(spec and each(spec, "remoteWrite")),
    )


def rows(load: MetricsLoad) -> Sequence[Sequence[str]]:
    """The load as lines of a table."""
    memory = f"{float(load.memory / GIB):.1f}"
    found = [
        ["", "series of an executor", number(load.series_each), ""],
        [
            "",
            "series in Prometheus' memory",
            number(load.series),
            f"executors live {number(load.minutes)} minutes, on {number(load.nodes)} nodes",
        ],
        ["", "samples a second", number(round(load.samples)), ""],
    ]
    if load.given:
        given = f"it has {float(load.given / GIB):.1f}: observability.metrics.memoryMiB"
        verdict = "ok" if load.fits else "warning"
        found.append([verdict, "memory of Prometheus, GiB", memory, given])
    else:
        found.append(["", "memory of Prometheus, GiB", memory, "it is not the stack's"])
    cost = "to Amazon Managed Service for Prometheus, dollars a month"
    note = "without storage and queries; third-party prices" if load.remote else "not enabled"
    found.append(["", cost, number(round(load.dollars)), note])
    return found


def as_json(load: MetricsLoad | None) -> dict[str, Any] | None:
    """The same for tools; memory in GiB."""
    if load is None:
        return None
    found = asdict(load)
    return {
        **found,
        "memory": float(load.memory / GIB),
        "given": float(load.given / GIB),
        "dollars": load.dollars,
        "fits": load.fits,
    }
