"""The EBS driver, and the class of executors' volumes."""

import json
from typing import Any

import pytest

from tests.plans import absent, named, of_type, plan_of, statements
from tests.validate import reference
from tests.validate.values import errors_of_addon

KEY = "arn:aws:kms:us-west-2:111122223333:key/x"
VOLUMES = f"storage.shuffleClass={{iops: 6000, throughput: 500, kmsKeyArn: '{KEY}'}}"
CLAIM = "spark.teams=[{name: team-a, shuffle: claim}, {name: team-b}]"


def configuration(stack: str, *sets: str) -> dict[str, Any]:
    addon = named(plan_of(stack, *sets), "Addon", "cluster-addons-aws-ebs-csi-driver")
    return json.loads(addon.inputs["configurationValues"])


def test_a_stack_without_claims_has_no_class_of_volumes() -> None:
    assert absent(plan_of("dev"), "StorageClass", "shuffle")


def test_volumes_of_executors_are_in_the_drivers_zone_and_go_with_their_claim() -> None:
    plan = plan_of("dev", CLAIM, "drivers.zone=b", VOLUMES)
    spec = named(plan, "StorageClass", "shuffle-class").inputs
    # Its name is taken until it is gone, and its fields cannot change.
    assert named(plan, "StorageClass", "shuffle-class").options.delete_before_replace
    assert spec["metadata"]["name"] == "spark-shuffle"
    assert spec["reclaimPolicy"] == "Delete"
    assert spec["volumeBindingMode"] == "WaitForFirstConsumer"
    assert spec["parameters"] == {
        "type": "gp3", "iops": "6000", "throughput": "500", "encrypted": "true",
        "csi.storage.k8s.io/fstype": "xfs", "kmsKeyId": KEY,
    }  # fmt: skip
    (term,) = spec["allowedTopologies"]
    assert term["matchLabelExpressions"][0]["values"] == ["us-west-2b"]


def test_the_driver_may_use_the_key_of_the_volumes_for_volumes_only() -> None:
    assert absent(plan_of("dev", CLAIM), "cluster-addons-ebs-csi-volumes-key")
    policy = named(plan_of("dev", CLAIM, VOLUMES), "Policy", "cluster-addons-ebs-csi-volumes-key")
    found = statements(policy.inputs["policy"])
    assert {one["Resource"][0] for one in found.values()} == {KEY}
    assert found["UseKey"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"]
    assert found["LetVolumesUseKey"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_the_nodes_of_a_claiming_team_wait_for_the_driver_and_others_do_not() -> None:
    plan = plan_of(
        "dev", "pools=[{name: default}, {name: other}]",
        "spark.teams=[{name: team-a, shuffle: claim}, {name: team-b, pool: other}]",
    )  # fmt: skip
    waiting = {
        one.name
        for one in of_type(plan, "NodePool")
        for taint in one.inputs["spec"]["template"]["spec"]["startupTaints"]
        if taint == {"key": "ebs.csi.aws.com/agent-not-ready", "effect": "NoExecute"}
    }
    assert len(waiting) == 4 and all(name.startswith("karpenter-default-") for name in waiting)


def test_a_teams_namespace_tells_its_jobs_where_shuffle_files_are() -> None:
    plan = plan_of("dev", CLAIM)
    for team, expected in (("team-a", "claim"), ("team-b", None)):
        annotations = named(plan, "Namespace", f"team-{team}-namespace").inputs["metadata"][
            "annotations"
        ]
        assert annotations.get("spark-on-eks/shuffle") == expected


@pytest.mark.parametrize(
    ("stack", "sets", "reserved"),
    [
        ("dev", (), 1),
        ("prod", (), 2),  # Bottlerocket has a volume of its own for the system
        ("dev", ("storage.ebsCsi.reservedAttachments=4",), 4),
    ],
)
def test_attachments_that_nodes_take_themselves_are_reserved(
    stack: str, sets: tuple[str, ...], reserved: int
) -> None:
    assert configuration(stack, *sets)["node"]["reservedVolumeAttachments"] == reserved


def test_volumes_have_the_stacks_tags_so_that_they_are_found_when_the_cluster_is_gone() -> None:
    tags = configuration("dev", "tags={owner: data}")["controller"]["extraVolumeTags"]
    assert tags == {"project": "spark-on-eks", "stack": "dev", "owner": "data"}


def test_a_large_scale_sets_the_three_throttles_of_both_sidecars_together() -> None:
    assert "sidecars" not in configuration("dev")
    sidecars = configuration("dev", "storage.ebsCsi.scale=large")["sidecars"]
    assert set(sidecars) == {"attacher", "provisioner"}
    for sidecar in sidecars.values():
        assert sidecar["additionalArgs"] == [
            "--kube-api-qps=100", "--kube-api-burst=200", "--worker-threads=100",
        ]  # fmt: skip


@pytest.mark.parametrize("scale", ["small", "large"])
def test_the_driver_s_configuration_is_valid_by_its_schema_with_every_key(scale: str) -> None:
    sets = (f"storage.ebsCsi={{scale: {scale}, reservedAttachments: 4}}", "tags={owner: data}")
    made = configuration("dev", CLAIM, *sets)
    name = "aws-ebs-csi-driver"
    assert errors_of_addon(name, json.dumps(made)) == []
    wrong = {**made, "node": {**made["node"], "reservedAttachments": 4}}
    assert reference.missing() or errors_of_addon(name, json.dumps(wrong))


@pytest.mark.parametrize(
    ("sets", "policy"),
    [
        ("pools=[{name: default, families: [m7gd, m6id], localDisk: nvme}]", "RAID0"),
        ("pools=[{name: default, families: [m7gd, m7i]}]", "RAID0"),
        ("pools=[{name: default, families: [m7gd, m6id], localDisk: ebs}]", None),
        ("pools=[{name: default, families: [m7gd, m7i], localDisk: ebs}]", None),
        ("pools=[{name: default, families: [m7g, m7i]}]", None),
    ],
)
def test_instance_store_is_used_of_the_types_that_have_it(sets: str, policy: str | None) -> None:
    plan = plan_of("dev", sets)
    spec = named(plan, "EC2NodeClass", "karpenter-default-class").inputs["spec"]
    assert spec.get("instanceStorePolicy") == policy


def test_speed_of_the_disk_is_that_of_the_volume_with_pods() -> None:
    keys = "os: bottlerocket, diskIops: 6000, diskThroughput: 400"
    plan = plan_of("dev", f"pools=[{{name: default, {keys}}}]")
    spec = named(plan, "EC2NodeClass", "karpenter-default-class").inputs["spec"]
    system, pods = (one["ebs"] for one in spec["blockDeviceMappings"])
    assert "iops" not in system and "throughput" not in system
    assert (pods["iops"], pods["throughput"]) == (6000, 400)


def test_the_operator_makes_claims_in_namespaces_of_teams_with_claims_only() -> None:
    plan = plan_of("dev", CLAIM)
    (role,) = [one for one in of_type(plan, "Role") if one.name.endswith("-operator-claims")]
    assert role.inputs["metadata"]["namespace"] == "team-a"
    assert role.inputs["rules"] == [
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["create", "patch"]}
    ]
    (binding,) = [one for one in of_type(plan, "RoleBinding") if one.name == role.name]
    assert binding.inputs["subjects"] == [
        {
            "kind": "ServiceAccount",
            "name": "spark-operator-controller",
            "namespace": "spark-operator",
        }
    ]
