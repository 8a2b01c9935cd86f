"""What `make capacity` says of logs: objects and gigabytes an hour, and the agents on the nodes."""

import io
import json

import pytest

from ops.capacity.logs import LogLoad, log_load
from ops.capacity.report import Request, report
from ops.capacity.show import render, to_json
from ops.plan.platform_pods import CPU, MEMORY, PODS, agents
from tests.plans import DAEMONSET, LOG_GROUPS, LOGS, plan_of


def load(*sets: str) -> LogLoad:
    found = log_load(plan_of("dev", *sets), executors=1000, nodes=100)
    assert found is not None
    return found


def test_each_executor_puts_an_object_a_minute() -> None:
    found = load(*LOGS)
    assert (found.requests, found.requests_by_node) == (60_000, 6_000)
    assert found.dollars == pytest.approx(0.30)
    assert found.gigabytes == pytest.approx(3.6)


def test_fewer_uploads_cost_less() -> None:
    assert load(*LOGS, "observability.logs.uploadSeconds=300").requests == 12_000


def test_cloudwatch_costs_by_volume() -> None:
    found = load(*LOG_GROUPS)
    assert (found.requests, found.upload_seconds) == (0, 0)
    assert found.dollars == pytest.approx(1.80)


def test_a_stack_without_logs_has_no_rows() -> None:
    assert log_load(plan_of("dev"), executors=1000, nodes=100) is None
    found = report(plan_of("dev"), Request(executors=100))
    assert json.loads(to_json(found))["logs"] is None


@pytest.mark.parametrize(("sets", "word"), [(LOGS, "objects put an hour"), (LOG_GROUPS, "GB an")])
def test_the_report_has_the_rows(sets: tuple[str, ...], word: str) -> None:
    found = report(plan_of("dev", *sets), Request(executors=100))
    out = io.StringIO()
    render(found, out)
    assert word in out.getvalue()
    assert json.loads(to_json(found))["logs"]["executors"] == 100


def test_an_agent_takes_its_part_of_every_node() -> None:
    both = agents(plan_of("dev", *LOGS, *DAEMONSET))
    alone = agents(plan_of("dev", *LOGS))
    assert agents(plan_of("dev")) is None
    assert both is not None and alone is not None
    assert (alone.amounts[PODS], both.amounts[PODS]) == (1, 2)
    assert both.amounts[CPU] > alone.amounts[CPU] > 0
    assert both.amounts[MEMORY] > alone.amounts[MEMORY] > 0
