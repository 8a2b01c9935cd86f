"""Promises that every stack keeps in every mode."""

import json
import re
from typing import Any

import pytest

from ops.plan.model import Plan
from ops.plan.paths import leaves
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, NODE, STACKS, of_type, plan_of
from tests.validate.manifest import errors_of
from tests.validate.values import errors_of_addon, errors_of_release

METRICS = (
    "observability.metrics.enabled=true",
    "observability.alerts.topicArn=arn:aws:sns:us-west-2:111122223333:alerts",
)
CASES = [
    *((stack,) for stack in STACKS),
    ("dev", *NODE),
    ("dev", *DAEMONSET),
    ("staging", "jarMount={level: pod}"),
    ("prod", *NODE),
    ("existing", "jarMount={level: pod}"),
    ("dev", *CLUSTER_AUTOSCALER),
    ("dev", *CLUSTER_AUTOSCALER, *NODE),
    ("prod", "spark.yunikorn.enabled=true"),
    ("prod", *METRICS, "spark.yunikorn.enabled=true"),
    ("prod", *METRICS, *NODE, "observability.amp={enabled: true, alerts: true, encryption: kms}"),
    ("existing", "observability.metrics={enabled: true, existing: true, labels: {a: b}}"),
]
every_case = pytest.mark.parametrize("case", CASES, ids=" ".join)


def manifests(plan: Plan) -> list[dict[str, Any]]:
    """The Kubernetes objects of a plan, Helm releases left out."""
    return [
        dict(one.inputs)
        for one in plan.resources
        if one.type.startswith("kubernetes:") and "helm.sh" not in one.type
    ]


def with_ids(manifest: dict[str, Any]) -> dict[str, Any]:
    """Ids of a plan contain the name of the resource; this gives them the form of AWS ids."""
    return json.loads(
        re.sub(r'"(subnet|sg)-[^"]+"', r'"\1-0123456789abcdef0"', json.dumps(manifest))
    )


@every_case
def test_every_manifest_is_valid(case: tuple[str, ...]) -> None:
    for manifest in manifests(plan_of(*case)):
        named = {**manifest, "metadata": {"name": "generated", **manifest["metadata"]}}
        assert errors_of(with_ids(named)) == [], manifest


@every_case
def test_every_chart_and_add_on_knows_the_keys_it_is_given(case: tuple[str, ...]) -> None:
    plan = plan_of(*case)
    for release in of_type(plan, "Release"):
        inputs = release.inputs
        assert errors_of_release(inputs["chart"], inputs["version"], inputs.get("values")) == []
    for addon in of_type(plan, "addon:Addon"):
        configuration = addon.inputs.get("configurationValues")
        assert errors_of_addon(addon.inputs["addonName"], configuration) == []


@every_case
def test_no_input_is_null(case: tuple[str, ...]) -> None:
    inputs = {one.urn: dict(one.inputs) for one in plan_of(*case).resources}
    assert [path for path, value in leaves(inputs) if value is None] == []


@every_case
def test_what_the_two_runs_register_is_the_same_set(case: tuple[str, ...]) -> None:
    # record() rejects a plan whose runs differ; a note would report differing inputs.
    assert [note for note in plan_of(*case).notes if "called at preview" not in note] == []


@every_case
def test_only_named_questions_are_asked_of_aws_while_previewing(case: tuple[str, ...]) -> None:
    allowed = {
        "aws:eks/getAddonVersion:getAddonVersion",
        "aws:eks/getClusters:getClusters",
        "aws:index/getCallerIdentity:getCallerIdentity",
    }
    if case[0] != "existing":
        allowed.add("aws:eks/getClusters:getClusters")
    else:
        allowed |= {
            "aws:eks/getCluster:getCluster",
            "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider",
        }
    assert {call.token for call in plan_of(*case).invokes} <= allowed


@every_case
def test_physical_names_keep_within_the_limits_of_aws_and_kubernetes(case: tuple[str, ...]) -> None:
    # Pulumi appends 8 characters to a generated name. Limits: IAM role and rule 64, IAM policy 128,
    # queue 80, S3 bucket 63, label value and object 63.
    limits = {
        "iam/role:Role": 56,
        "cloudwatch/eventRule:EventRule": 56,
        "iam/policy:Policy": 120,
        "sqs/queue:Queue": 80,
    }
    plan = plan_of(*case)
    for kind, limit in limits.items():
        for one in of_type(plan, kind):
            assert len(one.name) <= limit, one.name
    for bucket in of_type(plan, "s3/bucket:Bucket"):
        assert len(bucket.inputs["bucket"]) <= 63
    for group in of_type(plan, "eks/nodeGroup:NodeGroup"):
        assert len(group.inputs["nodeGroupNamePrefix"]) <= 63 - 26
    for manifest in manifests(plan):
        assert len(manifest["metadata"].get("name", "")) <= 63


@every_case
def test_exports_hold_no_credential(case: tuple[str, ...]) -> None:
    exports = json.dumps(plan_of(*case).exports)
    assert "certificate-authority" not in exports
    assert set(plan_of(*case).exports) == {
        "clusterName",
        "region",
        "kubeconfigCommand",
        "jarBuckets",
        "teams",
        "acceptsJobs",
        "sparkImage",
        "eventLogs",
    }


def test_a_stack_that_names_its_account_refuses_every_other() -> None:
    (provider,) = of_type(plan_of("prod"), "pulumi:providers:aws")
    assert json.loads(provider.inputs["allowedAccountIds"]) == ["111122223333"]
    alone = plan_of("prod", "cluster.admins=[]")
    assert not [call for call in alone.invokes if "getCallerIdentity" in call.token]
    (provider,) = of_type(plan_of("dev"), "pulumi:providers:aws")
    assert "allowedAccountIds" not in provider.inputs


def test_an_add_on_pin_wins_over_the_default_of_aws() -> None:
    plan = plan_of("dev", "addonVersions={coredns: v1.13.1-eksbuild.4}")
    versions = {
        one.inputs["addonName"]: one.inputs["addonVersion"] for one in of_type(plan, "addon:Addon")
    }
    assert versions["coredns"] == "v1.13.1-eksbuild.4"
    asked = {
        call.args["addonName"]: call.args
        for call in plan.invokes
        if call.token.endswith("getAddonVersion")
    }
    assert set(asked) == set(versions) - {"coredns"}
    assert all(args["mostRecent"] is False for args in asked.values())
    assert all(args["kubernetesVersion"] == "1.35" for args in asked.values())
