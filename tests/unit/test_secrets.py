"""A secret is placed in every field that accepts one, and no output of any command contains it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops import cli
from ops.capacity import cli as capacity
from ops.plan.errors import PlanError, UserError
from ops.plan.record import record
from ops.rules import cli as policies
from tests.ops.conftest import DEV, project  # noqa: F401  a fixture
from tests.plans import ROOT

PLANTED = "hunter2-planted"
CIPHERTEXT = "v1:planted:AAAABBBBCCCC"
ENVIRONMENT = "environment-planted"

PROGRAM = f"""
import pulumi_kubernetes as k8s

secret = pulumi.Output.secret("{PLANTED}")
password = config.require_secret("password")

queue = aws.sqs.Queue("queue", name=secret,
    tags={{"password": password, "plain": config.get("queue")}})
aws.sqs.Queue("dead", kms_master_key_id=queue.arn, policy=secret.apply(
    lambda text: json.dumps({{"Statement": [{{"Sid": text}}]}})))
aws.ec2.LaunchTemplate("template", user_data=pulumi.Output.concat("password=", secret),
    tag_specifications=[pulumi.Output.secret(
        {{"resource_type": "instance", "tags": {{"a": secret}}}})])
aws.s3.Bucket("bucket", bucket=secret)
k8s.core.v1.Secret("clear", metadata={{"name": "clear"}}, string_data={{"key": "{PLANTED}"}})
k8s.core.v1.ConfigMap("map", metadata={{"name": "map"}}, data={{"key": secret}})
k8s.helm.v3.Release("chart", chart="chart", values={{"deep": [{{"password": secret}}]}})
k8s.apiextensions.CustomResource("custom", api_version="a.test/v1", kind="Thing",
    metadata={{"name": "thing"}}, spec={{"password": secret}})
found = aws.eks.get_addon_version_output(addon_name=secret, kubernetes_version="1.35")
aws.sqs.Queue("looked-up", name=found.version)
pulumi.export("secret", secret)
pulumi.export("nested", {{"list": [secret]}})
pulumi.export("environment", __import__("os").environ.get("PULUMI_CONFIG_PASSPHRASE"))
"""
STACK = f"{DEV}  toy:password:\n    secure: {CIPHERTEXT}\n"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, ENVIRONMENT)


def outputs(root: Path, folder: Path, *stacks: str) -> Iterator[tuple[str, str]]:
    """Every command's name with all that it prints or writes."""
    (stack, other) = stacks
    commands = {
        "tree": ["tree", "--stack", stack],
        "plan": ["plan", "--stack", stack],
        "text diff": ["diff", "--from", other, "--to", stack],
        "markdown diff": ["diff", "--from", other, "--to", stack, "--format", "markdown"],
        "JSON diff": ["diff", "--from", other, "--to", stack, "--format", "json"],
        "picture of a change": ["picture", "--stack", stack, "--set", "queue=third"],
        "removal": ["diff", "--from", stack, "--to", other],
        "manifests": ["manifests", "--stack", stack, "--out", str(folder / "manifests")],
        "picture": ["picture", "--stack", stack],
    }
    for name, words in commands.items():
        result = CliRunner().invoke(cli.app, [*words, "--root", str(root)])
        assert result.exit_code == 0, f"{name}: {result.output}"
        yield name, result.output
    for style in ("text", "markdown", "json"):
        words = ["--stack", stack, "--root", str(root), "--format", style]
        result = CliRunner().invoke(policies.app, words)
        assert result.exit_code in (0, 1), result.output
        yield f"check as {style}", result.output
    written = [file for file in (folder / "manifests").rglob("*") if file.is_file()]
    assert written
    yield "files", "\n".join(f"{file.name}\n{file.read_text()}" for file in written)


def leaks(text: str) -> list[str]:
    return [planted for planted in (PLANTED, CIPHERTEXT, ENVIRONMENT) if planted in text]


def test_no_command_shows_a_secret_of_the_program_the_stack_file_or_the_environment(
    project: Callable[..., Path],  # noqa: F811
    tmp_path: Path,
) -> None:
    root = project(PROGRAM, one=STACK, two=f"{STACK}  toy:queue: other\n")
    seen = dict(outputs(root, tmp_path / "out", "one", "two"))
    assert {name: found for name, text in seen.items() if (found := leaks(text))} == {}
    # The outputs still show the values beside the secrets, and a mark in their place.
    assert '"plain": "jobs"' in seen["plan"] and seen["plan"].count("[secret]") > 10
    assert "[secret]" in seen["files"] and "other" in seen["text diff"]


@pytest.mark.parametrize(
    "program",
    [
        # An enum's value, a list where an object belongs, an unknown key, a lookup's argument.
        'aws.ec2.Vpc("vpc", instance_tenancy=secret)\n'
        'aws.s3.BucketVersioning("v", bucket="b", versioning_configuration={"status": secret})',
        'aws.ec2.LaunchTemplate("t", metadata_options={"http_tokens": secret, "nope": secret})',
        'aws.ec2.LaunchTemplate("t", tag_specifications=secret)',
        'pulumi.export("x", aws.ec2.get_instance_output(instance_id=secret).ami)',
    ],
)
def test_a_refusal_names_the_place_of_a_secret_and_not_the_secret(
    project: Callable[..., Path],  # noqa: F811
    program: str,
) -> None:
    root = project(f'secret = pulumi.Output.secret("{PLANTED}")\n{program}')
    try:
        told = record(root, "dev").to_json()
    except (PlanError, UserError) as error:
        told = str(error)
    assert leaks(told) == []


def test_the_program_rejects_a_secret_in_a_setting_and_names_the_key(tmp_path: Path) -> None:
    files = ("Pulumi.yaml", "__main__.py", "settings.py", "versions.py")
    for name in (*files, "components", "userdata"):
        (tmp_path / name).symlink_to(ROOT / name)
    planted = f"  spark-on-eks:tags:\n    token:\n      secure: {CIPHERTEXT}\n"
    (tmp_path / "stacks").mkdir()
    dev = (ROOT / "stacks" / "Pulumi.dev.yaml").read_text()
    (tmp_path / "stacks" / "Pulumi.planted.yaml").write_text(dev + planted)
    result = CliRunner().invoke(cli.app, ["plan", "--stack", "planted", "--root", str(tmp_path)])
    assert result.exit_code == 2
    assert "spark-on-eks:tags: is encrypted" in result.output
    assert leaks(result.output) == []


def test_a_stacks_plan_holds_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = record(ROOT, "dev")
    monkeypatch.setattr("ops.plan.record.record", lambda root, stack, sets: plan)
    result = CliRunner().invoke(capacity.app, ["--stack", "dev", "--format", "json"])
    assert result.exit_code == 0
    assert leaks(plan.to_json()) == leaks(result.output) == []
