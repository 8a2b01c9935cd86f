"""The operator's objects become a configuration that the real Prometheus loads; it discovers a real
driver's pod through the API server, scrapes both paths, and evaluates the rules."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.metrics.exposition import metrics
from tests.metrics.sampled import agree, version_of
from tests.tiers.cluster.control_plane import ControlPlane
from tests.tiers.metrics import driver as drivers
from tests.tiers.metrics import programs
from tests.tiers.metrics.driver import DRIVER_PATH, EXECUTORS_PATH, Driver
from tests.tiers.metrics.programs import Server
from tests.tiers.metrics.stack import PROMETHEUS, TEAM, objects
from tests.tiers.operator.programs import Programs
from tests.tiers.programs import ROOT

_GO = ROOT / "dev" / "metrics"
TITLES = {"daily": "daily", "titled": 'daily "A" \\ load'}
"""Jobs, and the titles that their programs give them."""


@dataclass(frozen=True)
class Scraped:
    """A Prometheus that has scraped the drivers, and what it was started with."""

    server: Server
    config: dict[str, Any]
    folder: Path
    drivers: dict[str, Driver]

    def health(self, job: str, path: str) -> str:
        """Of a job's target; with its last error."""
        (target,) = [
            one
            for one in self.server.targets()
            if one["labels"]["application"] == job
            and one["discoveredLabels"]["__metrics_path__"] == path
        ]
        return f"{target['health']} {target['lastError']}".strip()


@pytest.fixture(scope="module")
def scraped(
    plane: ControlPlane, operator: Server, spark: Programs, tools: Path
) -> Iterator[Scraped]:
    """A driver of a plain title, and one of a title with a quote."""
    assert operator.child.process.poll() is None
    sent = [programs.reaching(plane, PROMETHEUS), *objects()]
    with ExitStack() as started:
        started.callback(programs.clear_all, plane.api, sent)
        for one in sent:
            plane.api.apply(one)
        running = {}
        for number, (job, title) in enumerate(TITLES.items(), 1):
            one = drivers.running(spark, plane.folder / "drivers", title, number)
            running[job] = started.enter_context(one)
            drivers.pod(plane.api, running[job], TEAM, job)
        folder = plane.folder / "prometheus"
        config = programs.configuration(plane.api, PROMETHEUS, folder)
        quick = programs.quick(config)
        server = started.enter_context(programs.prometheus(tools, quick, folder))
        paths = len(TITLES) * 2
        server.wait(lambda: len(server.targets()) == paths, "the drivers are discovered")
        server.wait(
            lambda: all(one["health"] != "unknown" for one in server.targets()), "they are scraped"
        )
        yield Scraped(server, config, folder, running)


def test_promtool_accepts_the_operators_configuration(scraped: Scraped, tools: Path) -> None:
    command = [tools / "promtool", "check", "config", scraped.folder / "prometheus.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_each_path_of_a_driver_is_scraped(scraped: Scraped) -> None:
    for path in (EXECUTORS_PATH, DRIVER_PATH):
        assert scraped.health("daily", path) == "up"


def test_series_have_the_job_and_the_team_as_labels(scraped: Scraped) -> None:
    query = 'metrics_executor_maxTasks{executor_id="0", application="daily"}'
    ((labels, slots),) = scraped.server.query(query)
    assert slots == 1
    assert labels["namespace"] == TEAM
    assert labels["pod"] == "daily-driver"
    assert "application_name" not in labels
    assert labels["application_id"] == scraped.drivers["daily"].application_id


def test_the_recording_rules_have_results(scraped: Scraped) -> None:
    for rule, value in (
        ("namespace_application:spark_executors:count", 2),
        ("namespace_application:spark_task_slots:sum", 2),
        ("namespace_application:spark_executor_memory_peak_bytes:max", 50_000_000),
        ("namespace_application:spark_gc:ratio", 0),
    ):
        query = f'{rule}{{application="daily"}}'
        scraped.server.wait(lambda q=query: scraped.server.query(q), rule)
        ((labels, found),) = scraped.server.query(query)
        assert labels["namespace"] == TEAM
        assert found >= value


def test_a_quote_in_a_jobs_title_costs_the_executors_page_only(scraped: Scraped) -> None:
    """Spark 4.0 does not escape it there; the other path has no title in it."""
    assert scraped.health("titled", EXECUTORS_PATH).startswith("down ")
    assert scraped.health("titled", DRIVER_PATH) == "up"
    scraped.server.wait(lambda: scraped.server.query("up == 0"), "its target counts as down")
    ((labels, _),) = scraped.server.query("up == 0")
    assert labels["page"] == "executors"
    assert labels["pod"] == "titled-driver"


def test_the_catalogue_has_the_drivers_metrics(
    scraped: Scraped, request: pytest.FixtureRequest
) -> None:
    driver = scraped.drivers["daily"]
    pages = driver.page(EXECUTORS_PATH) + driver.page(DRIVER_PATH)
    (version,) = metrics(pages)["spark_info"].labels["version"]
    agree(request, "spark-driver", pages, version)


def test_the_catalogue_has_the_operators_metrics(
    scraped: Scraped, operator: Server, request: pytest.FixtureRequest
) -> None:
    del scraped  # what it does makes the metrics
    version = version_of("github.com/prometheus-operator/prometheus-operator", _GO)
    agree(request, "prometheus-operator", operator.metrics(), version)
