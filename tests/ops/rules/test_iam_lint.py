"""Lints IAM documents with parliament, which knows each action's resources and condition keys."""

import warnings
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache

from ops.plan.iam import TRUST, documents
from tests.plans import (
    CACHE,
    CLUSTER_AUTOSCALER,
    DAEMONSET,
    DRILL,
    NODE,
    OPEN_TEAM,
    REPLICA,
    STACKS,
    plan_of,
)

with warnings.catch_warnings():
    # parliament does not close its data files.
    warnings.simplefilter("ignore", ResourceWarning)
    import parliament

VARIANTS = [*((stack,) for stack in STACKS), *(("dev", *x) for x in (NODE, DAEMONSET))]
VARIANTS += [
    ("dev", *CLUSTER_AUTOSCALER),
    ("dev", *OPEN_TEAM),
    ("dev", *DRILL),
    ("dev", *REPLICA),
    ("prod", *CACHE),
]

_LAUNCH = (
    "parliament wants all of a launch's resources in one statement; AWS evaluates each resource by "
    "itself, which is what the split is for (docs.aws.amazon.com/AWSEC2/latest/UserGuide/"
    "ExamplePolicies_EC2.html, launch instances)"
)
_BY_TAG = (
    "bounded by the group's tag (github.com/kubernetes/autoscaler, cluster-autoscaler/"
    "cloudprovider/aws/README.md)"
)
_SCALE = "cluster-autoscaler-controller-scale RESOURCE_STAR autoscaling"
EXCEPTIONS = {
    "karpenter-controller-nodes RESOURCE_MISMATCH ec2:RunInstances": _LAUNCH,
    "karpenter-controller-nodes RESOURCE_MISMATCH ec2:CreateFleet": _LAUNCH,
    "karpenter-controller-discovery RESOURCE_MISMATCH ssm:GetParameter": (
        "public parameters have no account in their ARN (docs.aws.amazon.com/systems-manager/"
        "latest/userguide/parameter-store-public-parameters.html)"
    ),
    "network-flow-logs RESOURCE_MISMATCH logs:DescribeLogGroups": (
        "newer than parliament's list: the action takes a log group (docs.aws.amazon.com/"
        "service-authorization/latest/reference/list_amazoncloudwatchlogs.html)"
    ),
    "* RESOURCE_STAR kms:*": (
        "in a key's policy the star is the key (docs.aws.amazon.com/kms/latest/developerguide/"
        "key-policy-overview.html)"
    ),
    "*-node-fill-cache RESOURCE_MISMATCH ecr:BatchImportUpstreamImage": (
        "newer than parliament's list: the action takes a repository (docs.aws.amazon.com/"
        "AmazonECR/latest/userguide/pull-through-cache-iam.html)"
    ),
    f"{_SCALE}:SetDesiredCapacity": _BY_TAG,
    f"{_SCALE}:TerminateInstanceInAutoScalingGroup": _BY_TAG,
}
"""Findings that are no defects, as document, issue and action, with the source."""


def linted(name: str, text: str) -> Iterator[str]:
    """parliament's findings in a document, one per action."""
    for one in parliament.analyze_policy_string(text).findings:
        named = one.detail if isinstance(one.detail, list) else [one.detail]
        for item in named or [""]:
            action = item.get("action") if isinstance(item, dict) else item
            yield f"{name} {one.issue} {action}"


@cache
def findings() -> frozenset[str]:
    """Of all stacks and variants. Not of trusts: parliament takes them for policies of an
    identity, and misses their resource; rules judge them."""
    texts = {
        (document.resource.name, document.text)
        for variant in VARIANTS
        for document in documents(plan_of(*variant))
        if document.kind != TRUST
    }
    return frozenset(found for name, text in texts for found in linted(name, text))


def test_parliament_finds_nothing_in_any_document_beyond_what_is_meant() -> None:
    meant = {one for one in findings() if any(fnmatchcase(one, each) for each in EXCEPTIONS)}
    assert findings() - meant == set()


def test_everything_that_is_meant_is_found() -> None:
    for each in EXCEPTIONS:
        assert any(fnmatchcase(one, each) for one in findings()), each
