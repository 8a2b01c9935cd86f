"""`make check`: its output and exit codes."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner, Result

from ops.rules.check import Waiver, check
from ops.rules.cli import app
from tests.ops.rules.changes import put
from tests.plans import ROOT, plan_of

OPEN = "cluster.endpoint.publicCidrs=[0.0.0.0/0]"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--root", str(ROOT)])


def test_a_stack_that_breaks_nothing_ends_with_0_and_its_warnings() -> None:
    result = run("--stack", "dev", "--set", "")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].endswith("rules, 0 errors, 4 warnings")
    assert "warning  secrets-own-key" in result.stdout


def test_an_error_ends_with_1_and_names_rule_resource_reason_and_source() -> None:
    result = run("--stack", "dev", "--set", OPEN)
    assert result.exit_code == 1
    assert "error    endpoint-allow-list" in result.stdout
    assert "cluster-eks   is open to 0.0.0.0/0" in result.stdout
    assert "https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html" in result.stdout


def test_json_holds_every_finding_and_every_exception_with_its_reason() -> None:
    result = run("--stack", "dev", "--set", OPEN, "--format", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    (error,) = [one for one in document["findings"] if one["severity"] == "error"]
    assert error["rule"] == "endpoint-allow-list"
    assert error["urn"].endswith("::cluster-eks")
    assert all(one["allowedBecause"] for one in document["exceptions"])


def test_markdown_has_a_row_a_finding_and_a_line_a_rule() -> None:
    text = run("--stack", "dev", "--set", OPEN, "--format", "markdown").stdout
    assert text.startswith("### spark-on-eks/dev: ")
    assert "| error | endpoint-allow-list | cluster-eks | is open to 0.0.0.0/0" in text
    assert "- **endpoint-allow-list**: " in text
    listed = run("--stack", "existing", "--exceptions", "--format", "markdown").stdout
    assert "| pod-host-access | jar-mount-daemon | It writes" in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "--stack is missing; the stacks are: dev, existing, prod, prod-a",
        ),
        (["--stack", "qa"], "there is no stack 'qa'"),
        (["--stack", "dev", "--format", "pdf"], "--format pdf: is not one of text, markdown, json"),
        (["--stack", "dev", "--set", "cluster.version='1.1'"], "is not one of 1.33"),
    ],
)
def test_a_wrong_request_is_one_message_and_exit_code_2(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_exceptions_are_counted_and_listed_with_their_reason_on_request() -> None:
    assert "EXCEPTIONS=1 lists them" in run("--stack", "existing").stdout
    listed = run("--stack", "existing", "--exceptions").stdout
    assert "pod-host-access  jar-mount-daemon  (4): It writes the node's files" in listed


def test_a_waiver_holds_for_one_rule_one_resource_and_below_its_own_component() -> None:
    plan = put("Queue", "sqsManagedSseEnabled", False)(plan_of("dev"))
    (found,) = [one for one in check(plan).findings if one.rule.id == "queue-encrypted"]
    assert found.broken.resource is not None
    right = Waiver(
        "queue-encrypted", found.broken.resource.parent, found.name, "encryption", "because"
    )
    assert right.covers(found, plan)
    for wrong in (
        {"rule": "pod-hardened"},
        {"component": plan.by_name("jars")[0].urn},
        {"resource": "karpenter"},
        {"subject": "other"},
        {"subject": "encrypt"},
    ):
        assert not replace(right, **wrong).covers(found, plan)
