"""`make drill`: whom a run interrupts, and commands that the AWS CLI has."""

import json
import re
import shlex

import botocore.session
import pytest
from typer.testing import CliRunner, Result

from ops.drill import cli as command
from tests.plans import DRILL, ROOT, plan_of

ON = tuple(word for one in DRILL for word in ("--set", one))


@pytest.fixture(autouse=True)
def _plans_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.plan.record.record", lambda _, stack, keys: plan_of(stack, *keys))


def drill(*arguments: str) -> Result:
    return CliRunner().invoke(command.app, ["--stack", "dev", *arguments])


def test_it_says_which_nodes_how_many_and_which_not() -> None:
    found = json.loads(drill(*ON, "--format", "json").stdout)
    assert found["title"] == "spark-on-eks/dev: drill of pool default"
    nodes, others, _, alarm = found["interrupts"]
    assert "at most 2 running Spot nodes of NodePools default-arm-spot, default-x86-spot" in nodes
    assert "On-Demand nodes (default-arm-on-demand, default-x86-on-demand)" in others
    assert "alarm:jobs fail" in alarm


def test_another_pool_and_number_are_read_from_the_plan() -> None:
    pools = "pools=[{name: default}, {name: etl, capacityTypes: [spot]}]"
    other = DRILL[0].replace("pool: default, nodes: 2", "pool: etl, nodes: 7")
    text = drill("--set", pools, "--set", other).stdout
    assert "at most 7 running Spot nodes of NodePools etl-arm-spot, etl-x86-spot" in text
    assert "default-arm" not in text and "On-Demand nodes" not in text
    assert "kubectl get nodes -l spark-on-eks/pool=etl,karpenter.sh/capacity-type=spot" in text


def test_markdown_is_the_text_in_a_block() -> None:
    text = drill(*ON).stdout
    assert text.rstrip() in drill(*ON, "--format", "markdown").stdout


def test_a_stack_without_a_drill_is_told_how_to_get_one() -> None:
    found = drill()
    assert found.exit_code == 2
    assert "stack dev has no drill: set spark-on-eks:karpenter.spotDrill" in found.stderr


def test_every_command_of_the_aws_cli_exists_with_its_options() -> None:
    model = botocore.session.get_session().get_service_model("fis")
    by_command = {
        re.sub(r"(?<!^)(?=[A-Z])", "-", one).lower(): one for one in model.operation_names
    }
    found = re.findall(r"aws fis [^\n]*", drill(*ON).stdout)
    assert len(found) == 4
    for line in found:
        words = shlex.split(line.replace(')"', "") if line.count('"') % 2 else line)
        operation = model.operation_model(by_command[words[2]])
        members = {
            "--" + re.sub(r"(?<!^)(?=[A-Z])", "-", one).lower()
            for one in (operation.input_shape.members if operation.input_shape else {})
        }
        given = {word for word in words if word.startswith("--")}
        assert given - {"--region", "--query", "--output"} <= members, line
    summary = model.operation_model("ListExperimentTemplates").output_shape.members
    assert {"id", "tags"} <= set(summary["experimentTemplates"].member.members)


def test_every_alert_that_it_names_is_in_the_list_of_alerts() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text()
    for name in json.loads(drill(*ON, "--format", "json").stdout)["alerts"]:
        assert f"\n### {name}\n" in page
