"""The bucket of JARs, and the permissions to read it."""

import pytest

from tests.plans import DAEMONSET, NODE, absent, named, of_type, plan_of, statements

BUCKET = "arn:aws:s3:::spark-dev-jars-111122223333-us-west-2"


def test_replaced_objects_can_be_brought_back_for_a_while_and_uploads_do_not_linger() -> None:
    rules = named(plan_of("prod"), "LifecycleConfiguration", "jars-lifecycle").inputs["rules"]
    by_id = {rule["id"]: rule for rule in rules}
    assert by_id["old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 365}
    assert by_id["unfinished-uploads"]["abortIncompleteMultipartUpload"]
    assert all(rule["filter"] == {"prefix": "spark/"} for rule in rules)


def test_in_node_level_the_node_role_reads_below_the_jars_prefix_only() -> None:
    for mode in (NODE, DAEMONSET):
        plan = plan_of("dev", *mode)
        document = named(plan, "Policy", "karpenter-default-node-read-jars").inputs["policy"]
        found = statements(document)
        assert set(found) == {"ListJars", "ReadJars"}
        assert found["ListJars"]["Condition"] == {"StringLike": {"s3:prefix": ["spark/jars/*"]}}
        assert found["ReadJars"]["Resource"] == [f"{BUCKET}/spark/jars/*"]


def test_an_existing_bucket_is_used_unchanged() -> None:
    plan = plan_of("dev", "jarBucket={existing: true, name: our-jars}")
    made = {one.type for one in of_type(plan, "") if "s3" in one.type}
    assert made == {"aws:s3/bucketObjectv2:BucketObjectv2"}
    sentinel = named(plan, "BucketObjectv2", "jars-sentinel")
    assert sentinel.inputs["bucket"] == "our-jars"
    assert sentinel.options.retain_on_delete  # another stack may be tested with it
    document = named(plan, "Policy", "jar-mount-driver-read-jars").inputs["policy"]
    assert statements(document)["ReadJars"]["Resource"] == ["arn:aws:s3:::our-jars/spark/*"]


def test_access_logs_are_written_to_an_existing_bucket() -> None:
    plan = plan_of("dev", "jarBucket.accessLogBucket=our-logs")
    logging = named(plan, "BucketLogging", "jars-access-log").inputs
    assert (logging["targetBucket"], logging["targetPrefix"]) == ("our-logs", "spark-dev/jars/")
    assert absent(plan_of("dev"), "BucketLogging")


def test_the_object_that_mounts_are_tested_with_is_there() -> None:
    sentinel = named(plan_of("prod"), "BucketObjectv2", "jars-sentinel")
    assert sentinel.inputs["key"] == "spark/jars/.sentinel"
    assert sentinel.inputs["content"] == "spark-on-eks"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_arns_are_of_the_regions_partition(region: str) -> None:
    plan = plan_of("staging", f"aws:region={region}")
    partition = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}[region]
    for one in of_type(plan, "iam/policy:Policy"):
        assert "arn:aws:" not in one.inputs["policy"].replace("arn:aws:s3:::spark", ""), one.name
    for one in of_type(plan, "RolePolicyAttachment"):
        assert one.inputs["policyArn"].startswith(f"arn:{partition}:iam::")


def test_force_destroy_is_off_by_default() -> None:
    assert named(plan_of("dev"), "s3/bucket:Bucket", "jars-bucket").inputs["forceDestroy"] is True
    for stack in ("staging", "prod", "existing"):
        bucket = named(plan_of(stack), "s3/bucket:Bucket", "jars-bucket").inputs
        assert bucket["forceDestroy"] is False
