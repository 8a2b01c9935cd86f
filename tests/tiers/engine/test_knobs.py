"""Changes of a stack file on a running platform do exactly these operations.

This file has changes that replace resources or whose order matters; tests/ops/diff has all others.
"""

from collections import Counter
from typing import NamedTuple

import pytest

from tests.plans import CLUSTER_AUTOSCALER
from tests.tiers.engine import health
from tests.tiers.engine.project import Project
from tests.tiers.engine.providers import aws_references as refs

POOL = "{name: default, limits: {cpu: 128, memoryGiB: 512}}"
"""As in the stack's file."""


class Knob(NamedTuple):
    """A change of a stack file, on top of those before it, and what `up` then does."""

    key: str
    value: str
    operations: list[str]


def of_pool(verb: str, pool: str) -> list[str]:
    """An operation on the node class of a pool, on its NodePools in the fallback order, and on its
    node role, which the controller may pass; the controller gets memory for its nodes."""
    order = ("arm-spot", "x86-spot", "arm-on-demand", "x86-on-demand")
    policies = (
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKSWorkerNodePolicy",
        "AmazonSSMManagedInstanceCore",
    )
    return [
        "update Policy karpenter-controller-profiles",
        "update Release karpenter-release",
        f"{verb} AccessEntry karpenter-{pool}-nodes",
        f"{verb} EC2NodeClass karpenter-{pool}-class",
        *(f"{verb} NodePool karpenter-{pool}-{one}" for one in order),
        f"{verb} Role karpenter-{pool}-node-role",
        *(f"{verb} RolePolicyAttachment karpenter-{pool}-node-{one}" for one in policies),
    ]


CLUSTER = "update Cluster cluster-eks-eksCluster"
GROUP = "update NodeGroup system-group"

KNOBS = (
    Knob("cluster.encryptSecrets", "true", ["create Key cluster-secrets", CLUSTER]),
    Knob("cluster.version", '"1.36"', [CLUSTER, GROUP, "update Addon node-addons-kube-proxy"]),
    Knob("systemNodes.minSize", "3", [GROUP]),
    Knob("systemNodes.instanceTypes", "[m7i.large]", ["replace NodeGroup system-group"]),
    Knob(
        "network.natGateways",
        "perZone",
        [
            "create Eip network-nat-b",
            "create NatGateway network-nat-b",
            "update Route network-private-b-internet",
        ],
    ),
    Knob(
        "network.zones",
        "[a, b, c]",
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
            "update EC2NodeClass karpenter-default-class",
            "update EC2NodeClass karpenter-drivers-class",
            "update VpcEndpoint network-s3",
        ],
    ),
    Knob("pools", f"[{POOL}, {POOL.replace('default', 'big')}]", of_pool("create", "big")),
    Knob("pools", f"[{POOL}]", of_pool("delete", "big")),
    Knob(
        "jarBucket.encryption",
        "kms",
        [
            "create Key jars-key",
            "update BucketServerSideEncryptionConfiguration jars-encryption",
            "update Policy jar-mount-driver-read-jars",
        ],
    ),
    Knob(
        "jarBucket.prefix",
        "platform/",
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
        "20480",
        [
            "replace PersistentVolume team-team-a-jars-pod",
            "replace PersistentVolume team-team-b-jars-pod",
            "replace PersistentVolumeClaim team-team-a-jars-claim",
            "replace PersistentVolumeClaim team-team-b-jars-claim",
            "update PersistentVolumePatch team-team-a-jars-pod-binding",
            "update PersistentVolumePatch team-team-b-jars-pod-binding",
        ],
    ),
)


@pytest.fixture(scope="module")
def running(open_project) -> Project:
    """A stack of dev that is up."""
    project = open_project("dev")
    project.up().ok()
    return project


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.key)
def test_a_knob_changes_what_it_is_for_and_nothing_else(running: Project, knob: Knob):
    running.change(f"{knob.key}={knob.value}")
    assert running.up().ok().operations == sorted(knob.operations)
    assert health.complaints(running.cloud) == []


def test_adding_or_removing_a_team_changes_its_own_resources_only(running: Project):
    two = "{name: team-a}, {name: team-b}"
    running.change(f"spark={{teams: [{two}]}}")
    running.up().ok()
    for verb, teams in (("create", f"{two}, {{name: team-c}}"), ("delete", two)):
        running.change(f"spark.teams=[{teams}]")
        done = running.up().ok().operations
        # The operator's list of namespaces.
        done.remove("update Release spark-operator-release")
        assert len(done) > 10
        assert all(line.startswith(f"{verb} ") and " team-team-c-" in line for line in done)
        assert health.complaints(running.cloud) == []


def test_another_priority_replaces_the_class_of_that_name(running: Project, program_with):
    change = {"components/spark/priorities.py": ("20_000", "30_000")}
    before, running.program = running.program, program_with(change)
    done = running.up().ok().operations
    running.program = before
    running.up().ok()
    # The admission policy compares a pod's priority with it.
    assert sorted(done) == [
        "replace PriorityClass spark-priorities-spark-driver",
        "update ValidatingAdmissionPolicy team-pods-policy",
    ]


def test_tags_reach_everything_that_can_have_them(running: Project):
    running.change("tags.owner=data")
    assert {step.verb for step in running.up().ok().changes} == {"update"}
    tags = {
        thing.id: thing.state["tagsAll"]
        for thing in running.cloud.things.values()
        if thing.urn.startswith("urn:") and "tagsAll" in thing.state
    }
    assert [id_ for id_, own in tags.items() if "owner" not in own] == []


def test_another_autoscaler_takes_karpenter_away_and_leaves_none_of_its_nodes(running: Project):
    running.change(*CLUSTER_AUTOSCALER)
    done = Counter(" ".join(line.split()[:2]) for line in running.up().ok().operations)
    assert done["create NodeGroup"] == 5
    assert done["delete NodePool"] == 5
    assert not any(verb.startswith("replace") for verb in done)
    assert not [thing for thing in running.cloud.things.values() if "karpenter" in thing.id]
    assert not list(running.cloud.all(refs.INSTANCE))
    assert running.preview().ok().changes == []


def test_another_name_shows_the_new_cluster_that_it_means(running: Project):
    running.change("cluster.name=other")
    assert "replace Cluster cluster-eks-eksCluster" in running.preview().ok().operations


def test_after_all_of_that_a_destroy_leaves_nothing(running: Project):
    health.destroyed(running)
