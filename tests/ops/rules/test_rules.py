"""Every rule finds its violations, and none in the project's own stacks."""

import pytest

from ops.rules.catalog import RULES
from ops.rules.check import Report, check, waivers
from ops.rules.rule import Severity
from tests.ops.rules import breaks_aws, breaks_kubernetes, breaks_order
from tests.ops.rules.changes import Break
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, NODE, STACKS, plan_of

BREAKS = [
    one
    for module in (breaks_aws, breaks_kubernetes, breaks_order)
    for table in vars(module).values()
    if isinstance(table, tuple)
    for one in table
    if isinstance(one, Break)
]
BY_ID = {rule.id: rule for rule in RULES}
VARIANTS = [
    *((stack,) for stack in STACKS),
    ("dev", *CLUSTER_AUTOSCALER),
    ("dev", *NODE),
    ("dev", *DAEMONSET),
    ("prod", "spark.yunikorn.enabled=true"),
]
MEANT = {"dev": {"secrets-own-key"}, "prod": {"images-by-digest"}}
"""Accepted warnings of a stack, besides those of every stack."""


def said(report: Report) -> list[str]:
    return [one.broken.message for one in report.findings]


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.rule}: {one.says}")
def test_a_change_violates_its_rule_and_the_plan_before_it_complies(one: Break) -> None:
    plan, rules = plan_of(one.stack, *one.sets), [BY_ID[one.rule]]
    before, after = said(check(plan, rules)), said(check(one.edit(plan), rules))
    assert not any(one.says in message for message in before)
    assert any(one.says in message for message in after), after


def test_every_rule_has_a_change_that_breaks_it() -> None:
    assert {one.rule for one in BREAKS} == set(BY_ID)


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
def test_a_stack_breaks_no_rule_and_warns_of_what_is_meant(variant: tuple[str, ...]) -> None:
    report = check(plan_of(*variant))
    assert said(Report(report.plan, RULES, tuple(report.of(Severity.error)), ())) == []
    warned = {one.rule.id for one in report.findings}
    always = {"addons-pinned", "group-release-pinned"} if variant[0] != "existing" else set()
    assert warned == always | MEANT.get(variant[0], set())


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
def test_every_reason_that_a_component_gives_is_needed(variant: tuple[str, ...]) -> None:
    plan = plan_of(*variant)
    used = {(one.resource, one.subject) for _, one in check(plan).excepted}
    assert {(one.resource, one.subject) for one in waivers(plan)} == used


def test_every_rule_has_a_reason_and_a_source() -> None:
    assert len(BY_ID) == len(RULES)
    for rule in RULES:
        assert rule.reason.endswith(".")
        assert rule.source.startswith("https://")
