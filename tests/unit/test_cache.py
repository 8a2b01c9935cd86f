"""The cache of data: what a team mounts, with whose rights, and where nothing is created."""

from typing import Any

import pytest

from tests.plans import DAEMONSET, DATA, NODE, absent, named, of_type, plan_of, reaches
from tests.rights import may

CLAIM = "spark-data-a61a90e9"
LEVELS = {"pod": (), "userdata": NODE, "daemonset": DAEMONSET}


def volume(*sets: str) -> dict[str, Any]:
    name = f"team-team-a-{CLAIM}-mountpoint"
    return named(plan_of("dev", *DATA, *sets), "PersistentVolume", name).inputs["spec"]


def test_without_it_a_stack_has_nothing_of_it() -> None:
    assert absent(plan_of("dev", DATA[0]), "data-cache", "spark-data")


def test_a_volume_is_read_only_over_the_folder_and_has_a_cache_on_the_node() -> None:
    spec = volume("cache.capacityGiB=30", "cache.refreshSeconds=5")
    assert spec["csi"]["volumeAttributes"] == {
        "bucketName": "acme-lake",
        "authenticationSource": "pod",
        "stsRegion": "us-west-2",
        "cache": "emptyDir",
        "cacheEmptyDirSizeLimit": "30Gi",
    }
    assert set(spec["mountOptions"]) == {
        "read-only",
        "allow-other",
        "region us-west-2",
        "prefix raw/",
        "metadata-ttl 5",
        "negative-metadata-ttl minimal",
        "file-mode 0444",
        "dir-mode 0555",
    }
    assert spec["accessModes"] == ["ReadOnlyMany"]
    assert spec["persistentVolumeReclaimPolicy"] == "Retain"


def test_a_whole_bucket_has_no_prefix() -> None:
    keys = (
        "spark.teams=[{name: a, buckets: [{name: acme-lake, prefix: ''}]}]",
        "cache={kind: mountpoint, buckets: [{name: acme-lake, prefix: ''}]}",
    )
    (found,) = [
        one
        for one in of_type(plan_of("dev", *keys), "PersistentVolume")
        if "spark-data" in one.name
    ]
    assert not [one for one in found.inputs["spec"]["mountOptions"] if one.startswith("prefix")]


def test_it_is_mounted_with_the_team_s_own_role_which_reads_it_and_nothing_else_of_the_driver() -> (
    None
):
    plan = plan_of("dev", *DATA, *NODE)
    role, lake = "team-team-a-access-role", "arn:aws:s3:::acme-lake"
    assert may(plan, role, "s3:GetObject", f"{lake}/raw/x")
    assert may(plan, role, "s3:ListBucket", lake, s3_prefix="raw/")
    addon = named(plan, "Addon", "data-cache-aws-mountpoint-s3-csi-driver").inputs
    assert "serviceAccountRoleArn" not in addon
    # At pod level the driver has the JARs' role, which does not reach the data.
    assert not may(plan_of("dev", *DATA), "jar-mount-driver-role", "s3:GetObject", f"{lake}/raw/x")


def test_a_team_that_may_read_a_part_of_the_folder_has_no_claim_on_it() -> None:
    plan = plan_of("dev", *DATA)
    claims = [one for one in of_type(plan, "PersistentVolumeClaim") if "spark-data" in one.name]
    assert [one.inputs["metadata"]["namespace"] for one in claims] == ["team-a"]
    (claim,) = claims
    assert claim.inputs["metadata"]["name"] == CLAIM
    assert claim.inputs["metadata"]["annotations"]["spark-on-eks/data"] == "s3a://acme-lake/raw/"


def test_a_volume_is_reserved_for_the_claim_of_one_team() -> None:
    lake = "buckets: [{name: acme-lake, prefix: ''}]"
    both = f"spark.teams=[{{name: a, {lake}}}, {{name: a-b, {lake}}}]"
    found = [
        one.inputs
        for one in of_type(plan_of("dev", both, DATA[1]), "PersistentVolume")
        if "spark-data" in one.name
    ]
    handles = {one["spec"]["csi"]["volumeHandle"]: one["spec"]["claimRef"] for one in found}
    assert handles == {
        f"{CLAIM}-a": {"namespace": "a", "name": CLAIM},
        f"{CLAIM}-a-b": {"namespace": "a-b", "name": CLAIM},
    }


def test_a_folder_has_the_same_claim_in_whatever_order_it_is_listed() -> None:
    one, other = "{name: acme-lake, prefix: raw/}", "{name: acme-lake, prefix: gold/}"
    names = [
        {
            claim.inputs["metadata"]["annotations"]["spark-on-eks/data"]: claim.urn
            for claim in of_type(plan_of("dev", DATA[0], key), "PersistentVolumeClaim")
            if "spark-data" in claim.name
        }
        for key in (
            f"cache={{kind: mountpoint, buckets: [{one}, {other}]}}",
            f"cache={{kind: mountpoint, buckets: [{other}, {one}]}}",
        )
    ]
    assert names[0] == names[1] and len(names[0]) == 2


@pytest.mark.parametrize("level", LEVELS)
def test_there_is_one_driver_and_nodes_wait_for_it(level: str) -> None:
    plan = plan_of("dev", *DATA, *LEVELS[level])
    drivers = [one for one in of_type(plan, "Addon") if "mountpoint" in one.name]
    owner = "jar-mount" if level == "pod" else "data-cache"
    assert [one.name for one in drivers] == [f"{owner}-aws-mountpoint-s3-csi-driver"]
    for pool in of_type(plan, "NodePool"):
        taints = pool.inputs["spec"]["template"]["spec"]["startupTaints"]
        assert [one["key"] for one in taints].count("s3.csi.aws.com/agent-not-ready") == 1


@pytest.mark.parametrize("level", LEVELS)
def test_claims_are_deleted_before_their_volume_and_that_before_driver_and_nodes(
    level: str,
) -> None:
    plan = plan_of("dev", *DATA, *LEVELS[level])
    claim = named(plan, "PersistentVolumeClaim", f"team-team-a-{CLAIM}-claim")
    source = named(plan, "PersistentVolume", f"team-team-a-{CLAIM}-mountpoint")
    (driver,) = [one for one in of_type(plan, "Addon") if "mountpoint" in one.name]
    assert source.urn in reaches(plan, claim)
    assert {driver.urn, *(one.urn for one in of_type(plan, "NodePool"))} <= reaches(plan, source)


def test_the_quota_leaves_room_for_its_claims() -> None:
    def hard(*sets: str) -> dict[str, Any]:
        quota = named(plan_of("dev", *sets), "ResourceQuota", "team-team-a-quota")
        return quota.inputs["spec"]["hard"]

    before, after = hard(DATA[0]), hard(*DATA)
    assert before["persistentvolumeclaims"] == "101" and after["persistentvolumeclaims"] == "102"
    assert (before["requests.storage"], after["requests.storage"]) == ("501Gi", "502Gi")
