"""The admission policies, evaluated here as on the API server: the same verdict on every attempt.

What the real server says of the same attempts is tests/tiers/operator/test_attempts.py.
"""

import json
from typing import Any

import pytest

from ops.jobs.cel import compiled
from ops.jobs.cel_functions import CelError
from ops.jobs.policies import POLICY, refusals
from tests.ops.jobs.variants import application, errors, verdict_of
from tests.plans import plan_of
from tests.tiers.operator.attempts import Attempt, applications, pods, trial

TEAM = "team-a"
PLAN = plan_of("dev")
JOB = application(PLAN, "pi", TEAM)
ADMITTED_AND_FAILING = {
    "a script in S3": "ClassNotFoundException S3AFileSystem",
    "a claim on demand": "options.claimName]: is required",
}
"""Attempts that the API server admits, and what the job then fails with."""
PRIORITIES = {trial.URGENT: 1_000_000, "spark-driver": 20_000, "spark-executor": 10_000}

ATTEMPTS = [
    one
    for one in applications.attempts(JOB)
    if one.target["kind"] != "SparkConnect" and one.guard != "RBAC"
]
PODS = [one for one in pods.attempts(TEAM, "default") if one.guard in ("", "policy")]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
def test_an_application_is_refused_with_the_message_of_the_server_or_passes(
    attempt: Attempt,
) -> None:
    found = errors(verdict_of([attempt.target], PLAN))
    expected = ADMITTED_AND_FAILING.get(attempt.name.removesuffix(", on a schedule"))
    if attempt.guard == "policy":
        says = (
            applications.CONF_COUNT if attempt.says == applications.NOT_EVALUATED else attempt.says
        )
        assert [line for line in found if says in line], found
    elif attempt.guard:
        assert found
    else:
        assert [line for line in found if not expected] == []
        assert not expected or [line for line in found if expected in line]


@pytest.mark.parametrize("attempt", PODS, ids=str)
def test_a_pod_is_refused_with_the_message_of_the_server_or_passes(attempt: Attempt) -> None:
    pod = json.loads(json.dumps(attempt.target))
    if name := pod["spec"].get("priorityClassName"):
        # The server's own admission plugin sets the value.
        pod["spec"]["priority"] = PRIORITIES[name]
    user = "person@example.com" if attempt.by == "person" else f"system:serviceaccount:{TEAM}:x"
    found = [one.message for one in refusals(PLAN, "pods", pod, TEAM, user)]
    assert [one for one in found if attempt.says in one] == found
    assert bool(found) == bool(attempt.says)


def test_there_are_as_many_attempts_as_the_server_is_asked() -> None:
    assert len(ATTEMPTS) >= 250
    assert len(PODS) >= 50


def test_every_expression_of_every_policy_can_be_read() -> None:
    for plan in (PLAN, plan_of("dev", "spark.yunikorn={enabled: true}"), plan_of("existing")):
        policies = plan.of_kind(POLICY)
        assert len(policies) >= 7
        for one in policies:
            spec = one.inputs["spec"]
            for part in ("validations", "variables", "matchConditions"):
                for rule in spec.get(part, []):
                    assert compiled(rule["expression"])


VALUES = {"object": {"a": {"b": 1}, "list": ["x", "y"], "text": " 3 "}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("object.?a.?c.?d.orValue('none')", "none"),
        ("object.a[?'b'].orValue(0) + 1", 2),
        ("has(object.a) && !has(object.b)", True),
        ("has(object.a.b) ? 'yes' : 'no'", "yes"),
        ("object.list.all(x, x != 'z') && object.list.exists(x, x == 'y')", True),
        ("object.list.filter(x, x == 'y').join(', ')", "y"),
        ("object.list.map(x, x + '!')", ["x!", "y!"]),
        ("int(object.text.trim()) <= 3", True),
        ("'Ab'.lowerAscii() in ['ab']", True),
        # The end of a text is not before a line feed, as in Go.
        ("'a\\n'.matches('^a$')", False),
        ("size({}) == 0 || object.missing", True),
        ("object.missing || size({}) == 0", True),
        ("[true, false].exists(x, x == true)", True),
        ("1 == true", False),
        ("object.list == ['x', 'y']", True),
        (r"'a.b'.matches(r'a\.b')", True),
    ],
)
def test_an_expression_has_the_value_that_cel_gives_it(expression: str, value: Any) -> None:
    assert compiled(expression)(VALUES) == value


@pytest.mark.parametrize(
    "expression",
    [
        "object.missing",
        "object.missing || false",
        "int('５')",
        "int('1e3')",
        "int('9223372036854775808')",
        "'1' <= 2",
        "object.list[5]",
        "object.text && true",
    ],
)
def test_what_the_server_cannot_evaluate_cannot_be_evaluated_here(expression: str) -> None:
    with pytest.raises(CelError):
        compiled(expression)(VALUES)


@pytest.mark.parametrize(
    "expression", ["a ~ b", "object.f(1)", "unknown(1)", "x.y", "(1", "[1, 2", "1 2", "object."]
)
def test_an_expression_beyond_the_subset_is_never_judged(expression: str) -> None:
    with pytest.raises(ValueError, match="CEL"):
        compiled(expression)(VALUES)


def test_a_policy_that_cannot_be_read_is_not_known_and_not_fine() -> None:
    text = PLAN.to_json().replace("size(variables.deniedKeys) == 0", "later(variables.deniedKeys)")
    verdict = verdict_of([JOB], type(PLAN).from_json(text))
    assert [one.why for one in verdict.of("not known") if "could not be evaluated" in one.why]


@pytest.mark.parametrize("exempt", ["", "spark.exemptGroup=oncall"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_on_a_cluster_that_takes_no_new_jobs_each_kind_is_told_where_to_go(
    wrapped: bool, exempt: str
) -> None:
    keys = ("spark.acceptJobs=false", "spark.submitTo=[prod-b]", *filter(None, [exempt]))
    document = applications.schedule(JOB) if wrapped else JOB
    (found,) = errors(verdict_of([document], plan_of("dev", *keys)))
    assert "this cluster takes no new jobs: submit to prod-b (policy spark-drain)" in found
