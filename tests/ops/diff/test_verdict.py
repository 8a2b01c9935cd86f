"""`not affected` is earned: a change without knowledge never ends in it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.diff.diff import compare
from ops.diff.impact import Kind, consequences
from ops.diff.impact.known import AWS, KUBERNETES, OTHER
from ops.plan.model import Plan, Resource
from tests.ops.diff.plans import kubernetes, plan, resource
from tests.plans import CLUSTER_AUTOSCALER, plan_of

_KEPT = resource("aws:ec2/vpc:Vpc", "kept")
QUIET_WHEN_DELETED = {
    # A delete leaves running jobs alone: what was denied is admitted, what was kept is no longer.
    "aws:cloudwatch/logGroup:LogGroup",
    # Pulumi only forgets it.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding",
    "kubernetes:core/v1:PersistentVolumePatch",
    "kubernetes:core/v1:ResourceQuota",
    # What it forbade is allowed.
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    # Of History Servers and flow logs, which no job uses.
    "aws:ec2/flowLog:FlowLog",
}


def kinds(old: Plan, new: Plan) -> set[Kind]:
    return {one.kind for one in consequences(compare(old, new))}


@pytest.mark.parametrize("type_", ["aws:glue/job:Job", "random:index:Id", "kubernetes:x/v1:Widget"])
def test_a_type_without_knowledge_is_not_known_whatever_happens_to_it(type_: str) -> None:
    one = resource(type_, "new", {"kind": "Widget", "a": 1})
    changed = replace(one, inputs={**one.inputs, "a": 2})
    without, with_it = plan(_KEPT), plan(_KEPT, one)
    for old, new in ((without, with_it), (with_it, without), (with_it, plan(_KEPT, changed))):
        found = kinds(old, new)
        assert Kind.jobs_unaffected not in found
        assert Kind.jobs_unknown in found


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_a_path_without_knowledge_is_not_known(data: st.DataObject) -> None:
    table = {
        **{f"aws:{name}": known for name, known in AWS.items()},
        **{f"kubernetes:x/v1:{kind}": known for kind, known in KUBERNETES.items()},
        **OTHER,
    }
    type_ = data.draw(st.sampled_from(sorted(table)))
    known = table[type_]
    key = data.draw(st.from_regex(r"[a-z][a-zA-Z]{2,12}", fullmatch=True))
    named = f"{known.alone} {known.judged} {known.grows} tags tagsAll".split()
    if any(one.partition(".")[0] == key for one in named):
        return
    kind = type_.rpartition(":")[2]
    old, new = (
        kubernetes(kind, "one", {key: value}, group="x/v1")
        if type_.startswith("kubernetes:x")
        else resource(type_, "one", {key: value})
        for value in ("before", "after")
    )
    assert Kind.jobs_unaffected not in kinds(plan(_KEPT, old), plan(_KEPT, new))


def _without(whole: Plan, gone: Resource) -> Plan:
    return replace(whole, resources=tuple(one for one in whole.resources if one is not gone))


@pytest.mark.table
@pytest.mark.parametrize("case", [("dev",), ("prod",), ("dev", *CLUSTER_AUTOSCALER)], ids=" ".join)
def test_what_is_deleted_alone_leaves_jobs_alone_only_where_it_is_listed(case) -> None:
    whole = plan_of(*case)
    quiet = {
        one.type
        for one in whole.resources
        if one.custom or one.remote
        if Kind.jobs_unaffected in (told := kinds(whole, _without(whole, one)))
        # What AWS or Pulumi does not delete stays; an entry of people is no job's.
        if Kind.fails not in told
        if "platform-admin" not in one.name
        if one.name not in ("cluster-addons-metrics-server", "metrics-server")
        if not _serves_no_job(whole, one)
    }
    assert quiet <= QUIET_WHEN_DELETED


def _serves_no_job(whole: Plan, one: Resource) -> bool:
    component = whole.component(one)
    name = component.name if component is not None else ""
    return name == "spark-history" or (name == "network" and one.type.startswith("aws:iam/"))


@pytest.mark.table
def test_affected_and_not_affected_never_stand_together() -> None:
    for case in (("dev",), ("prod",)):
        whole = plan_of(*case)
        for one in whole.resources:
            found = kinds(whole, _without(whole, one))
            assert not {Kind.jobs_unaffected, Kind.jobs_affected} <= found
            assert not {Kind.jobs_unaffected, Kind.jobs_unknown} <= found
