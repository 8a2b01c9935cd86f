"""What a stack's plan allows, what a start needs, and which limit is exceeded first."""

import dataclasses
import json
from collections.abc import Sequence

import pytest

from components.pools import FALLBACK_ORDER
from ops.capacity import quotas
from ops.capacity.limits import LimitCheck, Severity
from ops.capacity.network import PodNetworking
from ops.capacity.report import Report, Request, report
from ops.capacity.show import to_json
from ops.capacity.start import Executor, demand
from ops.plan.errors import UserError
from ops.plan.instances import InstanceType, lookup
from ops.plan.model import Plan
from ops.plan.node_capacity import node_capacities
from tests.ops.rules.changes import put
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, NODE, plan_of

TINY = Executor(cpu=0.25, memory_gib=1)
SMALL_NETWORK = (
    "network.cidr=10.0.0.0/20",
    "drivers={limits: {cpu: 32, memoryGiB: 128}}",
    "pools=[{name: default, limits: {cpu: 64, memoryGiB: 512}}]",
)


def of_quota(found: Sequence[LimitCheck], quota: quotas.Quota) -> list[LimitCheck]:
    return [one for one in found if one.quota is quota]


def limit_check(found: Report, quota: quotas.Quota) -> LimitCheck:
    (one,) = of_quota(found.limits, quota)
    return one


def without_prefixes(plan: Plan) -> Plan:
    resources = [
        dataclasses.replace(one, inputs={**one.inputs, "configurationValues": "{}"})
        if one.inputs.get("addonName") == "vpc-cni"
        else one
        for one in plan.resources
    ]
    return dataclasses.replace(plan, resources=tuple(resources))


def test_a_node_group_has_its_own_greatest_size_disks_and_places_for_pods() -> None:
    sets = {one.name: one for one in node_capacities(plan_of("dev", *CLUSTER_AUTOSCALER))}
    group = sets["default-arm-spot"]
    assert (group.nodes.kind, group.is_spot, group.max_nodes, group.disks_gib) == (
        *("node group", True, 32),
        (100,),
    )
    assert [group.max_pods(one) for one in group.types] == [110]
    assert sets["drivers"].nodes.zones == ("us-west-2a",)


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_stacks_fit_into_their_own_subnets(stack: str) -> None:
    found = report(plan_of(stack), Request())
    assert not found.failed
    assert of_quota(found.plan_limits, quotas.SUBNETS)


def test_many_small_executors_a_node_can_need_more_addresses_than_the_subnets_hold() -> None:
    plan = plan_of("dev", *SMALL_NETWORK)
    assert not report(plan, Request()).failed
    found = report(plan, Request(executor=TINY))
    whole = of_quota(found.plan_limits, quotas.SUBNETS)[0]
    assert found.failed and whole.severity is Severity.error and whole.needed > whole.allowed


def test_drivers_can_fill_the_one_zone_that_they_are_bound_to() -> None:
    found = report(
        plan_of("dev", "drivers.limits.cpu=1000", "drivers.limits.memoryGiB=4000"), Request()
    )
    whole, zone = of_quota(found.plan_limits, quotas.SUBNETS)
    assert whole.severity is Severity.ok
    assert zone.severity is Severity.error and zone.note == "in us-west-2a alone: drivers"


def test_without_prefixes_a_node_uses_more_addresses() -> None:
    plan = plan_of("prod")
    with_them, without = report(plan, Request()), report(without_prefixes(plan), Request())
    assert with_them.scenario.platform.networking.prefixes
    assert not without.scenario.platform.networking.prefixes
    assert without.figures[1]["addresses"] == 143 * 60  # 2 interfaces of 30
    assert with_them.figures[1]["addresses"] == 143 * 33


def test_raised_quotas_leave_the_next_limit_as_the_first() -> None:
    own = {"L-1216C47A": 1e6, "L-34B43A08": 1e6}
    first = report(plan_of("dev"), Request(quotas=own)).first
    assert first is not None and (first.quota, first.exceeded_at) == (quotas.ADDRESS_CALLS, 101)


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_a_limit_is_exceeded_by_the_executors_named_and_not_by_one_less(stack: str) -> None:
    for one in report(plan_of(stack), Request()).limits:
        if not one.exceeded_at:
            continue
        before = (
            report(plan_of(stack), Request(executors=one.exceeded_at - 1))
            if one.exceeded_at > 1
            else None
        )
        after = report(plan_of(stack), Request(executors=one.exceeded_at))
        assert limit_check(after, one.quota).needed > one.allowed
        assert limit_check(after, one.quota).severity is Severity.warning
        if before is not None:
            assert limit_check(before, one.quota).severity is Severity.ok


def test_more_executors_never_need_less_of_any_limit() -> None:
    found = report(plan_of("prod"), Request())
    counts = [1, 2, 7, 8, 100, 999, 1000, 1001, 50_000]
    for fit in found.fits:
        rows = [demand(count, fit, found.scenario.platform) for count in counts]
        for key in rows[0]:
            values = [row[key] for row in rows]
            assert values == sorted(values), key


