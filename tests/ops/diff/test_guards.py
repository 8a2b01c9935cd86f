"""What guards running jobs and data does not go without a line."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ops.diff.diff import compare
from ops.diff.impact import Kind, consequences
from ops.plan.model import Plan
from tests.ops.rules.changes import GONE, picked, put
from tests.plans import plan_of

Edit = Callable[[Plan], Plan]


def gone(kind: str, name: str = "") -> Edit:
    """Takes one resource away."""

    def edit(plan: Plan) -> Plan:
        one = picked(plan, kind, name)
        return replace(plan, resources=tuple(each for each in plan.resources if each is not one))

    return edit


SPOT = "executors on Spot nodes end without the notice"
CASES = {
    "the nodes' access entry": (
        gone("AccessEntry", "karpenter-default-nodes"),
        "nodes of role karpenter-default-node-role lose the API server",
        "on nodes of role karpenter-default-node-role: all pods end",
    ),
    "the identity provider": (
        gone("OpenIdConnectProvider"),
        "roles of service accounts can no longer be assumed",
        "their pods lose their AWS rights",
    ),
    "an interruption rule": (gone("EventRule"), "may not learn of Spot interruptions", SPOT),
    "an interruption rule that is off": (
        put("EventRule", "state", "DISABLED"),
        "may not learn of Spot interruptions",
        SPOT,
    ),
    "the interruption queue": (gone("Queue"), "learns of no Spot interruption", SPOT),
    "public access block": (gone("BucketPublicAccessBlock"), "no longer blocks public access", ""),
    "one of its flags": (
        put("BucketPublicAccessBlock", "blockPublicPolicy", False),
        "no longer blocks public access (blockPublicPolicy)",
        "",
    ),
    "the audit log": (
        put("Cluster", "enabledClusterLogTypes", ["api", "authenticator"]),
        "the control plane's audit log ends",
        "",
    ),
    "a limit of executors": (
        put("Namespace", "metadata.annotations.spark-on-eks/max-executors", "200",
            "team-team-a-namespace"),
        "executors of a job of team-a, at most: 20 -> 200",
        "",
    ),
    "a downgrade": (
        put("Release", "version", "1.13.0", "karpenter-release"),
        "it is downgraded from 1.14.1 to 1.13.0",
        "",
    ),
    "definitions": (
        put("Release", "version", "1.15.0", "karpenter-crds"),
        "changes the definitions of Helm release karpenter-crd, which has no controller",
        "",
    ),
    "the drivers' budget": (
        put("NodePool", "spec.disruption.budgets", [{"nodes": "100%"}], "karpenter-drivers"),
        "may disrupt more nodes at once that are drifted",
        "a driver there ends its job",
    ),
}  # fmt: skip
PROD = {
    "rotation of a key": (
        put("Key", "enableKeyRotation", GONE, "jars-key"),
        "KMS key jars-key is no longer rotated",
    ),
    "the window of a key": (
        put("Key", "deletionWindowInDays", 7, "jars-key"),
        "KMS key jars-key is deleted 7 days after a request, not 30",
    ),
    "encryption with a key": (
        gone("BucketServerSideEncryptionConfiguration", "jars-encryption"),
        "new objects are no longer encrypted with",
    ),
    "the allowed account": (
        put("aws", "allowedAccountIds", GONE),
        "any account is allowed",
    ),
}


@pytest.mark.parametrize(("edit", "says", "jobs"), CASES.values(), ids=CASES)
def test_a_guard_that_goes_is_told_with_what_jobs_notice(edit: Edit, says: str, jobs: str) -> None:
    whole = plan_of("dev")
    found = consequences(compare(whole, edit(whole)))
    assert any(says in one.text for one in found), [one.text for one in found]
    affected = [one for one in found if one.kind is Kind.jobs_affected]
    assert bool(affected) == bool(jobs)
    if jobs:
        assert any(jobs in detail for detail in affected[0].details)
        assert found[0].kind is not Kind.jobs_unaffected


@pytest.mark.parametrize(("edit", "says"), PROD.values(), ids=PROD)
def test_a_guard_of_data_that_goes_is_told(edit: Edit, says: str) -> None:
    whole = plan_of("prod")
    found = consequences(compare(whole, edit(whole)))
    assert any(says in one.text for one in found), [one.text for one in found]
