"""Each knob of a stack file, changed on a running platform: exactly these operations, no others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from tests.tiers.engine import health
from tests.tiers.engine.outcome import operations
from tests.tiers.engine.project import Project
from tests.tiers.engine.providers.world import seed
from tests.tiers.engine.seeds import account

SMALL = {"name": "default", "limits": {"cpu": 64, "memoryGiB": 256}}
LADDER = ("arm-spot", "x86-spot", "arm-on-demand", "x86-on-demand")
ONE_SIZE = {"families": ["m7gd", "m7i"], "sizes": ["4xlarge"]}


class Knob(NamedTuple):
    """A change of a stack file, on top of those before it, and what `up` then does."""

    key: str
    changes: Mapping[str, Any]
    operations: Sequence[str]


def rungs(verb: str, pool: str) -> list[str]:
    return [f"{verb} NodePool karpenter-{pool}-{tier}" for tier in LADDER]


TEAM_A = {
    "name": "team-a",
    "buckets": [{"name": "example-lake-dev", "prefix": "team-a/", "access": "readWrite"}],
}
"""As in the stack's file."""
TEAM = (
    "LimitRange limits",
    "Namespace namespace",
    "NetworkPolicy deny-all",
    "NetworkPolicy dns",
    "NetworkPolicy https",
    "NetworkPolicy metrics",
    "NetworkPolicy spark",
    "PersistentVolume jars-pod",
    "PersistentVolumeClaim jars-claim",
    "ResourceQuota quota",
    "ResourceQuota system-priority",
    "Role access-driver",
    "Role access-role",
    "RoleBinding access-driver",
    "ServiceAccount access-spark-driver",
    "ServiceAccount access-spark-executor",
)


def of_team(verb: str, team: str) -> list[str]:
    """Everything of a team, and the operator's list of the namespaces that it watches."""
    return [
        *(f"{verb} {one.replace(' ', f' team-{team}-')}" for one in TEAM),
        "update Release spark-operator-release",
    ]


CLUSTER = "update Cluster cluster-eks-eksCluster"
GROUP = "update NodeGroup system-group"

KNOBS = (
    Knob("account", {"account": "111122223333"}, ["update aws aws"]),
    Knob(
        "cluster.logRetentionDays",
        {"cluster__logRetentionDays": 90},
        ["update LogGroup cluster-logs"],
    ),
    Knob("cluster.logTypes", {"cluster__logTypes": ["api", "audit"]}, [CLUSTER]),
    Knob("cluster.support", {"cluster__support": "STANDARD"}, [CLUSTER]),
    Knob("cluster.endpoint", {"cluster__endpoint__publicCidrs": ["198.51.100.0/24"]}, [CLUSTER]),
    Knob(
        "cluster.encryptSecrets",
        {"cluster__encryptSecrets": True},
        ["create Key cluster-secrets", CLUSTER],
    ),
    Knob(
        "cluster.admins",
        {"cluster__admins": ["arn:aws:iam::111122223333:role/platform-admin"]},
        [
            "create AccessEntry cluster-admin-111122223333-role-platform-admin",
            "create AccessPolicyAssociation cluster-admin-111122223333-role-platform-admin",
        ],
    ),
    Knob(
        "cluster.version",
        {"cluster__version": "1.36"},
        [CLUSTER, GROUP, "update Addon node-addons-kube-proxy"],
    ),
    Knob(
        "addonVersions.coredns",
        {"addonVersions": {"coredns": "v1.14.0-eksbuild.1"}},
        ["update Addon cluster-addons-coredns"],
    ),
    Knob("systemNodes.maxSize", {"systemNodes__maxSize": 6}, [GROUP]),
    Knob(
        "systemNodes.diskGiB",
        {"systemNodes__diskGiB": 80},
        ["update LaunchTemplate system-template", GROUP],
    ),
    Knob(
        "systemNodes.instanceTypes",
        {"systemNodes__instanceTypes": ["m7i.large"]},
        ["replace NodeGroup system-group"],
    ),
    Knob(
        "network.natGateways",
        {"network__natGateways": "perZone"},
        [
            "create Eip network-nat-b",
            "create NatGateway network-nat-b",
            "update Route network-private-b-internet",
        ],
    ),
    Knob(
        "network.interfaceEndpoints",
        {"network__interfaceEndpoints": ["sts"]},
        ["create SecurityGroup network-endpoints", "create VpcEndpoint network-sts"],
    ),
    Knob(
        "network.flowLogs",
        {"network__flowLogs": {"enabled": True}},
        [
            "create FlowLog network-flow-logs",
            "create LogGroup network-flow-logs",
            "create Role network-flow-logs",
            "create RolePolicy network-flow-logs",
        ],
    ),
    Knob(
        "network.zones",
        {"network__zones": ["a", "b", "c"]},
        [
            "create Eip network-nat-c",
            "create NatGateway network-nat-c",
            "create Route network-private-c-internet",
            "create RouteTable network-private-c",
            "create RouteTableAssociation network-private-c",
            "create RouteTableAssociation network-public-c",
            "create Subnet network-private-c",
            "create Subnet network-public-c",
            # A managed group cannot get another subnet: EKS wants a new one.
            "replace NodeGroup system-group",
            CLUSTER,
            "update EC2NodeClass karpenter-default-class",
            "update EC2NodeClass karpenter-drivers-class",
            "update VpcEndpoint network-s3",
            "update VpcEndpoint network-sts",
        ],
    ),
    Knob("drivers.zone", {"drivers": {"zone": "b"}}, ["update NodePool karpenter-drivers"]),
    Knob("pools[].limits", {"pools": [SMALL]}, rungs("update", "default")),
    Knob(
        "pools: one more",
        {"pools": [SMALL, {**SMALL, "name": "big"}]},
        ["create EC2NodeClass karpenter-big-class", *rungs("create", "big")],
    ),
    Knob(
        "pools: one less",
        {"pools": [SMALL]},
        ["delete EC2NodeClass karpenter-big-class", *rungs("delete", "big")],
    ),
    Knob(
        "jarBucket.oldVersionDays",
        {"jarBucket__oldVersionDays": 60},
        ["update BucketLifecycleConfiguration jars-lifecycle"],
    ),
    Knob(
        "jarBucket.encryption",
        {"jarBucket__encryption": "kms"},
        [
            "create Key jars-key",
            "update BucketServerSideEncryptionConfiguration jars-encryption",
            "update Policy jar-mount-driver-read-jars",
        ],
    ),
    Knob(
        "jarBucket.accessLogBucket",
        {"jarBucket__accessLogBucket": "access-logs"},
        ["create BucketLogging jars-access-log"],
    ),
    Knob(
        "jarBucket.prefix",
        {"jarBucket__prefix": "platform/"},
        [
            "replace BucketObjectv2 jars-sentinel",
            "update BucketLifecycleConfiguration jars-lifecycle",
            # Pods that run keep what they have; new ones mount the new prefix.
            "update PersistentVolume team-team-a-jars-pod",
            "update PersistentVolume team-team-b-jars-pod",
            "update Policy jar-mount-driver-read-jars",
        ],
    ),
    Knob(
        "jarMount.cacheMiB",
        {"jarMount__cacheMiB": 20480},
        [
            "replace PersistentVolume team-team-a-jars-pod",
            "replace PersistentVolume team-team-b-jars-pod",
            "replace PersistentVolumeClaim team-team-a-jars-claim",
            "replace PersistentVolumeClaim team-team-b-jars-claim",
        ],
    ),
    Knob(
        "spark.teams: one more",
        {"spark": {"teams": [TEAM_A, {"name": "team-b"}, {"name": "team-c"}]}},
        of_team("create", "team-c"),
    ),
    Knob(
        "spark.teams: one less",
        {"spark": {"teams": [TEAM_A, {"name": "team-b"}]}},
        of_team("delete", "team-c"),
    ),
)


