"""Consequences of changes that no setting of a stack causes."""

from typing import Any

import pytest

from ops.diff.diff import compare
from ops.diff.impact import Consequence, Kind, Level, consequences
from ops.plan.model import Plan, Resource
from tests.ops.diff.plans import GROUP, TEMPLATE, VPC, kubernetes, plan, resource

RELEASE = "kubernetes:helm.sh/v3:Release"
BUCKET = "aws:s3/bucket:Bucket"
CLUSTER = "eks:index:Cluster"


def told(old: Plan, new: Plan) -> list[Consequence]:
    """All consequences except the line about jobs."""
    found = consequences(compare(old, new))
    return [one for one in found if not one.kind.startswith("jobs-")]


def node_pool(**spec: Any) -> Resource:
    template = {
        "metadata": {"labels": {"pool": "p"}},
        "spec": {
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "c"},
            "requirements": [{"key": "arch", "operator": "In", "values": ["arm64", "amd64"]}],
            "taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "b", "effect": "NoExecute"}],
            **spec.pop("template", {}),
        },
    }
    return kubernetes(
        "NodePool", "p", {"spec": {"template": template, **spec}}, group="karpenter/v1"
    )


def node_class(**spec: Any) -> Resource:
    return kubernetes("EC2NodeClass", "c", {"spec": {"role": "r", **spec}}, group="karpenter/v1")


TAINTS = [{"key": "b", "effect": "NoExecute"}, {"key": "a", "effect": "NoSchedule"}]


@pytest.mark.parametrize(
    "quiet",
    [
        {"weight": 20},
        {"limits": {"cpu": "9"}},
        {"disruption": {"consolidateAfter": "9m"}},
        {"template": {"taints": TAINTS}},
        {"template": {"requirements": []}},
    ],
)
def test_what_karpenter_does_not_hash_leaves_nodes_alone(quiet: dict[str, Any]):
    found = told(plan(node_pool()), plan(node_pool(**quiet)))
    assert {one.kind for one in found} - {Kind.cost, Kind.quota} == {Kind.stays}


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ({"taints": TAINTS[:1]}, "template.spec.taints"),
        ({"expireAfter": "1000h"}, "template.spec.expireAfter"),
        (
            {"requirements": [{"key": "arch", "operator": "In", "values": ["arm64"]}]},
            "requirement arch no longer allows amd64",
        ),
        (
            {"requirements": [{"key": "zone", "operator": "In", "values": ["a"]}]},
            "requirement zone is asked for",
        ),
    ],
)
def test_what_karpenter_compares_with_a_node_drifts_it(template: dict[str, Any], why: str):
    (one,) = told(plan(node_pool()), plan(node_pool(template=template)))
    assert (one.kind, f"({why})" in one.text) == (Kind.drifts_nodes, True)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"tags": {"a": "b"}}, Kind.drifts_nodes),
        ({"userData": "x"}, Kind.drifts_nodes),
        ({"role": "other"}, Kind.drifts_nodes),
        ({"amiSelectorTerms": [{"alias": "al2023@v2"}]}, Kind.drifts_nodes),
        ({"securityGroupSelectorTerms": [{"id": "sg-1"}, {"id": "sg-2"}]}, Kind.drifts_nodes),
        ({"subnetSelectorTerms": [{"id": "a"}]}, Kind.drifts_nodes),
        ({"subnetSelectorTerms": [{"id": "b"}, {"id": "a"}, {"id": "c"}]}, Kind.stays),
        ({"detailedMonitoring": False}, Kind.drifts_nodes),
    ],
)
def test_a_node_class_drifts_the_pools_that_use_it(spec: dict[str, Any], kind: Kind):
    base = {
        "amiSelectorTerms": [{"alias": "al2023@v1"}],
        "securityGroupSelectorTerms": [{"id": "sg-1"}],
        "subnetSelectorTerms": [{"id": "a"}, {"id": "b"}],
    }
    old = plan(node_pool(), node_class(**base))
    (one,) = told(old, plan(node_pool(), node_class(**{**base, **spec})))
    assert one.kind is kind