@pytest.mark.parametrize(
    ("overrides", "method", "requests"),
    [((), "pod", 388), (NODE, "node", 140), (DAEMONSET, "node", 140)],
)
def test_requests_to_s3_are_those_of_the_mount_level(
    overrides: tuple[str, ...], method: str, requests: int
) -> None:
    found = report(plan_of("dev", *overrides), Request(executors=7))
    assert found.scenario.platform.method is not None
    assert found.scenario.platform.method.key == method
    assert found.figures[-1]["nodes"] == 1
    assert found.figures[-1]["s3-requests"] == requests


def test_each_claim_in_use_on_a_node_is_a_mount_of_its_own_in_pod_level() -> None:
    one, two = (report(plan_of("dev"), Request(claims=count)) for count in (1, 2))
    for before, after in zip(one.figures, two.figures, strict=True):
        assert after["s3-requests"] == 2 * before["s3-requests"]
        assert after["pods"] == before["pods"] + before["nodes"]


def test_what_the_plan_does_not_make_is_named_as_unknown_and_not_guessed() -> None:
    found = report(plan_of("existing"), Request())
    assert (found.fits, found.limits, found.plan_limits) == ((), (), ())
    assert len(found.unknown) == 4 and not found.failed


def test_a_family_without_figures_is_named_and_the_others_still_count() -> None:
    # A stack file names no such family; a plan of another program can.
    families = ["m7g", "q9z", "r7g"]
    path = "spec.template.spec.requirements[2].values"
    plan = plan_of("dev")
    for tier in FALLBACK_ORDER:
        plan = put("NodePool", path, families, f"karpenter-default-{tier.name}")(plan)
    found = report(plan, Request())
    assert any("q9z: EC2's figures do not have the family" in line for line in found.unknown)
    assert {fit.type.name.partition(".")[0] for fit in found.fits} <= {"m7g", "r7g"}


def test_an_executor_that_fits_on_no_type_is_reported() -> None:
    found = report(plan_of("dev"), Request(executor=Executor(64, 16)))
    assert found.fits == () and "the executor fits on no type of the pool" in found.unknown


def test_an_unknown_pool_is_answered_with_the_ones_there_are() -> None:
    with pytest.raises(UserError, match="default, memory"):
        report(plan_of("prod"), Request(pool="gpu"))


def test_json_names_every_type_of_every_pool_and_every_limit_s_source() -> None:
    content = json.loads(to_json(report(plan_of("prod"), Request(pool="memory"))))
    pool = next(one for one in content["nodeSets"] if one["name"] == "memory-arm-spot")
    assert {one["type"] for one in pool["types"]} == {
        f"{family}.{size}"
        for family in ("r7gd", "r6gd")
        for size in ("4xlarge", "8xlarge", "12xlarge")
    }
    assert all(one["source"] for one in content["limits"])
    assert content["firstLimit"] == "L-1216C47A"


PREFIXES = PodNetworking(given=True, prefixes=True, warm_prefixes=1)
SINGLE = PodNetworking(given=True, prefixes=False, warm_prefixes=0)


def type_of(name: str) -> InstanceType:
    (found,), missing = lookup([name])
    assert missing == []
    return found


def test_a_node_keeps_what_karpenter_s_own_table_keeps() -> None:
    # karpenter.sh/docs/reference/instance-types: m5.2xlarge, 58 pods: 7910m and 29317Mi.
    node = type_of("m5.2xlarge")
    assert node.interface_limited_pods() == 58
    assert round(node.free_cpu() * 1000) == 7910
    assert int(node.free_memory_gib(58) * 1024) == 29317


def test_types_that_ec2_lacks_have_no_figures() -> None:
    found, missing = lookup(["m7g.large", "m7g.24xlarge", "q9z.large"])
    assert [one.name for one in found] == ["m7g.large"]
    assert missing == ["m7g.24xlarge", "q9z.large"]


@pytest.mark.parametrize(
    ("pods", "addresses"), [(1, 33), (16, 33), (17, 49), (110, 1 + 16 * 8), (224, 2 + 16 * 15)]
)
def test_prefixes_have_sixteen_addresses_and_one_is_kept_ready(pods: int, addresses: int) -> None:
    # 15 addresses an interface: the first is the interface's own, 14 hold prefixes.
    assert PREFIXES.addresses(type_of("m7g.2xlarge"), pods) == addresses


@pytest.mark.parametrize(("pods", "addresses"), [(1, 30), (14, 30), (15, 45), (100, 60)])
def test_without_prefixes_whole_interfaces_are_taken_one_ready(pods: int, addresses: int) -> None:
    assert SINGLE.addresses(type_of("m7g.2xlarge"), pods) == addresses


def test_a_prefix_an_address_and_a_further_interface_are_each_a_unit_of_address_usage() -> None:
    assert PREFIXES.usage_units(type_of("m7g.2xlarge"), 10) == 1 + 2
    assert PREFIXES.usage_units(type_of("m7g.2xlarge"), 224) == 2 + 15 + 1
    assert SINGLE.usage_units(type_of("m7g.2xlarge"), 10) == 30 + 1
