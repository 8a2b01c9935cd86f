"""`python -m ops advise`: formats, exit codes, the team's pool, prices, and nothing secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ops.capacity.report import Request, Scenario, report
from ops.capacity.start import Executor, executors_per_node
from ops.cli import app
from ops.plan.instances import lookup
from ops.plan.prices import basis, on_demand
from tests.ops.advice.events import MIB, application, compressed, even, job, text, write
from tests.ops.publish.s3 import REGION, S3
from tests.plans import plan_of

HALF_USED = application(*even(heap=500 * MIB), spark__executor__memoryOverhead="1g")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["advise", *words])


def told(*words: str) -> Any:
    result = run(*words, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_verdict_comes_first_then_its_evidence(tmp_path: Path) -> None:
    result = run("--logs", str(write(tmp_path, HALF_USED)))
    lines = result.stdout.splitlines()
    assert lines[2] == "orders: change 1 setting"
    assert lines[3].split(", ") == [
        "  spark.executor.memory 4g -> 1g",
        "confidence medium (executor.memory of the job's file)",
    ]
    assert "peak of the heap 500 MiB of 4.0 GiB" in lines[4]
    assert result.exit_code == 0
    assert result.stderr == ""


@pytest.mark.parametrize("style", ["text", "markdown", "json"])
def test_secrets_among_sparks_properties_are_in_no_output(style: str, tmp_path: Path) -> None:
    secrets = {"spark__hadoop__fs__s3a__secret__key": "top-secret-1", "spark__ssl__pw": "top-2"}
    write(tmp_path, application(*even(), **secrets))
    result = run("--logs", str(tmp_path), "--format", style)
    assert result.exit_code == 0
    assert "top-" not in result.output
    assert "not-for-print" not in result.output


WRONG = [
    (["--logs", "/absent"], "there is no such file or folder"),
    ([], "LOGS is missing: an event log, a folder of them"),
    (["--stack", "dev", "--team", "team-a"], "has no bucket of event logs"),
    (["--stack", "dev", "--team", "nobody"], "there is no team 'nobody'"),
    (["--logs", "x", "--price", "cheap"], "PRICE=cheap: is not USD an hour"),
    (["--logs", "x", "--price", "0"], "PRICE=0: is not USD an hour"),
    (["--logs", "x", "--price", "m7g.large=nan"], "is not USD an hour"),
    (["--logs", "x", "--last", "-1"], "LAST=-1: is not a number"),
    (["--logs", "s3://"], "is not a place in S3"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_a_wrong_request_ends_with_one_message_and_code_2(words: list[str], message: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("data", [b'{"kind":"Pod"}\n', b"LZ4Block\x15", b"no log\n"])
def test_a_file_that_is_no_log_ends_with_code_2(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(data)
    result = run("--logs", str(tmp_path / "other.json"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "other.json" in result.stderr


def test_a_log_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path, HALF_USED)
    (tmp_path / "spark-\x1b[31m2.lz4").write_bytes(b"LZ4Block\x15")
    result = run("--logs", str(tmp_path))
    assert result.exit_code == 0
    assert "is compressed with lz4, which is not read: set" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_terminal_shows_how_much_is_read_and_a_file_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, HALF_USED)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "reading" in run("--logs", str(tmp_path)).stderr
    monkeypatch.delenv("FORCE_COLOR")
    assert run("--logs", str(tmp_path)).stderr == ""


def test_a_hostile_name_of_a_log_is_printed_without_control_characters(tmp_path: Path) -> None:
    events = [one for one in HALF_USED if not one["Event"].endswith("ApplicationStart")]
    write(tmp_path, events, "spark-\x1b[2J\u202e\r1")
    for style in ("text", "markdown", "json"):
        result = run("--logs", str(tmp_path), "--format", style)
        assert result.exit_code == 0
        assert all(one.isprintable() or one == "\n" for one in result.stdout)


def test_the_newest_logs_are_read(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, application(*even(), name=f"job-{number}"), f"spark-{number}")
    found = told("--logs", str(tmp_path), "--last", "2")
    assert len(found["jobs"]) == 2
    assert found["notRead"] == ["3 older logs of 5: LAST=0 reads all"]
    assert len(told("--logs", str(tmp_path), "--last", "0")["jobs"]) == 5


@pytest.mark.parametrize("team", ["analytics", "ingest"])
def test_executors_a_node_are_what_make_capacity_counts(team: str, tmp_path: Path) -> None:
    write(tmp_path, HALF_USED)
    whole = told("--logs", str(tmp_path), "--stack", "prod", "--team", team)
    found = whole["jobs"][0]
    now = found["executor"]["now"]
    executor = Executor(now["cpu"], now["memoryBytes"] / 2**30, disk_gib=0.0001)
    scenario: Scenario = report(plan_of("prod"), Request(executor=executor)).scenario
    counts = {
        of.name: executors_per_node(one, of, executor, scenario.platform)
        for one in scenario.nodes
        if one.pool == whole["pool"]
        for of in one.types
    }
    types = {one["type"]: one["executorsNow"] for one in found["types"]}
    assert types
    assert types == counts


def test_the_pool_is_the_teams(tmp_path: Path) -> None:
    write(tmp_path, HALF_USED)
    for team, pool in (("analytics", "default"), ("ingest", "memory")):
        found = told("--logs", str(tmp_path), "--stack", "prod", "--team", team)
        assert found["pool"] == pool


def test_prices_are_given_or_of_a_list_with_a_date_and_never_made_up(tmp_path: Path) -> None:
    write(tmp_path, HALF_USED)
    place = ["--logs", str(tmp_path), "--stack", "dev", "--team", "team-a"]
    without = told(*place)
    assert "us-east-1, 20" in without["listPrices"] == basis() in without["listPrices"]
    for one in without["jobs"][0]["types"]:
        assert one["spotUsd"] == {"now": None, "advised": None}
        price = on_demand()[one["type"]]
        hours = without["jobs"][0]["runs"][0]["executorHours"]
        if one["executorsNow"]:
            assert one["listPriceUsd"]["now"] == pytest.approx(hours / one["executorsNow"] * price)
    with_price = told(*place, "--price", "0.02")["jobs"][0]["types"]
    for one in with_price:
        vcpus = lookup([one["type"]])[0][0].vcpus
        if one["executorsNow"]:
            expected = hours / one["executorsNow"] * vcpus * 0.02
            assert one["spotUsd"]["now"] == pytest.approx(expected)


def test_a_price_of_one_type_is_of_that_type_only(tmp_path: Path) -> None:
    write(tmp_path, HALF_USED)
    place = ["--logs", str(tmp_path), "--stack", "dev", "--team", "team-a"]
    types = told(*place, "--price", "m7g.8xlarge=0.5")["jobs"][0]["types"]
    assert {one["type"] for one in types if one["spotUsd"]["now"] is not None} == {"m7g.8xlarge"}


def test_vcpu_hours_and_gib_hours_are_those_of_the_executors(tmp_path: Path) -> None:
    events = application(*even(), executors=2, seconds=3605, jobs=job(0, 5, 3605))
    write(tmp_path, events)
    found = told("--logs", str(tmp_path))["jobs"][0]
    # Two executors of four cores and 4.4 GiB, from second 5 to 3605.
    assert found["hours"]["now"]["vcpu"] == pytest.approx(8)
    assert found["hours"]["now"]["gib"] == pytest.approx(2 * (4096 + 410) / 1024, rel=1e-3)


def test_without_a_place_the_teams_own_folder_is_read(
    server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in server.environment().items():
        monkeypatch.setenv(key, value)
    server.forget()
    words = ["--stack", "dev", "--team", "team-a"]
    on = "spark.historyServer={enabled: true, release: '2026-11-01'}"
    first = run(*words, "--set", on)
    place = first.stderr.splitlines()[0].removeprefix("LOGS=s3a://")
    bucket, _, prefix = place.partition("/")
    assert prefix == "events/team-a/"
    where = {"LocationConstraint": REGION}
    server.client.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    key = f"{prefix}spark-1.zstd"
    server.client.put_object(Bucket=bucket, Key=key, Body=compressed(text(HALF_USED)))
    result = run(*words, "--set", on)
    assert result.exit_code == 0, result.output
    assert "orders: change 1 setting" in result.stdout
