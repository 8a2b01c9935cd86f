"""Deliberate defects of the program, one small change of its text each, and the checks that must
detect them."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.tiers.engine import health
from tests.tiers.engine.project import Project
from tests.tiers.engine.seeds import published_jar


class Defect(NamedTuple):
    """One change; one of the checks `caught` must detect it."""

    what: str
    file: str
    text: str
    instead: str
    caught: str
    stack: str = "dev"


_RIGHTS = "components/karpenter/permissions.py"

DEFECTS = (
    Defect(
        "an enum's typo that the SDK lets pass",
        "components/endpoints.py",
        'vpc_endpoint_type="Gateway"',
        'vpc_endpoint_type="gateway"',
        "preview",
    ),
    Defect(
        "a number out of its range",
        "components/private_bucket.py",
        "deletion_window_in_days=30",
        "deletion_window_in_days=60",
        "preview",
        "prod",
    ),
    Defect(
        "subnets whose blocks overlap",
        "components/network.py",
        "*_, last = ipaddress.IPv4Network(self.cidr).subnets(prefixlen_diff=4)",
        "last, *_ = ipaddress.IPv4Network(self.cidr).subnets(prefixlen_diff=4)",
        "up",
    ),
    Defect(
        "pod networking without its permission, so that no node becomes Ready",
        "components/eks_addons.py",
        '"aws-node", "AmazonEKS_CNI_Policy"',
        '"aws-node", "AmazonEKSWorkerNodePolicy"',
        "up",
    ),
    Defect(
        "a Sid twice in one policy",
        _RIGHTS,
        'Statement(\n            "ReadPrices"',
        'Statement(\n            "ReadImageNames"',
        "up",
    ),
    Defect(
        "a weight that the CRD refuses",
        "components/pools.py",
        '"arm64", "spot", 100)',
        '"arm64", "spot", 1000)',
        "up",
    ),
    Defect(
        "components without the stack's provider",
        "__main__.py",
        "on_aws = pulumi.ResourceOptions(providers=[cloud.provider])",
        "on_aws = pulumi.ResourceOptions()",
        "preview or up or own providers",
    ),
    Defect(
        "an access entry for people instead of nodes",
        "components/karpenter/autoscaler.py",
        'type="EC2_LINUX"',
        'type="STANDARD"',
        "platform works",
    ),
    Defect(
        "a right that only Karpenter's launches need",
        _RIGHTS,
        '["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"]',
        '["ec2:RunInstances", "ec2:CreateFleet"]',
        "platform works",
    ),
    Defect(
        "volumes of two mount levels with one name",
        "components/mounts/claim.py",
        '{namespace}.{jar_set}-{mount.mode}"',
        '{namespace}.{jar_set}"',
        "switch",
    ),
    Defect(
        "a role without a right that Karpenter's finalizer needs",
        _RIGHTS,
        '["iam:ListInstanceProfiles"]',
        '["iam:ListInstanceProfileTags"]',
        "destroy",
    ),
    Defect(
        "CRDs that may go before their objects",
        "components/karpenter/autoscaler.py",
        "[controller, *entries, *roles.values()]",
        "[*entries, *roles.values()]",
        "up or destroy",
    ),
    Defect(
        "a bucket that is never emptied",
        "components/private_bucket.py",
        "force_destroy=settings.force_destroy",
        "force_destroy=False",
        "destroy",
    ),
)


def noticed(project: Project) -> Iterator[tuple[str, str]]:
    """Checks that notice something in a stack's life, with what they say. What follows the first
    one is not run: only without a defect does a caller ask for more."""
    if (preview := project.preview()).failed:
        yield "preview", preview.text
    if (up := project.up()).failed:
        yield "up", up.text
    if made_up := project.default_providers() - {"pulumi:providers:eks"}:
        yield "own providers", str(made_up)
    if complaints := health.complaints(project.cloud):
        yield "platform works", str(complaints)
    if changes := project.preview().operations:
        yield "no change", str(changes)
    if project.stack == "dev":
        project.change("jarMount={level: node, method: userdata}")
        if (switch := project.up()).failed:
            yield "switch", switch.text
        project.cloud.add(published_jar(project.cloud))
    if (destroy := project.destroy()).failed:
        yield "destroy", destroy.text
    if left := project.cloud.left():
        yield "nothing left", str(left)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.what)
def test_a_defect_is_noticed(defect: Defect, open_project, program_with):
    program = program_with({defect.file: (defect.text, defect.instead)})
    check, _ = next(noticed(open_project(defect.stack, program=program)), ("", ""))
    assert check in defect.caught.split(" or ")


def test_the_program_without_a_defect_is_noticed_by_none(open_project, program_with):
    assert list(noticed(open_project("dev", program=program_with({})))) == []
