"""Each stack from nothing to nothing: preview, up, refresh, each mount level, destroy."""

import re

import pytest

from tests.plans import STACKS
from tests.tiers.engine.health import destroyed, finished
from tests.tiers.engine.project import Project

POD, NODE = "jarMount={level: pod}", "jarMount={level: node, method: userdata}"
GIVEN_NODES = (
    "jarMount={level: node, method: daemonset, daemonset: "
    "{nodeSelector: {workload: spark}, nodeRoles: [analytics-spark-nodes]}}"
)
ROUNDS = {
    "dev": (POD, NODE, POD),
    "staging": (NODE, POD, NODE),
    "prod": (POD, NODE, POD),
    # It adds no nodes, so there is no user data to be on.
    "existing": (GIVEN_NODES, POD, GIVEN_NODES),
}
DESTROY_ORDER = (
    *("PersistentVolumeClaim", "PersistentVolume", "Namespace team-.*", "NodePool", "EC2NodeClass"),
    *("Release karpenter-release", "Release karpenter-crds", "NodeGroup"),
    *("Cluster cluster-eks-eksCluster", "NatGateway", "Subnet", "Vpc"),
)
"""Kind, or kind and name: each is deleted after the last of the previous one."""


@pytest.fixture(scope="module", params=STACKS)
def stack(request, open_project) -> Project:
    """One stack, whose tests continue from each other in the order of this file."""
    return open_project(request.param)


def test_a_first_preview_shows_a_creation_for_everything_and_makes_nothing(stack: Project):
    before = len(stack.cloud.things)
    outcome = stack.preview().ok()
    assert {step.verb for step in outcome.changes} == {"create"}
    assert len(stack.cloud.things) == before


def test_it_comes_up_at_once_and_works_and_a_preview_afterwards_shows_no_change(stack: Project):
    finished(stack)


def test_no_resource_uses_a_default_provider_of_the_engine(stack: Project):
    # A default aws provider has neither the stack's tags nor its account; eks holds no config.
    assert stack.default_providers() <= {"pulumi:providers:eks"}


def test_a_refresh_finds_the_cloud_as_the_state_has_it(stack: Project):
    assert stack.refresh().ok().changes == []
    assert stack.preview().ok().changes == []


def test_a_switch_of_the_mount_replaces_claims_in_order_and_leaves_nothing_behind(stack: Project):
    first, *others = ROUNDS[stack.stack]
    for level in others:
        done = len(stack.cloud.operations)
        stack.change(level)
        finished(stack)
        by_team: dict[str, list[str]] = {}
        for one in stack.cloud.operations[done:]:
            if ":PersistentVolume" in one.type:
                team, _, _ = one.name.rpartition("-jars-")
                by_team.setdefault(team, []).append(f"{one.verb} {one.type.rpartition(':')[2]}")
        for operations in by_team.values():
            assert operations == [
                "create PersistentVolume",
                "delete PersistentVolumeClaim",
                "create PersistentVolumeClaim",
                "create PersistentVolumePatch",
                "delete PersistentVolume",
            ]
    assert first == others[-1]


def test_only_a_stack_with_deletion_protection_refuses_its_destroy(stack: Project):
    protected = [one["urn"] for one in stack.state() if one.get("protect")]
    assert bool(protected) == (stack.stack == "prod")
    if not protected:
        return
    before = len(stack.cloud.things)
    refused = stack.destroy()
    assert refused.failed
    assert "because it is protected" in refused.text
    assert len(stack.cloud.things) == before
    stack.change("cluster.deletionProtection=false")
    assert stack.up().ok().operations == ["update Cluster cluster-eks-eksCluster"]


def test_a_destroy_keeps_the_order_and_leaves_nothing(stack: Project):
    done = len(stack.cloud.operations)
    destroyed(stack)
    deleted = [str(one).removeprefix("delete ") for one in stack.cloud.operations[done:]]
    last = -1
    for kind in DESTROY_ORDER:
        wanted = re.compile(f"{kind}( .*)?")
        places = [place for place, text in enumerate(deleted) if wanted.fullmatch(text)]
        if not places:
            continue
        assert min(places) > last, f"{kind} before {deleted[last]}"
        last = max(places)
