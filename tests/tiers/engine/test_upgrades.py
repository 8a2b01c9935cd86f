"""Each pin of versions.py moved on a running platform: what `up` then does, and that it works."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import versions
from tests.tiers.engine import health
from tests.tiers.engine.cli import ROOT
from tests.tiers.engine.copies import copy_of
from tests.tiers.engine.outcome import operations
from tests.tiers.engine.project import Project
from tests.tiers.engine.test_lifecycle import DAEMONSET

CLUSTER_AUTOSCALER = {
    "autoscaler": "cluster-autoscaler",
    "pools": [{"name": "default", "families": ["m7gd", "m7i"], "sizes": ["4xlarge"]}],
    "drivers": {"families": ["m7g", "m7i"], "sizes": ["xlarge"]},
}
BOTTLEROCKET = {
    "pools": [{"name": "default", "os": "bottlerocket"}],
    "drivers": {"os": "bottlerocket"},
}
YUNIKORN = {"spark__yunikorn": {"enabled": True}}
HISTORY = {"spark__historyServer": {"enabled": True, "release": "2026-11-01"}}
SERVERS = [f"update Deployment spark-history-{team}" for team in ("team-a", "team-b")]
CLASSES = [
    "update EC2NodeClass karpenter-default-class",
    "update EC2NodeClass karpenter-drivers-class",
]


class Pin(NamedTuple):
    """A pin by its name, its text and another, the stack file's keys under which it is used, and
    what its change does."""

    name: str
    text: str
    instead: str
    knobs: Mapping[str, Any]
    operations: Sequence[str]


PINS = (
    Pin(
        "KUBERNETES_DEFAULT",
        f'KUBERNETES_DEFAULT = "{versions.KUBERNETES_DEFAULT}"',
        'KUBERNETES_DEFAULT = "1.36"',
        {},
        [
            "update Addon node-addons-kube-proxy",
            "update Cluster cluster-eks-eksCluster",
            "update NodeGroup system-group",
        ],
    ),
    Pin(
        "KARPENTER and KARPENTER_CRD",
        f'"{versions.KARPENTER.version}"',
        '"1.15.0"',
        {},
        ["update Release karpenter-release", "update Release karpenter-crds"],
    ),
    Pin(
        "CLUSTER_AUTOSCALER",
        f'"{versions.CLUSTER_AUTOSCALER.version}"',
        '"9.60.0"',
        CLUSTER_AUTOSCALER,
        ["update Release cluster-autoscaler-release"],
    ),
    Pin("AL2023_RELEASE", f'"{versions.AL2023_RELEASE}"', '"v20260901"', {}, CLASSES),
    Pin(
        "BOTTLEROCKET_RELEASE",
        f'"{versions.BOTTLEROCKET_RELEASE}"',
        '"v1.65.0"',
        BOTTLEROCKET,
        CLASSES,
    ),
    Pin(
        "MOUNT_DAEMON_IMAGE",
        "amazonlinux:2023.12.20260918.0-minimal",
        "amazonlinux:2023.13.20261101.0-minimal",
        {"jarMount": DAEMONSET},
        ["update DaemonSet jar-mount-daemon"],
    ),
    Pin(
        "SPARK_OPERATOR",
        '"spark-operator", "2.5.2"',
        '"spark-operator", "2.6.0"',
        {},
        ["update Release spark-operator-release"],
    ),
    Pin(
        "YUNIKORN",
        '"yunikorn", "1.8.0"',
        '"yunikorn", "1.9.0"',
        YUNIKORN,
        ["update Release yunikorn-release"],
    ),
    Pin("SPARK_IMAGE", "apache/spark:4.0.4-", "apache/spark:4.0.5-", HISTORY, SERVERS),
    Pin("AWS_CLI_IMAGE", "aws-cli:2.36.44", "aws-cli:2.37.0", HISTORY, SERVERS),
)
NOT_PINS = {"Chart", "NamedTuple", "KUBERNETES_VERSIONS"}


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.name)
def test_a_new_version_is_an_update_in_place(pin: Pin, running_dev: Project, tmp_path: Path):
    project = running_dev
    if pin.knobs:
        project.set(**pin.knobs)
        project.up().ok()
    project.program = copy_of(ROOT, tmp_path, {"versions.py": (pin.text, pin.instead)})
    assert operations(project.up().ok()) == sorted(pin.operations)
    assert health.complaints(project.world) == []
    project.destroy().ok()
    assert project.world.left() == []


def test_every_pin_is_tried():
    pins = {name for name in vars(versions) if name[0] != "_"} - NOT_PINS
    assert pins == {name for pin in PINS for name in pin.name.split(" and ")}
