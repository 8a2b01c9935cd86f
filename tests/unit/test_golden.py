"""Golden files of every IAM document, reviewed by eye. `make golden` rewrites them."""

import json

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.plans import of_type, plan_of


class TextFile(SingleFileSnapshotExtension):
    """One readable file a snapshot."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_iam_document_statement_by_statement(stack: str, golden: SnapshotAssertion) -> None:
    plan = plan_of(stack)
    documents = {}
    for kind, key in (
        ("iam/policy:Policy", "policy"),
        ("iam/role:Role", "assumeRolePolicy"),
        ("iam/rolePolicy:RolePolicy", "policy"),
        ("sqs/queuePolicy:QueuePolicy", "policy"),
        ("s3/bucketPolicy:BucketPolicy", "policy"),
        ("kms/key:Key", "policy"),
    ):
        for one in of_type(plan, kind):
            document = json.loads(one.inputs[key])
            documents[f"{kind.split(':')[1]} {one.name}"] = document["Statement"]
    lines = []
    for name, statements in sorted(documents.items()):
        lines.append(name)
        for statement in statements:
            lines.append(f"  {statement.pop('Sid')}  {statement.pop('Effect')}")
            for part, value in statement.items():
                lines.append(f"    {part}: {json.dumps(value, sort_keys=True)}")
    assert "\n".join(lines) + "\n" == golden
