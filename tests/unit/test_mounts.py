"""The three mounts: what each creates and does not create, and the switch between them."""

import re
from collections import Counter, defaultdict

import pytest

from ops.diff.diff import compare
from tests.names import NODE_PARENT
from tests.plans import DAEMONSET, NODE, absent, named, of_type, plan_of, reaches
from tests.rights import in_words

LEVELS = {"pod": ("jarMount={level: pod}",), "userdata": NODE, "daemonset": DAEMONSET}


def test_in_pod_level_a_namespaces_volume_is_the_csi_drivers_and_has_a_cache() -> None:
    volume = named(plan_of("prod"), "PersistentVolume", "team-ingest-jars-pod").inputs["spec"]
    assert volume["csi"]["driver"] == "s3.csi.aws.com"
    attributes = volume["csi"]["volumeAttributes"]
    assert attributes["cache"] == "emptyDir"
    assert attributes["cacheEmptyDirSizeLimit"] == "20480Mi"
    assert set(volume["mountOptions"]) == {
        "read-only",
        "allow-other",
        "region us-west-2",
        "prefix spark/",
        "expected-bucket-owner 111122223333",
        "metadata-ttl indefinite",
        "negative-metadata-ttl minimal",
        "file-mode 0444",
        "dir-mode 0555",
    }


def test_volume_handles_are_unique_in_the_cluster() -> None:
    handles = [
        one.inputs["spec"]["csi"]["volumeHandle"]
        for one in of_type(plan_of("dev"), "PersistentVolume")
    ]
    assert len(handles) == len(set(handles)) == 2


def test_with_user_data_every_spark_node_and_no_system_node_mounts_the_jars() -> None:
    plan = plan_of("staging")
    for one in of_type(plan, "EC2NodeClass"):
        user_data = one.inputs["spec"]["userData"]
        own = "etl" in one.inputs["metadata"]["name"]
        bucket = f"spark-staging-{'etl-' if own else ''}jars-111122223333-us-west-2"
        assert f"\nBUCKET={bucket}\n" in user_data
        assert "\nPREFIX=spark/jars/\n" in user_data
    assert "userData" not in named(plan, "LaunchTemplate", "system-template").inputs
    assert absent(plan, "DaemonSet")


def test_in_node_level_a_volume_is_only_where_its_jars_are() -> None:
    plan = plan_of("staging")
    sets = {"team-team-a-jars-node": "jars", "team-team-etl-jars-node": "etl-jars"}
    for name, jars in sets.items():
        spec = named(plan, "PersistentVolume", name).inputs["spec"]
        assert spec["hostPath"] == {"path": NODE_PARENT, "type": "Directory"}
        (term,) = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
        assert term["matchExpressions"] == [
            {"key": "spark-on-eks/jars", "operator": "In", "values": [jars]}
        ]
    labelled = {
        one.inputs["metadata"]["name"]: one.inputs["spec"]["template"]["metadata"]["labels"]
        for one in of_type(plan, "NodePool")
    }
    assert labelled["etl-arm-spot"]["spark-on-eks/jars"] == "etl-jars"
    assert labelled["etl-drivers"]["spark-on-eks/jars"] == "etl-jars"
    assert labelled["drivers"]["spark-on-eks/jars"] == "jars"


