"""The commands: what they print, and how they fail."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import app
from tests.ops.conftest import DEV

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
size = config.require_int("size")
if size > 3:
    raise pulumi.RunError(f"toy:size: {size} is more than 3")
Part("part")
pulumi.export("size", size)
"""


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tree", "--stack", "qa"], "no stack 'qa'; the stacks are: dev"),
        (["tree"], "--stack is missing; the stacks are: dev"),
        (["plan", "--stack", "dev", "--set", "sise=1"], "did you mean toy:size?"),
        (["tree", "--stack", "dev", "--set", "size=9"], "error: toy:size: 9 is more than 3\n"),
        (["diff", "--stack", "dev"], "needs --set k=v or --base REV"),
        (["diff", "--from", "dev"], "takes --from A --to B"),
        (["diff", "--stack", "dev", "--set", "size=2", "--format", "pdf"], "not one of text, mark"),
        (["diff", "--stack", "dev", "--base", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_request_is_one_message_and_exit_code_2(project, arguments, message):
    result = run(*arguments, "--root", project(PROGRAM))
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("program", "message", "traceback"),
    [
        ('Part("a"); Part("a")', "two resources have the same URN", False),
        ("1 / 0", "ZeroDivisionError", True),
    ],
)
def test_a_program_that_could_not_be_deployed_is_exit_code_1(project, program, message, traceback):
    result = run("tree", "--stack", "dev", "--root", project(program))
    assert result.exit_code == 1
    assert message in result.stderr
    assert ("Traceback" in result.stderr) is traceback


def test_options_left_empty_by_a_makefile_are_not_set(project):
    root = project("Part(f\"part-{config.get_int('size')}\")")
    empty = ["--from", "", "--to", "", "--base", "", "--format", "", "--set", ""]
    result = run("diff", "--stack", "dev", "--set", "size=2", *empty, "--root", root)
    assert result.exit_code == 0
    assert "1 to create, 1 to delete" in result.stdout


def test_a_diff_of_two_stacks(project):
    root = project(PROGRAM, prod="config:\n  toy:size: 3\n")
    result = run("diff", "--from", "dev", "--to", "prod", "--root", root, "--format", "markdown")
    assert result.exit_code == 0
    assert "dev → prod" in result.stdout
    assert "size: 1 -&gt; 3" in result.stdout.replace("&#58;", ":")


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def committed(root: Path) -> Path:
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a state")
    return root


def test_a_diff_to_a_revision_uses_the_files_of_that_revision(project, monkeypatch):
    root = project("import names; Part(names.PART)")
    (root / "names.py").write_text("PART = 'committed'\n")
    # The revision contains tools of its own, as in a real project; they must not run.
    (root / "ops").mkdir()
    (root / "ops" / "__init__.py").write_text("raise RuntimeError('the old ops')\n")
    committed(root)
    (root / "names.py").write_text("PART = 'edited'\n")
    monkeypatch.chdir(root)
    result = run("diff", "--stack", "dev", "--base", "HEAD")
    assert result.exit_code == 0, result.stderr
    assert "+ create edited" in result.stdout
    assert "- delete committed" in result.stdout


@pytest.mark.parametrize("command", ["tree", "plan"])
def test_a_reader_that_stops_early_is_no_error(project, command):
    root = project('[Part(f"part-{n}-" + "x" * 900) for n in range(200)]')
    line = f'"{sys.executable}" -m ops {command} --stack dev --root "{root}" | head -1'
    # Unbuffered, a write that a closed pipe cuts short is no error in Python.
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == ""
    assert result.returncode == 0
    assert result.stdout.count("\n") == 1


def test_all_stacks_against_a_revision_are_one_comment(project, monkeypatch):
    root = project(PROGRAM, prod="config:\n  toy:size: 3\n", old=DEV)
    committed(root)
    (root / "stacks" / "Pulumi.prod.yaml").write_text("config:\n  toy:size: 2\n")
    (root / "stacks" / "Pulumi.new.yaml").write_text(DEV)
    (root / "stacks" / "Pulumi.old.yaml").unlink()
    monkeypatch.chdir(root)
    result = run("diff", "--stack", "all", "--base", "HEAD", "--format", "markdown")
    assert result.exit_code == 0, result.stderr
    rows = [line for line in result.stdout.splitlines() if line.startswith("| ")][:5]
    assert [row.split(" | ")[0] for row in rows[1:]] == ["| new", "| prod", "| dev", "| old"]
    assert "a new stack" in rows[1]
    assert "no changes" in rows[3]
    assert "no changes (the stack's file is deleted: this changes or" in rows[4]
    assert "size" in result.stdout


def test_an_invalid_stack_is_reported_beside_the_others_and_sets_exit_code(project, monkeypatch):
    root = committed(project(PROGRAM, prod="config:\n  toy:size: 3\n"))
    (root / "stacks" / "Pulumi.prod.yaml").write_text("config:\n  toy:size: 9\n")
    monkeypatch.chdir(root)
    result = run("diff", "--stack", "all", "--base", "HEAD", "--format", "json")
    assert result.exit_code == 2
    dev, prod = json.loads(result.stdout)["stacks"]
    assert dev["steps"] == []
    assert prod == {"stack": "prod", "error": "toy:size: 9 is more than 3"}


def test_two_revisions_are_compared_without_the_working_tree(project, monkeypatch):
    root = committed(project('Part("first")'))
    (root / "__main__.py").write_text((root / "__main__.py").read_text().replace("first", "second"))
    git(root, "commit", "--quiet", "--all", "--message", "another")
    (root / "__main__.py").write_text("1 / 0")
    monkeypatch.chdir(root)
    result = run("diff", "--stack", "dev", "--base", "HEAD~1", "--head", "HEAD")
    assert result.exit_code == 0, result.stderr
    assert "+ create second" in result.stdout
    assert "- delete first" in result.stdout


def test_a_comment_or_another_order_of_keys_changes_nothing(project, monkeypatch):
    before = "config:\n  toy:size: 2\n  toy:queue: a\n  toy:mount: {level: pod, path: /a}\n"
    after = (
        "# why\nconfig:\n  toy:mount: {path: /a, level: pod}\n  toy:queue: a # x\n  toy:size: 2\n"
    )
    program = 'pulumi.export("mount", config.require_object("mount")); Part("a")\n# a comment'
    root = committed(project(program, prod=before))
    (root / "stacks" / "Pulumi.prod.yaml").write_text(after)
    (root / "__main__.py").write_text(
        (root / "__main__.py").read_text().replace("# a comment", "# another")
    )
    monkeypatch.chdir(root)
    result = run("diff", "--stack", "prod", "--base", "HEAD")
    assert result.stdout == "toy/prod: no changes\n"


def test_a_picture_of_a_change_is_written_to_the_file_of_out(project, tmp_path):
    root = project("""
        part = Part(f"part-{config.get_int('size')}")
        aws.sqs.Queue("queue", opts=part.child)
    """)
    out = tmp_path / "new" / "dev.mmd"
    result = run("picture", "--stack", "dev", "--set", "size=2", "--root", root, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert out.read_text().startswith('---\ntitle: "toy/dev: 1 to create, 1 to delete')
    plain = run("picture", "--stack", "dev", "--root", root, "--format", "markdown")
    assert re.fullmatch(r"```mermaid\n---\ntitle: .*?\n```\n", plain.stdout, re.S)


def test_two_keys_in_one_set_and_a_file_of_keys_are_the_same(project, tmp_path, monkeypatch):
    root = committed(project("Part(f\"{config.get('queue')}-{config.get_int('size')}\")"))
    (tmp_path / "changes.yaml").write_text("queue: 1.30\nsize: 2\n")
    monkeypatch.chdir(tmp_path)
    at_once = run("diff", "--stack", "dev", "--set", "queue=1.30 size=2", "--root", root)
    from_file = run("diff", "--stack", "dev", "--set", "@changes.yaml", "--root", root)
    assert "+ create 1.30-2" in at_once.stdout
    assert from_file.stdout == at_once.stdout
    # Another revision is recorded in another folder, where the file's name means nothing.
    words = ["--base", "HEAD", "--head", "HEAD", "--set", "@changes.yaml", "--root", root]
    assert "+ create 1.30-2" in run("diff", "--stack", "dev", *words).stdout


def test_a_setting_of_type_text_is_passed_as_text(project):
    root = project("""
        tag = config.require_object("mount").get("tag")
        if tag is not None and not isinstance(tag, str):
            raise pulumi.RunError(f"toy:mount.tag: {tag} is not text")
        if config.require_object("mount").get("cores", 1) != 1:
            raise pulumi.RunError("toy:mount.cores: is not 1")
        Part(f"part-{tag}")
    """)
    words = ["tree", "--stack", "dev", "--root", root, "--set"]
    for text in ("true", "7", "1.30", "0123"):
        assert f"part-{text} " in run(*words, f"mount.tag={text} mount.cores=1").stdout
    wrong = run(*words, "mount.tag=true mount.cores=2")
    assert wrong.exit_code == 2
    # The first message, which quotes the original value.
    assert wrong.stderr == "error: toy:mount.tag: True is not text\n"


@pytest.mark.parametrize("command", ["tree", "diff", "picture"])
@pytest.mark.parametrize("style", ["text", "markdown", "json"])
def test_every_command_that_prints_a_result_takes_a_format(project, command, style):
    root = project('Part("a")')
    change = ["--set", "size=2"] if command == "diff" else []
    result = run(command, "--stack", "dev", *change, "--root", root, "--format", style)
    assert (result.exit_code, result.stderr) == (0, "")
    if style == "json":
        assert json.loads(result.stdout)
    else:
        assert ("```" in result.stdout or "###" in result.stdout) is (style == "markdown")


def test_a_plan_is_json_with_any_option(project):
    words = ["plan", "--stack", "dev", "--root", project('Part("a")'), "--format"]
    assert json.loads(run(*words, "json").stdout)["resources"]
    refused = run(*words, "markdown")
    assert refused.exit_code == 2
    assert refused.stderr == "error: --format markdown: is not one of json\n"
