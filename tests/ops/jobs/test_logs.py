"""What a job writes for logs: lines as JSON and links, without what check-job finds wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops.jobs.logs import LINK, STRUCTURED, add
from ops.jobs.team import team_of
from ops.jobs.verify import script
from tests.ops.jobs.variants import application, errors, every, verdict_of
from tests.plans import LOG_GROUPS, LOGS, plan_of

WAYS = pytest.mark.parametrize("logs", [LOGS, LOG_GROUPS], ids=["s3", "cloudwatch"])


@WAYS
def test_jobs_write_json_and_link_to_their_logs(logs: tuple[str, ...]) -> None:
    plan = plan_of("dev", *logs)
    conf = application(plan, "pi", "team-a")["spec"]["sparkConf"]
    assert conf[STRUCTURED] == "true"
    assert conf[LINK] == team_of(plan, "team-a").executor_log_url
    assert "{{APP_ID}}" in conf[LINK] and "{{EXECUTOR_ID}}" in conf[LINK]


@WAYS
def test_check_job_finds_nothing_in_jobs_with_logs(logs: tuple[str, ...]) -> None:
    plan = plan_of("dev", *logs)
    for team, _, objects in every(plan):
        assert errors(verdict_of(objects, plan, team)) == []


def test_a_stack_without_logs_changes_no_job() -> None:
    conf = application(plan_of("dev"), "pi", "team-a")["spec"]["sparkConf"]
    assert not {STRUCTURED, LINK} & conf.keys()


def test_plain_lines_are_a_choice_that_keeps_the_link() -> None:
    plan = plan_of("dev", *LOGS, "observability.logs.structured=false")
    conf = application(plan, "pi", "team-a")["spec"]["sparkConf"]
    assert STRUCTURED not in conf
    assert LINK in conf


def test_spark_3_has_no_structured_lines_and_a_jobs_own_choice_stays() -> None:
    team = team_of(plan_of("dev", *LOGS), "team-a")
    old = {"sparkVersion": "3.5.7", "sparkConf": {}}
    add(old, team)
    assert old["sparkConf"] == {LINK: team.executor_log_url}
    own = {"sparkVersion": "4.0.1", "sparkConf": {STRUCTURED: "false", LINK: "https://own"}}
    add(own, team)
    assert own["sparkConf"] == {STRUCTURED: "false", LINK: "https://own"}


def test_no_job_weakens_sparks_redaction() -> None:
    for _, _, objects in every(plan_of("dev", *LOGS)):
        assert "spark.redaction" not in str(objects)


@WAYS
def test_verify_shows_the_agent_and_the_jobs_logs_in_clean_bash(
    logs: tuple[str, ...], tmp_path: Path
) -> None:
    plan = plan_of("dev", *logs)
    text = script(plan, team_of(plan, "team-a"), "2026-11-01", [])
    assert "kubectl get pods -n log-agents" in text
    assert ("spark/${application}/" in text) is (logs == LOGS)
    file = tmp_path / "verify.sh"
    file.write_text(text)
    shellcheck = str(Path(sys.executable).parent / "shellcheck")
    result = subprocess.run([shellcheck, file], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
