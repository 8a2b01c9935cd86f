"""Drills: experiments of AWS FIS that interrupt nodes on purpose."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.names import NODE_CLASS_TAG
from ops.plan.graph import inputs_from
from ops.plan.iam import TRUST, documents
from ops.plan.iam_roles import ROLE, documents_of
from ops.plan.model import Plan, Resource
from ops.plan.values import at, mappings
from ops.rules.rule import Violation, rule

TEMPLATE = "aws:fis/experimentTemplate:ExperimentTemplate"
_INTERRUPT = "aws:ec2:send-spot-instance-interruptions"
_SEND = "ec2:SendSpotInstanceInterruptions"
_MAY = {_SEND, "ec2:DescribeInstances"}
_POOL_TAGS = (NODE_CLASS_TAG, "karpenter.sh/nodepool")
_GUIDE = "https://docs.aws.amazon.com/fis/latest/userguide"
_TAG = "aws:ResourceTag/"


def _tags(target: Mapping[str, Any]) -> dict[str, str]:
    return {str(one.get("key")): str(one.get("value")) for one in mappings(target["resourceTags"])}


@rule(
    reason="FIS interrupts what the target selects, at once: without tags, a number and an alarm "
    "that is every Spot node of the account.",
    source=f"{_GUIDE}/targets.html",
)
def drill_bounded(plan: Plan) -> Iterator[Violation]:
    """An experiment interrupts a number of running Spot nodes of one pool of this cluster, with the
    notice of two minutes, and an alarm stops it."""
    for one in plan.by_type(TEMPLATE):
        stops = mappings(one.inputs.get("stopConditions"))
        if not any(each.get("source") == "aws:cloudwatch:alarm" for each in stops):
            yield Violation(one, "alarm", "has no alarm that stops it")
        for target in mappings(one.inputs.get("targets")):
            yield from _target(one, target)
        for action in mappings(one.inputs.get("actions")):
            if action.get("actionId") != _INTERRUPT:
                yield Violation(one, "action", f"does {action.get('actionId')}")
            given = {each.get("key"): each.get("value") for each in mappings(action["parameters"])}
            if given.get("durationBeforeInterruption") != "PT2M":
                yield Violation(one, "notice", "gives no notice of two minutes")
        if at(one.inputs, "experimentOptions.accountTargeting") == "multi-account":
            yield Violation(one, "accounts", "reaches other accounts")


def _target(one: Resource, target: Mapping[str, Any]) -> Iterator[Violation]:
    if target.get("resourceType") != "aws:ec2:spot-instance":
        yield Violation(one, "type", f"targets {target.get('resourceType')}")
    tags = _tags({"resourceTags": [], **target})
    if not any(key.startswith("kubernetes.io/cluster/") for key in tags):
        yield Violation(one, "cluster", "targets nodes of any cluster")
    if not any(key in tags for key in _POOL_TAGS):
        yield Violation(one, "pool", "targets nodes of any pool")
    if not re.fullmatch(
        r"COUNT\([1-9][0-9]*\)|PERCENT\([1-9][0-9]?\)", str(target["selectionMode"])
    ):
        yield Violation(one, "number", f"targets {target['selectionMode']} of the nodes")
    filters = {
        str(each.get("path")): each.get("values") for each in mappings(target.get("filters"))
    }
    if filters.get("State.Name") != ["running"]:
        yield Violation(one, "running", "targets nodes that do not run")


@rule(
    reason="A principal that may start an experiment acts with its role.",
    source=f"{_GUIDE}/getting-started-iam-service-role.html",
)
def drill_role_minimal(plan: Plan) -> Iterator[Violation]:
    """The role of an experiment interrupts instances with the tags of its target, and FIS alone
    assumes it, for experiments of this account."""
    trusts = {one.resource.urn: one for one in documents(plan) if one.kind == TRUST}
    for one in plan.by_type(TEMPLATE):
        wanted = {
            tag for target in mappings(one.inputs.get("targets")) for tag in _tags(target).items()
        }
        for role in inputs_from(one, "roleArn", plan):
            if role.type != ROLE:
                continue
            for document in documents_of(plan, role):
                for each in document.statements:
                    if each.allows and (more := sorted({*each.actions} - _MAY)):
                        yield Violation(document.resource, each.sid, f"allows {', '.join(more)}")
                    if not each.allows or _SEND not in each.actions:
                        continue
                    for key, value in sorted(wanted):
                        condition = each.condition("StringEquals", f"{_TAG}{key}")
                        if condition is None or condition.values != (value,):
                            text = f"interrupts instances without the tag {key}={value}"
                            yield Violation(document.resource, f"{each.sid} {key}", text)
            for each in trusts[role.urn].statements if role.urn in trusts else ():
                for operator, key in (("StringEquals", "SourceAccount"), ("ArnLike", "SourceArn")):
                    if each.condition(operator, f"aws:{key}") is None:
                        yield Violation(role, key, f"trusts FIS without aws:{key}")
