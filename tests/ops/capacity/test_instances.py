"""EC2's figures, and the resources of a node that are left for pods."""

import pytest

from ops.capacity.instances import InstanceType, lookup
from ops.capacity.network import PodNetworking

PREFIXES = PodNetworking(given=True, prefixes=True, warm_prefixes=1)
SINGLE = PodNetworking(given=True, prefixes=False, warm_prefixes=0)


def one(name: str) -> InstanceType:
    (found,), missing = lookup([name])
    assert missing == []
    return found


def test_a_node_keeps_what_karpenter_s_own_table_keeps() -> None:
    # karpenter.sh/docs/reference/instance-types: m5.2xlarge, 58 pods: 7910m and 29317Mi.
    node = one("m5.2xlarge")
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
    assert PREFIXES.addresses(one("m7g.2xlarge"), pods) == addresses


@pytest.mark.parametrize(("pods", "addresses"), [(1, 30), (14, 30), (15, 45), (100, 60)])
def test_without_prefixes_whole_interfaces_are_taken_with_one_ready(
    pods: int, addresses: int
) -> None:
    assert SINGLE.addresses(one("m7g.2xlarge"), pods) == addresses


def test_a_prefix_an_address_and_a_further_interface_are_each_a_unit_of_address_usage() -> None:
    assert PREFIXES.usage_units(one("m7g.2xlarge"), 10) == 1 + 2
    assert PREFIXES.usage_units(one("m7g.2xlarge"), 224) == 2 + 15 + 1
    assert SINGLE.usage_units(one("m7g.2xlarge"), 10) == 30 + 1
