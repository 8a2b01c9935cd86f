"""Deliberate defects of the program: one small change of its text each, and the checks that must
detect it."""

from typing import NamedTuple


class Defect(NamedTuple):
    """One change; one of the checks `caught` must detect it."""

    what: str
    file: str
    text: str
    instead: str
    caught: tuple[str, ...]
    stack: str = "dev"


CHECK, UP, WORKS, SAME, SWITCH, DESTROY, LEFT = (
    "preview",
    "up",
    "platform works",
    "no change",
    "switch",
    "destroy",
    "nothing left",
)
OWN_PROVIDERS = "own providers"

_RIGHTS = "components/karpenter/permissions.py"
_CLAIM = "components/mounts/claim.py"

DEFECTS = (
    Defect(
        "an enum's typo that the SDK lets pass",
        "components/endpoints.py",
        'vpc_endpoint_type="Gateway"',
        'vpc_endpoint_type="gateway"',
        (CHECK,),
    ),
    Defect(
        "a number out of its range",
        "components/private_bucket.py",
        "deletion_window_in_days=30",
        "deletion_window_in_days=60",
        (CHECK,),
        "prod",
    ),
    Defect(
        "subnets whose blocks overlap",
        "components/network.py",
        "*_, last = self._slots()",
        "last, *_ = self._slots()",
        (UP,),
    ),
    Defect(
        "pod networking without its permission, so that no node becomes Ready",
        "components/eks_addons.py",
        '"aws-node", "AmazonEKS_CNI_Policy"',
        '"aws-node", "AmazonEKSWorkerNodePolicy"',
        (UP,),
    ),
    Defect(
        "a Sid twice in one policy",
        _RIGHTS,
        'Statement(\n            "ReadPrices"',
        'Statement(\n            "ReadImageNames"',
        (UP,),
    ),
    Defect(
        "a weight that the CRD refuses",
        "components/pools.py",
        '"arm64", "spot", 100)',
        '"arm64", "spot", 1000)',
        (UP,),
    ),
    Defect(
        "components without the stack's provider",
        "__main__.py",
        "on_aws = pulumi.ResourceOptions(providers=[cloud.provider])",
        "on_aws = pulumi.ResourceOptions()",
        (CHECK, UP, OWN_PROVIDERS),
    ),
    Defect(
        "an access entry for people instead of nodes",
        "components/karpenter/autoscaler.py",
        'type="EC2_LINUX"',
        'type="STANDARD"',
        (WORKS,),
    ),
    Defect(
        "a right that only Karpenter's launches need",
        _RIGHTS,
        '["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"]',
        '["ec2:RunInstances", "ec2:CreateFleet"]',
        (WORKS,),
    ),
    Defect(
        "volumes of two mount levels with one name",
        _CLAIM,
        'volume_name = f"{JARS_CLAIM}-{namespace}-{mount.mode}"',
        'volume_name = f"{JARS_CLAIM}-{namespace}"',
        (SWITCH,),
    ),
    Defect(
        "a role without a right that Karpenter's finalizer needs",
        _RIGHTS,
        '["iam:ListInstanceProfiles"]',
        '["iam:ListInstanceProfileTags"]',
        (DESTROY,),
    ),
    Defect(
        "CRDs that may go before their objects",
        "components/karpenter/autoscaler.py",
        "[controller, *entries, *roles.values()]",
        "[*entries, *roles.values()]",
        (UP, DESTROY),
    ),
    Defect(
        "a bucket that is never emptied",
        "components/private_bucket.py",
        "force_destroy=settings.force_destroy",
        "force_destroy=False",
        (DESTROY,),
    ),
)
