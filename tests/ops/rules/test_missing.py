"""A stack with one resource less breaks a rule, whichever it is."""

from dataclasses import replace

import pytest

from ops.plan.model import Plan
from ops.rules.check import check
from tests.plans import plan_of

pytestmark = pytest.mark.table

NOT_MISSED = {
    "PersistentVolumePatch": "a volume that is reserved is bound without it",
    "Service": "a History Server is reached by port-forward, too",
}
"""Types that a stack works without, with the reason."""


def findings(plan: Plan) -> set[tuple[str, str]]:
    return {(one.rule.id, one.broken.message) for one in check(plan).findings}


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_no_resource_of_a_stack_can_be_left_out_unnoticed(stack: str):
    plan = plan_of(stack)
    before = findings(plan)
    unnoticed = []
    for one in plan.resources:
        if not one.custom or one.short_type.rpartition(":")[2] in NOT_MISSED:
            continue
        rest = tuple(other for other in plan.resources if other is not one)
        if findings(replace(plan, resources=rest)) <= before:
            unnoticed.append(f"{one.short_type} {one.name}")
    assert unnoticed == []
