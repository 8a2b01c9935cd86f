"""Golden files of every IAM document, reviewed by eye. `make golden` rewrites them."""

import json

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from ops.plan.iam import documents
from tests.plans import plan_of


class TextFile(SingleFileSnapshotExtension):
    """One readable file a snapshot."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_iam_document_statement_by_statement(stack: str, golden: SnapshotAssertion) -> None:
    found = {
        f"{one.resource.type.rpartition(':')[2]} {one.resource.name}": json.loads(one.text)
        for one in documents(plan_of(stack))
    }
    lines = []
    for name, document in sorted(found.items()):
        lines.append(name)
        for statement in document["Statement"]:
            lines.append(f"  {statement.pop('Sid')}  {statement.pop('Effect')}")
            for part, value in statement.items():
                lines.append(f"    {part}: {json.dumps(value, sort_keys=True)}")
    assert "\n".join(lines) + "\n" == golden