@pytest.mark.parametrize(
    ("budgets", "words"),
    [
        (None, "its nodes are replaced, budget 10% at a time"),
        ([{"nodes": "5"}], "its nodes are replaced, budget 5 at a time"),
        ([{"nodes": "0"}], "stay until they are empty, the budget for drifted nodes is 0"),
        ([{"nodes": "0", "reasons": ["Empty"]}], "all at once: no budget is for drifted nodes"),
        (
            [{"nodes": "20%"}, {"nodes": "0", "schedule": "0 8 * * *", "duration": "10h"}],
            "budget 20% at a time, 0 for 10h from 0 8 * * *",
        ),
    ],
)
def test_the_budget_for_drift_is_named(budgets: Any, words: str):
    more = {} if budgets is None else {"disruption": {"budgets": budgets}}
    new = node_pool(template={"expireAfter": "1000h"}, **more)
    (one,) = told(plan(node_pool(**more)), plan(new))
    assert words in one.text


def test_another_node_class_kind_is_refused():
    ref = {"group": "karpenter.k8s.aws", "kind": "Other", "name": "c"}
    found = told(plan(node_pool()), plan(node_pool(template={"nodeClassRef": ref})))
    assert found[0].kind is Kind.fails
    assert "spec.template.spec.nodeClassRef.kind" in found[0].text


def test_a_newer_chart_restarts_its_controller():
    versions = [plan(resource(RELEASE, "r", {"name": "karpenter", "version": v})) for v in "12"]
    (one,) = told(*versions)
    assert one.kind is Kind.restarts
    assert one.text.startswith("restarts the controller of Helm release karpenter")
    assert "from 1 to 2" in one.text
    assert str(one.causes[0]) == 'r: version: "1" -> "2"'


def test_a_tag_of_a_template_itself_rolls_nothing_and_its_disk_does():
    def platform(**inputs: Any) -> Plan:
        template = resource(TEMPLATE, "t", inputs)
        group = resource(
            GROUP,
            "g",
            {"launchTemplate": {"version": "1"}},
            unknown=("launchTemplate.version",),
            property_dependencies={"launchTemplate": (template.urn,)},
        )
        return plan(template, group)

    assert told(platform(), platform(tags={"a": "b"})) == []
    (one,) = told(platform(), platform(blockDeviceMappings=[{"deviceName": "/dev/xvda"}]))
    assert one.text.startswith("rolls managed node group g: every node is replaced")
    assert [cause.resource for cause in one.causes] == ["g", "t"]


def test_a_bucket_that_holds_objects_is_not_deleted():
    (one,) = told(
        plan(resource(BUCKET, "b", {"bucket": "jars"}), resource(VPC, "v")),
        plan(resource(VPC, "v")),
    )
    assert (one.kind, one.text) == (
        Kind.fails,
        "fails: S3 does not delete bucket jars while it holds objects; way out: empty it, or set "
        "forceDestroy first",
    )


def test_what_pulumi_keeps_is_not_lost():
    kept = resource(BUCKET, "b", {"bucket": "jars", "forceDestroy": True}, retain_on_delete=True)
    (one,) = told(plan(kept), plan(resource(VPC, "v")))
    assert one.text == "b stays in the cloud, Pulumi only forgets it"


@pytest.mark.parametrize(
    ("claim", "lost"),
    [
        ({"volumeName": "kept"}, False),
        ({"volumeName": "gone"}, True),
        ({"storageClassName": "fast"}, True),
        ({"storageClassName": "safe"}, False),
        ({"storageClassName": ""}, False),
    ],
)
def test_the_reclaim_policy_decides_whether_the_volume_of_a_claim_is_deleted(claim, lost):
    around = [
        kubernetes("PersistentVolume", "kept", {"spec": {}}),
        kubernetes(
            "PersistentVolume", "gone", {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}
        ),
        kubernetes("StorageClass", "fast", {"provisioner": "x"}),
        kubernetes("StorageClass", "safe", {"provisioner": "x", "reclaimPolicy": "Retain"}),
    ]
    one = kubernetes("PersistentVolumeClaim", "c", {"spec": claim})
    found = told(plan(*around, one), plan(*around))
    assert (Kind.loses_data in [one.kind for one in found]) is lost


