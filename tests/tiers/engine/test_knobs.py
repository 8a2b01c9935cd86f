"""Changes of a stack file on a running platform do exactly these operations.

This file has changes that replace resources or whose order matters; tests/ops/diff has all others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.tiers.engine import health
from tests.tiers.engine.copies import copy_of
from tests.tiers.engine.outcome import operations
from tests.tiers.engine.project import Project
from tests.tiers.programs import ROOT

POOL = {"name": "default", "limits": {"cpu": 128, "memoryGiB": 512}}
"""As in the stack's file."""
LADDER = ("arm-spot", "x86-spot", "arm-on-demand", "x86-on-demand")
ONE_SIZE = {"families": ["m7gd", "m7i"], "sizes": ["4xlarge"]}


class Knob(NamedTuple):
    """A change of a stack file, on top of those before it, and what `up` then does."""

    key: str
    changes: Mapping[str, Any]
    operations: Sequence[str]


def rungs(verb: str, pool: str) -> list[str]:
    return [f"{verb} NodePool karpenter-{pool}-{tier}" for tier in LADDER]


CLUSTER = "update Cluster cluster-eks-eksCluster"
GROUP = "update NodeGroup system-group"

KNOBS = (
    Knob(
        "cluster.encryptSecrets",
        {"cluster__encryptSecrets": True},
        ["create Key cluster-secrets", CLUSTER],
    ),
    Knob(
        "cluster.version",
        {"cluster__version": "1.36"},
        [CLUSTER, GROUP, "update Addon node-addons-kube-proxy"],
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
        ],
    ),
    Knob(
        "pools: one more",
        {"pools": [POOL, {**POOL, "name": "big"}]},
        ["create EC2NodeClass karpenter-big-class", *rungs("create", "big")],
    ),
    Knob(
        "pools: one less",
        {"pools": [POOL]},
        ["delete EC2NodeClass karpenter-big-class", *rungs("delete", "big")],
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
)


@pytest.fixture(scope="module")
def running(open_project) -> Project:
    """A stack of dev that is up."""
    project = open_project("dev")
    project.up().ok()
    return project


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.key)
def test_a_knob_changes_what_it_is_for_and_nothing_else(running: Project, knob: Knob):
    running.set(**knob.changes)
    assert operations(running.up().ok()) == sorted(knob.operations)
    assert health.complaints(running.cloud) == []


@pytest.mark.parametrize(("verb", "teams"), [("create", "abc"), ("delete", "ab")])
def test_adding_or_removing_a_team_changes_its_own_resources_only(
    running: Project, verb: str, teams: str
):
    names = [{"name": f"team-{letter}"} for letter in teams]
    if verb == "create":
        running.set(spark={"teams": names[:2]})
        running.up().ok()
    running.set(spark={"teams": names})
    done = operations(running.up().ok())
    # The operator's list of namespaces.
    done.remove("update Release spark-operator-release")
    assert len(done) > 10
    assert all(line.startswith(f"{verb} ") and " team-team-c-" in line for line in done)
    assert health.complaints(running.cloud) == []


def test_another_priority_replaces_the_class_of_that_name(running: Project, tmp_path: Path):
    change = {"components/spark/priorities.py": ("20_000", "30_000")}
    before, running.program = running.program, copy_of(ROOT, tmp_path, change)
    done = operations(running.up().ok())
    running.program = before
    running.up().ok()
    assert done == ["replace PriorityClass spark-priorities-spark-driver"]


def test_tags_reach_everything_that_can_have_them(running: Project):
    running.set(tags={"owner": "data"})
    outcome = running.up().ok()
    assert set(outcome.summary) == {"update"}
    untagged = [
        thing.id
        for thing in running.cloud.things.values()
        if thing.urn.startswith("urn:") and thing.state.get("tagsAll", {"owner": ""}) is not None
        if "owner" not in thing.state.get("tagsAll", {"owner": ""})
    ]
    assert untagged == []


def test_another_autoscaler_takes_karpenter_away_and_leaves_none_of_its_nodes(running: Project):
    running.set(
        autoscaler="cluster-autoscaler",
        pools=[{**POOL, **ONE_SIZE}],
        drivers={"families": ["m7g", "m7i"], "sizes": ["xlarge"]},
    )
    done = Counter(" ".join(line.split()[:2]) for line in operations(running.up().ok()))
    assert done["create NodeGroup"] == 5
    assert done["delete NodePool"] == 5
    assert not any(verb.startswith("replace") for verb in done)
    assert not [thing for thing in running.cloud.things.values() if "karpenter" in thing.id]
    assert not list(running.cloud.all("aws:ec2/instance:Instance"))
    assert running.preview().ok().changes == []


def test_another_name_shows_the_new_cluster_that_it_means(running: Project):
    running.set(cluster__name="other")
    assert "replace Cluster cluster-eks-eksCluster" in operations(running.preview().ok())


def test_after_all_of_that_a_destroy_leaves_nothing(running: Project):
    running.destroy().ok()
    assert running.cloud.left() == []
