"""Teams: permissions, and access to data."""

import pytest

from ops.plan.errors import UserError
from tests.plans import named, of_type, plan_of, statements
from tests.rights import buckets_of, in_words, may

LAKE = "arn:aws:s3:::example-lake-111122223333"
LOGS = "arn:aws:s3:::spark-prod-logs-111122223333-us-west-2"
ANALYTICS, INGEST = "team-analytics-access-role", "team-ingest-access-role"


def test_only_the_driver_has_rights_and_only_in_its_own_namespace() -> None:
    verbs = ("create", "delete", "deletecollection", "get", "list", "watch")
    kinds = ("pods", "services", "configmaps", "persistentvolumeclaims")
    found = in_words(plan_of("dev"))
    assert {one for one in found if "network" not in one} == {
        "ServiceAccount team-a/spark-driver",
        "ServiceAccount team-b/spark-driver",
    }
    for team in ("team-a", "team-b"):
        assert found[f"ServiceAccount {team}/spark-driver"] == {
            # Spark labels decommissioned executors.
            f"may patch pods in {team}",
            *(f"may {verb} {kind} in {team}" for verb in verbs for kind in kinds),
        }


@pytest.mark.parametrize(
    ("role", "action", "key", "allowed"),
    [
        (ANALYTICS, "s3:GetObject", "raw/2026/x.parquet", True),
        (ANALYTICS, "s3:GetObject", "raw", True),  # S3A's look at the folder itself
        (ANALYTICS, "s3:PutObject", "raw/2026/x.parquet", False),
        (ANALYTICS, "s3:DeleteObject", "raw/2026/x.parquet", False),
        (ANALYTICS, "s3:PutObject", "analytics/x.parquet", True),
        (ANALYTICS, "s3:AbortMultipartUpload", "analytics/x.parquet", True),
        (ANALYTICS, "s3:GetObject", "rawer/x.parquet", False),
        (ANALYTICS, "s3:GetObject", "x.parquet", False),
        (INGEST, "s3:PutObject", "raw/2026/x.parquet", True),
        (INGEST, "s3:GetObject", "analytics/x.parquet", False),
        (INGEST, "s3:PutObject", "analytics/x.parquet", False),
    ],
)
def test_a_team_has_the_listed_rights_only(role: str, action: str, key: str, allowed: bool) -> None:
    assert may(plan_of("prod"), role, action, f"{LAKE}/{key}") is allowed


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [("raw/", True), ("raw/2026/", True), ("ra", False), ("", False), ("analytics/", False)],
)
def test_a_team_lists_below_its_own_prefixes_only(prefix: str, allowed: bool) -> None:
    listed = may(plan_of("prod"), INGEST, "s3:ListBucket", LAKE, s3_prefix=prefix)
    assert listed is allowed


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_a_team_writes_its_own_event_logs_and_touches_no_other_teams(action: str) -> None:
    plan = plan_of("prod")
    for role, own, other in (
        (ANALYTICS, "analytics", "ingest"),
        (INGEST, "ingest", "analytics"),
    ):
        assert may(plan, role, action, f"{LOGS}/events/{own}/eventlog_v2_x/events_1_x")
        assert not may(plan, role, action, f"{LOGS}/events/{other}/eventlog_v2_x/events_1_x")
        assert not may(plan, role, action, f"{LOGS}/events/{own}-2/x")
        assert not may(plan, role, "s3:ListBucket", LOGS, s3_prefix=f"events/{other}/")
        assert not may(plan, role, "s3:ListBucket", LOGS, s3_prefix="events/")


def test_no_team_reaches_the_jars_other_than_through_the_mount() -> None:
    plan = plan_of("prod")
    for role in (ANALYTICS, INGEST):
        assert buckets_of(plan, role) == {LAKE.rpartition(":")[2], LOGS.rpartition(":")[2]}


def test_the_rights_on_a_key_come_with_the_bucket_that_needs_it() -> None:
    key = "arn:aws:kms:us-west-2:111122223333:key/abc"
    plan = plan_of(
        "dev",
        "spark.teams=[{name: a, buckets: ["
        "{name: one, prefix: '', kmsKeyArn: '" + key + "'}, {name: arn:aws:s3:::two, prefix: x/, "
        "access: readWrite, kmsKeyArn: '" + key + "'}]}]",
    )
    found = statements(named(plan, "iam/policy:Policy", "team-a-access-data-1").inputs["policy"])
    assert found["Key1"]["Action"] == ["kms:Decrypt"]
    assert found["Key2"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert found["Key1"]["Resource"] == found["Key2"]["Resource"] == [key]
    # The whole bucket only with an empty prefix.
    assert found["Read1"]["Resource"] == ["arn:aws:s3:::one/*"]
    assert "Condition" not in found["List1"]
    assert found["ReadWrite2"]["Resource"] == ["arn:aws:s3:::two/x", "arn:aws:s3:::two/x/*"]


def test_every_policy_of_many_long_buckets_keeps_within_iams_limit() -> None:
    entries = ", ".join(
        f"{{name: {'b' * 60}-{number:02}, prefix: {'p' * 199}/, access: readWrite, "
        f"kmsKeyArn: 'arn:aws:kms:us-west-2:111122223333:key/{'k' * 36}'}}"
        for number in range(32)
    )
    plan = plan_of("dev", f"spark.teams=[{{name: a, buckets: [{entries}]}}]")
    policies = [
        one.inputs["policy"]
        for one in of_type(plan, "iam/policy:Policy")
        if one.name.startswith("team-a-access")
    ]
    assert 1 < len(policies) <= 9, "a role takes ten"
    assert all(len("".join(policy.split())) <= 6144 for policy in policies)
    sids = [sid for policy in policies for sid in statements(policy)]
    assert len(sids) == len(set(sids)) == 3 * 32


def test_a_given_bucket_may_hold_jars_and_data_side_by_side() -> None:
    given = "jarBucket={name: given, existing: true, prefix: spark/}"
    team = "spark.teams=[{{name: a, buckets: [{{name: given, prefix: {prefix}}}]}}]"
    plan = plan_of("existing", given, team.format(prefix="data/"))
    assert may(plan, "team-a-access-role", "s3:GetObject", "arn:aws:s3:::given/data/x")
    for prefix in ("spark/", "spark/jars/", "''"):
        with pytest.raises(UserError, match="'given' holds the JARs"):
            plan_of("existing", given, team.format(prefix=prefix))
