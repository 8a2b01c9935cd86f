"""Lints IAM documents with parliament, which knows each action's resources and condition keys."""

import json
import warnings
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from ops.plan.iam import TRUST, documents
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, NODE, STACKS, plan_of

with warnings.catch_warnings():
    # parliament does not close its data files.
    warnings.simplefilter("ignore", ResourceWarning)
    import parliament

VARIANTS = [*((stack,) for stack in STACKS), *(("dev", *x) for x in (NODE, DAEMONSET))]
VARIANTS.append(("dev", *CLUSTER_AUTOSCALER))


class Meant(NamedTuple):
    """A finding that is not a defect: documents, actions and source."""

    document: str
    issue: str
    actions: frozenset[str]
    why: str


_EC2 = "docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html"
EXCEPTIONS = (
    Meant(
        "karpenter-controller-nodes",
        "RESOURCE_MISMATCH",
        frozenset({"ec2:RunInstances", "ec2:CreateFleet"}),
        f"parliament wants all of a launch's resources in one statement; AWS evaluates each "
        f"resource by itself, which is what the split is for ({_EC2}, launch instances)",
    ),
    Meant(
        "karpenter-controller-discovery",
        "RESOURCE_MISMATCH",
        frozenset({"ssm:GetParameter"}),
        "public parameters have no account in their ARN (docs.aws.amazon.com/systems-manager/"
        "latest/userguide/parameter-store-public-parameters.html)",
    ),
    Meant(
        "network-flow-logs",
        "RESOURCE_MISMATCH",
        frozenset({"logs:DescribeLogGroups"}),
        "newer than parliament's list: the action takes a log group (docs.aws.amazon.com/"
        "service-authorization/latest/reference/list_amazoncloudwatchlogs.html)",
    ),
    Meant(
        "*",
        "RESOURCE_STAR",
        frozenset({"kms:*"}),
        "in a key's policy the star is the key (docs.aws.amazon.com/kms/latest/developerguide/"
        "key-policy-overview.html)",
    ),
    Meant(
        "cluster-autoscaler-controller-scale",
        "RESOURCE_STAR",
        frozenset(
            {"autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"}
        ),
        "bounded by the group's tag (github.com/kubernetes/autoscaler, cluster-autoscaler/"
        "cloudprovider/aws/README.md)",
    ),
)


class Found(NamedTuple):
    document: str
    issue: str
    action: str

    def meant(self) -> Meant | None:
        for one in EXCEPTIONS:
            about = any(fnmatchcase(self.action, action) for action in one.actions)
            if about and self.issue == one.issue and fnmatchcase(self.document, one.document):
                return one
        return None


def linted(name: str, text: str) -> Iterator[Found]:
    """parliament's findings in a document, one per action."""
    for one in parliament.analyze_policy_string(text).findings:
        named = one.detail if isinstance(one.detail, list) else [one.detail]
        for item in named or [""]:
            action = item.get("action") if isinstance(item, dict) else item
            yield Found(name, one.issue, str(action))


@cache
def findings() -> frozenset[Found]:
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
    assert [found for found in findings() if found.meant() is None] == []


def test_everything_that_is_meant_is_found() -> None:
    met = {found.meant() for found in findings()}
    assert [one for one in EXCEPTIONS if one not in met] == []


def test_parliament_finds_an_action_that_does_not_exist_and_a_wrong_resource() -> None:
    def of(action: str, resource: str) -> set[str]:
        one = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = {"Version": "2012-10-17", "Statement": [one]}
        return {found.issue for found in linted("any", json.dumps(document))}

    assert of("s3:GetObjekt", "arn:aws:s3:::jars/*") == {"UNKNOWN_ACTION"}
    assert of("s3:GetObject", "arn:aws:s3:::jars") == {"RESOURCE_MISMATCH"}
    assert of("s3:GetObject", "arn:aws:s3:::jars/spark/*") == set()
