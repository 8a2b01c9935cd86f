"""Every kind of shuffle on every stack: the plan breaks no rule, the order of its destroy included;
a job of the team is written and runs; the way there and back has consequences that are known."""

from pathlib import Path

import pytest

from ops.diff.diff import compare
from ops.diff.impact import consequences
from ops.jobs.application import Request, documents
from ops.jobs.jobfile import load
from ops.jobs.team import team_of
from ops.plan.errors import UserError
from ops.rules.check import check
from ops.rules.rule import Severity
from tests.ops.jobs.shuffle_kinds import EVERY, REFUSED, Mix
from tests.ops.jobs.variants import errors, teams, verdict_of
from tests.plans import plan_of

_CLIENT = "org.apache.celeborn:celeborn-client-spark-4-shaded_2.13:0.7.0"
_JOB = f'main: p.py\nexecutors: 2\njars: ["{_CLIENT}"]\n'
_PROOF = {
    "node": "spark.decommission.enabled",
    "claim": "spark.kubernetes.driver.reusePersistentVolumeClaim",
    "celeborn": "spark.celeborn.master.endpoints",
}
"""A key that a job of the kind has, and one of another kind has not, but for the first."""


def refusal(mix: Mix) -> str | None:
    return REFUSED.get((mix.stack, mix.beside)) or REFUSED.get((mix.stack, mix.kind))


def params() -> list:
    """All of dev and alone are quick enough for each run; the rest is a long table."""
    return [
        pytest.param(
            one, id=str(one), marks=() if str(one).startswith("dev-claim") else pytest.mark.table
        )
        for one in EVERY
    ]


@pytest.mark.parametrize("mix", params())
def test_a_kind_on_a_stack_is_planned_checked_used_and_left(mix: Mix, tmp_path: Path) -> None:
    if says := refusal(mix):
        with pytest.raises(UserError, match=says):
            plan_of(mix.stack, *mix.sets)
        return
    plan, on_nodes = (plan_of(mix.stack, *one.sets) for one in (mix, mix._replace(kind="node")))
    assert [one.broken.message for one in check(plan).of(Severity.error)] == []
    team = teams(plan)[0]
    (tmp_path / "p.py").write_text("print(1)")
    (tmp_path / "j.yaml").write_text(_JOB)
    made = documents(load(tmp_path / "j.yaml"), team_of(plan, team), Request("j", "r1"))
    assert errors(verdict_of(made, plan, team)) == []
    conf = made[-1]["spec"]["sparkConf"]
    wanted = {"node", mix.kind} & _PROOF.keys()
    assert {kind for kind, key in _PROOF.items() if key in conf} == wanted
    there, back = (compare(*one) for one in ((on_nodes, plan), (plan, on_nodes)))
    assert bool(there.steps) == bool(back.steps) == (mix.kind != "node")
    assert all(one.text for diff in (there, back) for one in consequences(diff))
