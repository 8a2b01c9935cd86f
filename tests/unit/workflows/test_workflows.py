"""The workflows for users: permissions, commands, and the code that they run.

Pins, permissions, leftover tokens, dangerous triggers and template injection are found by zizmor
(`make lint`).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.plans import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
WRITING = {"issues", "pull-requests", "contents", "checks", "statuses", "packages"}


def workflow(file: Path) -> dict[Any, Any]:
    return yaml.safe_load(file.read_text())


def triggers(file: Path) -> set[str]:
    # YAML reads the key `on` as true.
    return set(workflow(file)[True])


def jobs() -> Iterator[tuple[Path, str, dict[str, Any]]]:
    for file in FILES:
        for name, job in workflow(file)["jobs"].items():
            yield file, name, job


JOBS = [pytest.param(file, job, id=f"{file.stem}-{name}") for file, name, job in jobs()]


def checkouts(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in job["steps"] if one.get("uses", "").startswith("actions/checkout@")]


def test_one_action_has_one_commit_everywhere() -> None:
    used: dict[str, set[str]] = {}
    for file in FILES:
        for name, pin in re.findall(r"uses: ([^@\s]+)@(.*)", file.read_text()):
            used.setdefault(name, set()).add(pin)
    assert {name: pins for name, pins in used.items() if len(pins) > 1} == {}


@pytest.mark.parametrize(("file", "job"), JOBS)
def test_no_job_both_writes_and_runs_a_request_s_code(file: Path, job: dict[str, Any]) -> None:
    writes = {scope for scope, right in job["permissions"].items() if right == "write"} & WRITING
    if not writes or "pull_request" not in triggers(file):
        return
    (checkout,) = checkouts(job)
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


@pytest.mark.parametrize(("file", "job"), JOBS)
def test_cloud_credentials_never_meet_a_right_to_write(file: Path, job: dict[str, Any]) -> None:
    text = yaml.safe_dump(job)
    trusted = "id-token" in job["permissions"]
    assert trusted == ("secrets." in text) == ("environment" in job)
    if trusted:
        rights = {key: right for key, right in job["permissions"].items() if key != "id-token"}
        assert job["permissions"]["id-token"] == "write"
        assert rights.keys() <= {"contents", "deployments"} and {*rights.values()} == {"read"}


@pytest.mark.parametrize(("file", "job"), JOBS)
def test_no_job_runs_for_ever_or_on_an_image_that_moves(file: Path, job: dict[str, Any]) -> None:
    # The first `pulumi up` of a stack makes a cluster.
    assert 0 < job["timeout-minutes"] <= (120 if file.stem == "rollout" else 30)
    assert "latest" not in job["runs-on"]


def test_every_make_target_and_script_that_is_run_exists() -> None:
    text = "\n".join(one.get("run", "") for _, _, job in jobs() for one in job["steps"])
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake (?:--silent )?([a-z-]+)\b", text)) <= targets
    for script in re.findall(r"\bdev/[\w/-]+", text):
        assert (ROOT / script).is_file()


def test_the_pulumi_cli_has_the_version_of_the_sdk_s_pin() -> None:
    (pin,) = re.findall(r'"pulumi==([0-9.]+)"', (ROOT / "pyproject.toml").read_text())
    versions = {
        one["with"]["pulumi-version"]
        for _, _, job in jobs()
        for one in job["steps"]
        if one.get("uses", "").startswith("pulumi/actions@")
    }
    assert versions == {pin}


def test_without_the_repository_s_variable_nothing_asks_for_a_cloud() -> None:
    for file, _, job in jobs():
        if "environment" in job:
            assert "vars.PULUMI_STACKS != ''" in job["if"], file.name


def test_a_roll_out_updates_one_member_at_a_time_and_ends_with_the_first_that_fails() -> None:
    job = workflow(FOLDER / "rollout.yml")["jobs"]["update"]
    strategy = job["strategy"]
    assert (strategy["max-parallel"], strategy["fail-fast"]) == (1, True)
    assert job["environment"] == f"rollout-{'${{ matrix.member }}'}"
    runs = [one.get("run", "") for one in job["steps"]]
    (turn,) = [number for number, text in enumerate(runs) if "dev.github turn" in text]
    (update,) = [number for number, text in enumerate(runs) if text.startswith("pulumi up")]
    credentials = [
        number
        for number, one in enumerate(job["steps"])
        if one.get("uses", "").startswith("aws-actions/")
    ]
    assert turn < credentials[0] < update
    assert set(triggers(FOLDER / "rollout.yml")) == {"workflow_dispatch"}