@pytest.fixture(scope="module")
def running(open_project) -> Project:
    """A stack of dev that is up."""
    world = account()
    logs = {"bucket": "access-logs", "arn": "arn:aws:s3:::access-logs"}
    seed(world, "aws:s3/bucket:Bucket", "access-logs", logs)
    project = open_project("dev", world=world)
    project.up().ok()
    return project


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.key)
def test_a_knob_changes_what_it_is_for_and_nothing_else(running: Project, knob: Knob):
    running.set(**knob.changes)
    assert operations(running.up().ok()) == sorted(knob.operations)
    assert health.complaints(running.world) == []


def test_tags_reach_everything_that_can_have_them(running: Project):
    running.set(tags={"owner": "data"})
    outcome = running.up().ok()
    assert set(outcome.summary) == {"update"}
    untagged = [
        thing.id
        for thing in running.world.things.values()
        if thing.urn.startswith("urn:") and thing.state.get("tagsAll", {"owner": ""}) is not None
        if "owner" not in thing.state.get("tagsAll", {"owner": ""})
    ]
    assert untagged == []


def test_another_autoscaler_takes_karpenter_away_and_leaves_none_of_its_nodes(running: Project):
    running.set(
        autoscaler="cluster-autoscaler",
        pools=[{**SMALL, **ONE_SIZE}],
        drivers={"families": ["m7g", "m7i"], "sizes": ["xlarge"]},
    )
    done = Counter(" ".join(line.split()[:2]) for line in operations(running.up().ok()))
    assert done["create NodeGroup"] == 5
    assert done["delete NodePool"] == 5
    assert not any(verb.startswith("replace") for verb in done)
    assert not [thing for thing in running.world.things.values() if "karpenter" in thing.id]
    assert not list(running.world.all("aws:ec2/instance:Instance"))
    assert running.preview().ok().changes == []


def test_another_name_shows_the_new_cluster_that_it_means(running: Project):
    running.set(cluster__name="other")
    assert "replace Cluster cluster-eks-eksCluster" in operations(running.preview().ok())


def test_after_all_of_that_a_destroy_leaves_nothing(running: Project):
    running.destroy().ok()
    assert running.world.left() == []
