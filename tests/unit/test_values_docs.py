"""What the documents and the stack files say is allowed, and every command refuses alike."""

import json
import re

import pytest
from typer.testing import CliRunner

from dev.docs.pages import PAGES
from ops import cli
from ops.plan import yamlfile
from tests.plans import STACKS
from tests.unit.values import message, message_for

TEXTS = {page.name: page.read_text("utf-8") for page in PAGES}
SETS = sorted(
    {
        (stack, sets)
        for text in TEXTS.values()
        for stack, sets in re.findall(r"STACK=([a-z]+) [^`\n]*?SET='([^'<]+)'", text)
        if "..." not in sets
    }
)
BLOCKS = [
    block
    for text in TEXTS.values()
    for block in re.findall(r"```yaml\n(spark-on-eks:.*?)```", text, re.DOTALL)
]
BAD = "jarMount.level=pods"
VERBS = (
    *("tree", "plan", "check", "picture", "diff", "capacity"),
    *("manifests --out /dev/null/x", "job --job pi --team team-a"),
    "verify --team team-a",
)


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_file_is_allowed(stack: str) -> None:
    assert message(stack) == ""


def test_every_change_of_a_stack_in_a_document_is_allowed() -> None:
    assert len(SETS) >= 5
    assert {sets: found for stack, sets in SETS if (found := message(stack, sets))} == {}


def test_every_part_of_a_stack_file_in_a_document_is_allowed() -> None:
    assert len(BLOCKS) >= 2
    pool = '[{"name": "default"}, {"name": "memory"}]'
    for block in BLOCKS:
        given = yamlfile.parse(block, "docs")
        found = message_for(
            "dev",
            {"aws:region": "us-west-2", "spark-on-eks:pools": pool}
            | {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in given.items()
            },
        )
        assert found == "", block


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_ends_with_the_message_and_exit_code_2(verb: str) -> None:
    result = CliRunner().invoke(cli.app, [*verb.split(), "--stack", "dev", "--set", BAD])
    assert result.exit_code == 2, result.output
    assert "spark-on-eks:jarMount.level: 'pods' is not one of pod, node" in result.stderr
