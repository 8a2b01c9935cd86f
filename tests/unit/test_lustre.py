"""The Lustre file system: its zone, its network, and a folder for each team."""

import json
from typing import Any

from ops.plan.packages import packages
from tests.plans import LUSTRE, absent, named, of_type, plan_of, reaches, statements

PLAN = plan_of("dev", *LUSTRE)
TWO = "spark.teams=[{name: team-a, shuffle: lustre}, {name: team-b, shuffle: lustre}]"


def volume(name: str, *sets: str) -> Any:
    plan = plan_of("dev", *LUSTRE, *sets)
    return named(plan, "PersistentVolume", f"lustre-folders-{name}").inputs["spec"]


def test_without_a_team_that_uses_it_there_is_no_file_system() -> None:
    assert absent(plan_of("dev"), "ustre", "fsx")


def test_it_is_in_the_zone_of_its_teams_pool() -> None:
    system = named(PLAN, "LustreFileSystem", "lustre").inputs
    assert system["subnetIds"] == "subnet-network-private-b"
    assert (system["deploymentType"], system["storageCapacity"]) == ("SCRATCH_2", 1200)
    assert "kmsKeyId" not in system and "perUnitStorageThroughput" not in system


def test_a_persistent_one_has_its_key_and_throughput_and_no_backups() -> None:
    key = "arn:aws:kms:us-west-2:111122223333:key/x"
    sets = f"storage.lustre={{type: PERSISTENT_2, throughput: 500, kmsKeyArn: '{key}'}}"
    system = named(plan_of("dev", *LUSTRE, sets), "LustreFileSystem", "lustre").inputs
    assert (system["kmsKeyId"], system["perUnitStorageThroughput"]) == (key, 500)
    assert system["automaticBackupRetentionDays"] == 0


def test_its_ports_are_open_between_it_and_nodes_only() -> None:
    group = named(PLAN, "SecurityGroup", "lustre-servers").inputs
    for side in ("ingress", "egress"):
        ports = {(one["fromPort"], one["toPort"]) for one in group[side]}
        assert ports == {(988, 988), (1018, 1023)}
        for one in group[side]:
            assert one["self"] is True and one["securityGroups"] == ["sg-eks-cluster-sg-spark-dev"]
            assert not one.get("cidrBlocks")
    back = of_type(PLAN, "SecurityGroupIngressRule")
    assert {(one.inputs["fromPort"], one.inputs["toPort"]) for one in back} == {
        (988, 988), (1018, 1023),
    }  # fmt: skip
    assert {one.inputs["referencedSecurityGroupId"] for one in back} == {"sg-lustre-servers"}
    system = named(PLAN, "LustreFileSystem", "lustre")
    assert system.inputs["securityGroupIds"] == ["sg-lustre-servers"]
    # FSx looks at the rules when it makes the file system, and refuses it without the ports.
    assert {one.urn for one in back} <= reaches(PLAN, system)


def test_a_team_mounts_its_own_folder_and_no_other() -> None:
    a, b = (volume(team, TWO) for team in ("team-a", "team-b"))
    assert a["csi"]["volumeAttributes"]["mountname"] == "mounted/team-a"
    assert b["csi"]["volumeAttributes"]["mountname"] == "mounted/team-b"
    assert a["claimRef"] == {"namespace": "team-a", "name": "spark-shuffle"}
    assert a["csi"]["volumeHandle"] != b["csi"]["volumeHandle"]
    claim = named(PLAN, "PersistentVolumeClaim", "team-team-a-shuffle-claim").inputs
    assert claim["metadata"]["namespace"] == "team-a"
    # The API server refuses a claim without a size.
    assert claim["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
    assert absent(PLAN, "team-team-b-shuffle")


def test_files_are_locked_across_nodes() -> None:
    assert volume("team-a")["mountOptions"] == ["flock"]


def test_a_folder_is_made_for_spark_s_user_by_a_pod_that_may_only_change_owners() -> None:
    spec = named(PLAN, "Job", "lustre-folders-team-a").inputs["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["args"] == ["mkdir -p -m 0700 /lustre/team-a; chown 185:185 /lustre/team-a"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN"]}
    assert spec["nodeSelector"] == {"spark-on-eks/pool": "default"}
    on_pool = {"key": "spark-on-eks/pool", "operator": "Equal", "value": "default"}
    assert spec["tolerations"] == [{**on_pool, "effect": "NoSchedule"}]
    job = named(PLAN, "Job", "lustre-folders-team-a")
    needed = {"lustre-folders-account", "lustre-folders-deny-all", "lustre-folders-root"}
    assert needed <= {urn.rpartition("::")[2] for urn in reaches(PLAN, job)}
    namespace = named(PLAN, "Namespace", "lustre-folders-namespace").inputs["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"


def test_the_driver_may_look_at_the_one_file_system() -> None:
    policy = named(PLAN, "Policy", "lustre-driver-describe").inputs["policy"]
    (found,) = statements(policy).values()
    assert found["Action"] == ["fsx:DescribeFileSystems"]
    assert found["Resource"] == ["arn:aws:fsx:us-west-2:111122223333:file-system/fs-lustre"]
    addon = named(PLAN, "Addon", "lustre-aws-fsx-csi-driver").inputs
    assert addon["serviceAccountRoleArn"].endswith("role/lustre-driver-role")
    assert json.loads(addon["configurationValues"])["node"] == {"tolerateAllTaints": True}
    # Both of its controllers count against the system nodes.
    (package,) = [one for one in packages(PLAN) if one.resource.name.startswith("lustre")]
    assert [package.at(one.replicas) for one in package.workloads if one.is_placed] == [2]


def test_volumes_are_deleted_before_the_driver_and_the_driver_before_the_file_system() -> None:
    claim = named(PLAN, "PersistentVolumeClaim", "team-team-a-shuffle-claim")
    before = reaches(PLAN, claim)
    for kind, name in (
        ("PersistentVolume", "lustre-folders-team-a"), ("Addon", "lustre-aws-fsx-csi-driver"),
        ("LustreFileSystem", "lustre"),
    ):  # fmt: skip
        assert named(PLAN, kind, name).urn in before


def test_the_quota_leaves_room_for_both_claims_of_the_stack():
    sets = "spark.teams=[{name: team-a, shuffle: lustre, quota: {storageGiB: 0, pods: 40}}]"
    hard = named(plan_of("dev", *LUSTRE, sets), "ResourceQuota", "team-team-a-quota").inputs
    assert hard["spec"]["hard"]["requests.storage"] == "2Gi"
    assert hard["spec"]["hard"]["persistentvolumeclaims"] == "42"