@pytest.mark.parametrize(
    ("kind", "old", "new", "path"),
    [
        ("PersistentVolumeClaim", {"spec": {"resources": 1}}, {"spec": {"resources": 2}}, "spec."),
        ("PriorityClass", {"value": 1}, {"value": 2}, "value"),
        ("StorageClass", {"reclaimPolicy": "Delete"}, {"reclaimPolicy": "Retain"}, "reclaim"),
    ],
)
def test_a_change_that_the_api_server_rejects_is_reported_as_a_failure(kind, old, new, path):
    (one,) = told(plan(kubernetes(kind, "x", old)), plan(kubernetes(kind, "x", new)))
    assert (one.kind, one.level) == (Kind.fails, Level.danger)
    assert f"the API server does not let {path}" in one.text


def test_kubernetes_is_upgraded_one_minor_version_at_a_time():
    def cluster(version: str) -> Plan:
        return plan(resource(CLUSTER, "c", {"version": version}))

    assert told(cluster("1.34"), cluster("1.36"))[0].kind is Kind.refused
    assert told(cluster("1.35"), cluster("1.34"))[0].kind is Kind.refused
    assert told(cluster("1.34"), cluster("1.35"))[0].kind is Kind.upgrades_cluster


def test_every_consequence_but_that_on_jobs_names_its_cause():
    old = plan(node_pool(), node_class(), resource(RELEASE, "r", {"version": "1"}))
    new = plan(
        node_pool(template={"expireAfter": "1h"}),
        node_class(tags={"a": "b"}),
        resource(RELEASE, "r", {"version": "2"}),
    )
    assert all(one.causes for one in told(old, new))


def test_another_priority_is_for_new_pods_only():
    classes = [
        plan(kubernetes("PriorityClass", "p", {"value": v}, replace_on_changes=("value",)))
        for v in (1, 2)
    ]
    (one,) = told(*classes)
    assert one.kind is Kind.new_pods
    assert "pods that run keep their priority" in one.text


def test_the_first_network_policy_closes_a_namespace_and_opens_nothing():
    namespace = kubernetes("Namespace", "team", {})
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{}]}]}
    metadata = {"name": "n", "namespace": "team"}
    policy = kubernetes("NetworkPolicy", "n", {"metadata": metadata, "spec": spec})
    (one,) = told(plan(namespace), plan(namespace, policy))
    assert one.kind is Kind.narrower
    assert "* may send to *" in one.details
    (other,) = told(plan(namespace, policy), plan(namespace))
    assert other.kind is Kind.wider


def test_a_quota_that_is_written_otherwise_is_no_other_quota():
    quotas = [
        plan(kubernetes("ResourceQuota", "q", {"spec": {"hard": hard}}))
        for hard in ({"cpu": "2", "memory": "1Gi"}, {"cpu": "2000m", "memory": "2Gi"})
    ]
    (one,) = told(*quotas)
    assert (one.kind, one.details) == (Kind.quota, ("memory: 1Gi -> 2Gi",))


def test_a_deleted_admission_policy_admits_what_it_denied():
    group = "admissionregistration.k8s.io/v1"
    rule = kubernetes("ValidatingAdmissionPolicy", "rule", {"spec": {"a": 1}}, group=group)
    (one,) = told(plan(rule, resource(VPC, "v")), plan(resource(VPC, "v")))
    assert one.text == "ValidatingAdmissionPolicy rule is deleted: what it denied is admitted"
    other = kubernetes("ValidatingAdmissionPolicy", "rule", {"spec": {"a": 2}}, group=group)
    (changed,) = told(plan(rule), plan(other))
    assert changed.kind is Kind.guard
