"""Copies of a bucket in another Region: what S3 is asked for, and what its role may do."""

import json
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from tests.plans import REPLICA, absent, named, plan_of, reaches, statements

RULE, NAME = "s3/bucketReplicationConfig:BucketReplicationConfig", "jars-replica"
SOURCE, KEY = "spark-dev-jars-111122223333-us-west-2", "arn:aws:kms:us-east-1:111122223333:key/b1"


def rule(*settings: str) -> dict[str, Any]:
    (found,) = named(plan_of("dev", *settings), RULE, f"{NAME}-rule").inputs["rules"]
    return found


def test_new_objects_below_the_prefix_are_copied_and_no_deletion() -> None:
    found = rule(*REPLICA)
    assert found["filter"] == {"prefix": "spark/"}
    assert found["status"] == "Enabled"
    assert found["deleteMarkerReplication"] == {"status": "Disabled"}
    assert found["destination"] == {
        "bucket": "arn:aws:s3:::acme-copies",
        "encryptionConfiguration": {"replicaKmsKeyId": KEY},
    }
    assert found["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}


def test_without_keys_it_names_none() -> None:
    found = rule("jarBucket.replicateTo={bucket: acme-copies, region: us-east-1}")
    assert found["destination"] == {"bucket": "arn:aws:s3:::acme-copies"}
    assert "sourceSelectionCriteria" not in found


def test_a_bucket_has_versions_before_it_has_a_replica() -> None:
    plan = plan_of("dev", *REPLICA)
    versions = named(plan, "s3/bucketVersioning:BucketVersioning", "jars-versions")
    before = reaches(plan, named(plan, RULE, f"{NAME}-rule"))
    assert versions.urn in before
    # And its role its rights: S3 tries it when it takes the rule.
    assert named(plan, "iam/policy:Policy", f"{NAME}-copy").urn in before


def test_s3_s_own_model_accepts_the_rule() -> None:
    given = rule(*REPLICA)
    request = {
        "Bucket": "b",
        "ReplicationConfiguration": {
            "Role": "r",
            "Rules": [
                {
                    "ID": given["id"],
                    "Priority": given["priority"],
                    "Status": given["status"],
                    "Filter": {"Prefix": given["filter"]["prefix"]},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                    "Destination": {
                        "Bucket": given["destination"]["bucket"],
                        "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY},
                    },
                }
            ],
        },
    }
    model = botocore.session.get_session().get_service_model("s3")
    shape = model.operation_model("PutBucketReplication").input_shape
    assert ParamValidator().validate(request, shape).generate_report() == ""


def test_its_role_reads_the_source_and_writes_copies_and_deletes_none() -> None:
    plan = plan_of("dev", *REPLICA)
    given = statements(named(plan, "Policy", f"{NAME}-copy").inputs["policy"])
    found = {sid: (one["Action"], one["Resource"]) for sid, one in given.items()}
    assert found == {
        "ReadRules": (
            ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            [f"arn:aws:s3:::{SOURCE}"],
        ),
        "ReadVersions": (
            [
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            [f"arn:aws:s3:::{SOURCE}/spark/*"],
        ),
        "WriteCopies": (
            ["s3:ReplicateObject", "s3:ReplicateTags"],
            ["arn:aws:s3:::acme-copies/spark/*"],
        ),
        "Decrypt": (["kms:Decrypt"], ["arn:aws:kms:us-west-2:111122223333:key/jars-key"]),
        "Encrypt": (["kms:Encrypt"], [KEY]),
    }
    by_service = {
        sid: one["Condition"]["StringLike"]["kms:ViaService"]
        for sid, one in given.items()
        if "Condition" in one
    }
    assert by_service == {
        "Decrypt": "s3.us-west-2.amazonaws.com", "Encrypt": "s3.us-east-1.amazonaws.com",
    }  # fmt: skip
    trust = json.loads(named(plan, "Role", f"{NAME}-role").inputs["assumeRolePolicy"])
    assert [one["Principal"] for one in trust["Statement"]] == [{"Service": "s3.amazonaws.com"}]


def test_a_stack_without_copies_has_neither() -> None:
    assert absent(plan_of("dev"), "BucketReplicationConfig")
