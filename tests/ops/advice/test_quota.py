"""What a team's quota has room for, of the advised size."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.advice.asked import Asked
from ops.advice.quota import Quota, lines, quota_of
from ops.cli import app
from ops.plan.teams import team_namespace
from tests.ops.advice.events import MIB, application, even, write
from tests.plans import plan_of

GIB = 1024 * MIB


def asked(heap: int = 3 * GIB, request: float = 2, **conf: str) -> Asked:
    found = {key.replace("__", "."): value for key, value in conf.items()}
    return Asked(found, heap, GIB, 0, 0, 2, request)


@pytest.mark.parametrize(
    ("quota", "room", "by"),
    [
        (Quota(cpu=64, memory=1024 * GIB, pods=100), 32, "64 vCPU"),
        (Quota(cpu=64, memory=100 * GIB, pods=100), 25, "100.0 GiB"),
        (Quota(cpu=64, memory=1024 * GIB, pods=10), 9, "10 pods"),
        (Quota(cpu=1), 0, "1 vCPU"),
    ],
)
def test_the_smallest_bound_counts(quota: Quota, room: int, by: str) -> None:
    (first, *_) = lines(quota, "etl", asked(), asked())
    size = f"{room} executors of 2 vCPU and 4.0 GiB ({by})"
    assert first.startswith(f"the quota of etl has room for {size}")


DYNAMIC = {"spark__dynamicAllocation__enabled": "true"}


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({"spark__executor__instances": "40"}, ["the job asks for up to 40"]),
        ({"spark__executor__instances": "32"}, []),
        ({}, []),
        ({**DYNAMIC, "spark__dynamicAllocation__maxExecutors": "33"}, ["up to 33"]),
        ({**DYNAMIC, "spark__executor__instances": "40"}, []),
        ({"spark__executor__instances": "60"}, ["up to 60", "may ask for 50 executors"]),
    ],
)
def test_a_job_that_asks_for_more_is_told(conf: dict[str, str], said: list[str]) -> None:
    quota = Quota(cpu=64, executors=50)
    _, *rest = lines(quota, "etl", asked(**conf), asked())
    assert len(rest) == len(said)
    assert all(text in line for text, line in zip(said, rest, strict=True))


def test_without_a_quota_nothing_is_said() -> None:
    assert lines(Quota(), "etl", asked(), asked()) == []


def test_the_limits_are_the_namespaces_own_and_not_its_drivers() -> None:
    plan = plan_of("dev")
    found = quota_of(plan, team_namespace(plan, "team-a"))
    assert found == Quota(cpu=64, memory=256 * GIB, pods=100, executors=found.executors)
    assert found.executors


def test_the_command_tells_it_in_every_format(tmp_path: Path) -> None:
    logs = write(tmp_path, application(*even(heap=500 * MIB), spark__executor__instances="500"))
    words = ["advise", "--logs", str(logs), "--stack", "dev", "--team", "team-a"]
    text = CliRunner().invoke(app, words).stdout
    assert "\nquota\n  the quota of team-a has room for" in text
    assert "  the job asks for up to 500: it gets fewer, or waits" in text
    found = json.loads(CliRunner().invoke(app, [*words, "--format", "json"]).stdout)
    assert found["jobs"][0]["quota"][1] == "the job asks for up to 500: it gets fewer, or waits"
    assert CliRunner().invoke(app, words[:3]).stdout.count("quota") == 0