def test_the_daemon_set_runs_on_the_existing_nodes_and_their_roles_may_read() -> None:
    plan = plan_of("existing")
    pod = named(plan, "DaemonSet", "jar-mount-daemon").inputs["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux", "workload": "spark"}
    assert pod["tolerations"] == [{"operator": "Exists"}]
    nodes = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = nodes["nodeSelectorTerms"]
    assert term["matchExpressions"] == [
        {"key": "spark-on-eks/pool", "operator": "NotIn", "values": ["system"]},
        {"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["auto"]},
    ]
    (grant,) = of_type(plan, "rolePolicy:RolePolicy")
    assert grant.inputs["role"] == "analytics-spark-nodes"
    assert '"s3:PutObject"' not in grant.inputs["policy"]


def test_the_daemon_set_may_read_itself_and_patch_nodes_under_a_policy() -> None:
    """tests/tiers/cluster tests what the policy denies."""
    plan = plan_of("existing")
    assert in_words(plan)["ServiceAccount spark-jars/spark-jars"] == {
        "may get daemonsets.apps/spark-jars in spark-jars",
        "may patch nodes in every namespace",
    }
    policy = named(plan, "ValidatingAdmissionPolicy", "jar-mount-own-node").inputs
    (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
    assert (rule["operations"], rule["resources"]) == (["UPDATE"], ["nodes"])
    used = re.findall(r"variables\.(\w+)", str(policy["spec"]["validations"]))
    assert {one["name"] for one in policy["spec"]["variables"]} == set(used)
    (condition,) = policy["spec"]["matchConditions"]
    (subject,) = named(plan, "ClusterRoleBinding", "jar-mount-nodes").inputs["subjects"]
    user = f"system:serviceaccount:{subject['namespace']}:{subject['name']}"
    assert condition["expression"] == f"request.userInfo.username == '{user}'"
    binding = named(plan, "ValidatingAdmissionPolicyBinding", "jar-mount-own-node")
    assert binding.urn in reaches(plan, named(plan, "ClusterRoleBinding", "jar-mount-nodes"))


def test_a_job_sees_the_same_claim_with_every_mount() -> None:
    claims = []
    for mode in LEVELS.values():
        claim = dict(named(plan_of("dev", *mode), "Claim", "team-team-a-jars-claim").inputs)
        spec = {key: value for key, value in claim["spec"].items() if key != "volumeName"}
        claims.append({**claim, "spec": spec})
    assert claims[0] == claims[1] == claims[2]
    # The patch below waits for the binding.
    not_awaited = {"annotations": {"pulumi.com/skipAwait": "true"}}
    assert claims[0]["metadata"] == {"name": "spark-jars", "namespace": "team-a", **not_awaited}


def test_a_volume_gets_the_uid_of_its_claim_whenever_that_is_created() -> None:
    plan = plan_of("dev")
    (patch,) = [one for one in plan.resources if one.name == "team-team-a-jars-pod-binding"]
    assert patch.type == "kubernetes:core/v1:PersistentVolumePatch"
    assert patch.inputs["metadata"] == {
        "name": "spark-jars-team-a.jars-pod",
        "annotations": {"pulumi.com/patchForce": "true"},
    }
    claim = named(plan, "PersistentVolumeClaim", "team-team-a-jars-claim")
    assert patch.options.property_dependencies["spec"] == (claim.urn,)
    assert patch.inputs["spec"] == {"claimRef": {"uid": "uid-of-team-a/spark-jars"}}
    # Without the uid its claim would be Lost.
    assert patch.options.retain_on_delete


def test_the_switch_touches_exactly_the_resources_of_the_two_modes() -> None:
    """From pod to node level by the one line that a user changes; the golden lists of URNs have
    the resources by name."""
    found: dict[str, list[str]] = defaultdict(list)
    for step in compare(plan_of("dev"), plan_of("dev", "jarMount.level=node")).steps:
        found[step.operation].append(step.resource.type.rsplit(":", 1)[1])
    assert {operation: Counter(types) for operation, types in found.items()} == {
        "delete": {
            **dict.fromkeys(("PodLevel", "MountpointDriver", "Addon", "ServiceAccountRole"), 1),
            **dict.fromkeys(("Role", "Policy", "RolePolicyAttachment"), 1),
            "PersistentVolume": 2,
            "PersistentVolumePatch": 2,
        },
        "create": {
            "NodeUserData": 1,
            # Executors' and drivers' nodes have a role each.
            **dict.fromkeys(("Policy", "RolePolicyAttachment"), 2),
            "PersistentVolume": 2,
            "PersistentVolumePatch": 2,
        },
        "update": {"EC2NodeClass": 2, "NodePool": 5},
        # Each claim is bound to the other volume.
        "replace": {"PersistentVolumeClaim": 2},
    }


def test_in_pod_level_new_nodes_wait_for_the_driver_and_the_driver_for_system_nodes() -> None:
    plan = plan_of("dev")
    taint = {"key": "s3.csi.aws.com/agent-not-ready", "effect": "NoExecute"}
    for one in of_type(plan, "NodePool"):
        assert one.inputs["spec"]["template"]["spec"]["startupTaints"] == [taint]
    addon = named(plan, "Addon", "jar-mount-aws-mountpoint-s3-csi-driver")
    assert addon.inputs["serviceAccountRoleArn"].endswith("role/jar-mount-driver-role")
    before = reaches(plan, addon)
    assert named(plan, "NodeGroup", "system-group").urn in before
    assert named(plan, "RolePolicyAttachment", "jar-mount-driver-read-jars").urn in before


def test_with_the_daemon_set_new_nodes_wait_until_it_has_mounted() -> None:
    plan = plan_of("dev", *DAEMONSET)
    for one in of_type(plan, "NodePool"):
        (taint,) = one.inputs["spec"]["template"]["spec"]["startupTaints"]
        assert taint == {"key": "spark-on-eks/jars-not-mounted", "effect": "NoSchedule"}
    for one in of_type(plan, "EC2NodeClass"):
        assert "userData" not in one.inputs["spec"]


@pytest.mark.parametrize(
    ("sets", "kind", "taint"),
    [
        ((), "PodLevel", "s3.csi.aws.com/agent-not-ready"),
        (DAEMONSET, "NodeDaemonSet", "spark-on-eks/jars-not-mounted"),
    ],
)
def test_a_mount_says_which_startup_taint_its_agent_removes(
    sets: tuple[str, ...], kind: str, taint: str
) -> None:
    """`make check` then finds nodes that lack it, where pods start before the mount."""
    (mount,) = of_type(plan_of("dev", *sets), kind)
    assert mount.outputs["startupTaints"] == [taint]
