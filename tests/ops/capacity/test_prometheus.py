"""What `make capacity` says of Prometheus: the formula, the warning, and its JSON."""

import io
import json
import re
from typing import Any

import pytest

from components.monitoring.budget import BYTES_PER_SERIES, OWN_MIB
from components.monitoring.keep import DRIVER_EXECUTORS, keep, keep_cadvisor
from dev.bench.prometheus_pages import Executor
from ops.capacity.prometheus import (
    BASE,
    NODE,
    POD_CHANGES,
    POD_STATE,
    POD_USE,
    MetricsLoad,
    metrics_load,
)
from ops.capacity.report import Request, report
from ops.capacity.show import render, to_json
from tests.plans import plan_of

ON = "observability.metrics.enabled=true"
GIVEN = "observability.metrics={enabled: true, existing: true, labels: {release: prometheus}}"
SMALL = "observability.metrics={enabled: true, memoryMiB: 1024}"


def load(*sets: str, executors: int = 1000, minutes: float = 20, nodes: int = 10) -> MetricsLoad:
    found = metrics_load(
        plan_of("prod", *(sets or (ON,))), executors=executors, minutes=minutes, nodes=nodes
    )
    assert found is not None
    return found


def test_an_executor_has_spark_s_series_and_its_pod_s() -> None:
    each = len(DRIVER_EXECUTORS) + POD_STATE + POD_USE + POD_CHANGES
    assert load().series_each == each <= 40


def kept(page: str, relabeling: dict[str, Any]) -> set[str]:
    """The lines of a page that a relabeling keeps."""
    found = set()
    for line in page.splitlines():
        labels = {"__name__": line.split("{")[0], **dict(re.findall(r'(\w+)="([^"]*)"', line))}
        text = ";".join(labels.get(one, "") for one in relabeling["sourceLabels"])
        if re.fullmatch(relabeling["regex"], text):
            found.add(line)
    return found


def test_the_lists_of_kept_metrics_leave_what_is_counted() -> None:
    one = Executor(driver=0, number=37, born=0)
    (spark,), (container,) = keep(*DRIVER_EXECUTORS), keep_cadvisor()
    assert len(kept(one.spark, spark)) == len(DRIVER_EXECUTORS)
    assert len(kept(one.cadvisor, container)) == POD_USE
    states = [set(one.state(n, ends=n == 3).splitlines()) for n in range(4)]
    assert len(states[2]) == POD_STATE
    assert len(set().union(*states)) == POD_STATE + POD_CHANGES


@pytest.mark.parametrize(
    ("minutes", "in_memory"),
    [
        # An executor's series stay up to 180 minutes more than it lives.
        (180, 2),
        (20, 10),
        (5, 37),
    ],
)
def test_series_are_of_the_executors_of_hours_not_of_those_at_once(
    minutes: float, in_memory: float
) -> None:
    found = load(minutes=minutes)
    assert found.series == BASE + 10 * NODE + found.series_each * in_memory * 1000


@pytest.mark.parametrize("executors", [1, 1000, 10_000])
def test_memory_is_series_by_their_bytes_and_prometheus_own(executors: int) -> None:
    found = load(executors=executors)
    assert found.memory == found.series * BYTES_PER_SERIES + OWN_MIB * 2**20


def test_too_little_memory_is_a_warning_that_names_the_key() -> None:
    assert load().fits and not load(SMALL).fits
    for sets, verdict in ((ON, "ok"), (SMALL, "warning")):
        stream = io.StringIO()
        render(report(plan_of("prod", sets), Request()), stream)
        (line,) = re.findall(r".*memory of Prometheus, GiB.*", stream.getvalue())
        assert line.split()[0] == verdict and "observability.metrics.memoryMiB" in line


def test_the_memory_of_a_prometheus_that_is_not_the_stack_s_is_not_judged() -> None:
    found = load(GIVEN)
    assert (found.given, found.fits) == (0, True)
    stream = io.StringIO()
    render(report(plan_of("prod", GIVEN), Request()), stream)
    (line,) = re.findall(r".*memory of Prometheus, GiB.*", stream.getvalue())
    assert line.endswith("it is not the stack's") and line.split()[0] == "memory"


def test_a_stack_without_metrics_has_no_such_section() -> None:
    found = report(plan_of("prod"), Request())
    assert found.metrics is None and json.loads(to_json(found))["metrics"] is None


def test_tools_get_the_same_figures_with_memory_in_gib() -> None:
    found = report(plan_of("prod", ON), Request(executors=500, minutes=5))
    assert found.metrics is not None
    told = json.loads(to_json(found))["metrics"]
    assert (told["executors"], told["minutes"], told["fits"]) == (500, 5, found.metrics.fits)
    assert told["series"] == found.metrics.series
    assert told["memory"] == pytest.approx(float(found.metrics.memory) / 2**30)
