"""Applications as other teams write them: the verdict, and the file put right."""

import json
from typing import Any

import pytest
import yaml

from ops.jobs.check import Verdict
from ops.jobs.findings import Finding
from ops.jobs.mend import mended
from tests.ops.jobs.own_jobs import CASES, REMAINS, Case
from tests.ops.jobs.variants import errors, target_of, verdict_of
from tests.plans import plan_of

PLAN = plan_of("dev")
TARGET = target_of(PLAN, "team-a")


def mend(case: Case) -> tuple[dict[str, Any], list[Finding], Verdict]:
    return mended(case.application, TARGET, case.beside)


def case_id(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_an_application_of_another_team_is_told_what_it_must_be_told(case: Case) -> None:
    verdict = verdict_of([*case.beside, case.application], PLAN)
    lines = {
        severity: [one.line for one in verdict.of(severity)]
        for severity in ("error", "warning", "not known")
    }
    for severity, texts in case.told.items():
        for text in texts:
            assert [one for one in lines[severity] if text in one], (
                severity,
                text,
                lines[severity],
            )
    assert verdict.runs == (not case.told.get("error"))


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_file_put_right_has_no_error_that_could_have_been_put_right(case: Case) -> None:
    right, done, verdict = mend(case)
    assert [one.line for one in verdict.findings if one.changes] == []
    remaining = errors(verdict)
    expected = REMAINS.get(case.name, ())
    assert len(remaining) == len(expected), remaining
    assert all(any(text in line for line in remaining) for text in expected), remaining
    assert bool(done) == (right != case.application)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_putting_right_twice_changes_nothing_more(case: Case) -> None:
    right, _, _ = mend(case)
    again, done, _ = mended(right, TARGET, case.beside)
    assert (again, done) == (right, [])
    assert json.loads(json.dumps(right)) == right


def test_a_job_of_our_own_is_left_as_it_is() -> None:
    case = next(one for one in CASES if one.name == "our own")
    assert mend(case)[1] == []


def test_what_a_file_says_beside_its_mistakes_stays() -> None:
    case = next(one for one in CASES if one.name == "volumes on demand")
    right, _, _ = mend(case)
    spec = right["spec"]
    assert spec["image"] == case.application["spec"]["image"]
    assert spec["executor"]["memory"] == "4g"
    assert spec["restartPolicy"]["onFailureRetries"] == 3
    assert yaml.safe_load(yaml.safe_dump(right)) == right
