"""Dependencies of a plan: by option, by input, by provider, direct and transitive."""

from ops.plan.graph import Graph, direct, inputs_from
from tests.ops.diff.plans import plan, resource

PROVIDER = resource("pulumi:providers:aws", "aws")
VPC = resource("aws:ec2/vpc:Vpc", "vpc", provider=PROVIDER.urn)
SUBNET = resource("aws:ec2/subnet:Subnet", "subnet", property_dependencies={"vpcId": (VPC.urn,)})
GROUP = resource("aws:eks/nodeGroup:NodeGroup", "group", dependencies=(SUBNET.urn,))
OTHER = resource("aws:sqs/queue:Queue", "other")
PLAN = plan(PROVIDER, VPC, SUBNET, GROUP, OTHER)


def test_a_resource_depends_on_its_options_its_inputs_and_its_provider():
    assert [direct(one) for one in (VPC, SUBNET, GROUP)] == [
        {PROVIDER.urn},
        {VPC.urn},
        {SUBNET.urn},
    ]


def test_below_is_everything_that_exists_before():
    graph = Graph(PLAN)
    assert graph.below(GROUP) == {SUBNET.urn, VPC.urn, PROVIDER.urn}
    assert graph.below(OTHER) == frozenset()


def test_missing_are_the_needed_resources_that_may_be_deleted_first():
    assert Graph(PLAN).missing(GROUP, [VPC, OTHER, GROUP]) == [OTHER]


def test_a_circle_of_dependencies_ends():
    one = resource("a:b:C", "one", dependencies=(OTHER.urn,))
    other = resource("aws:sqs/queue:Queue", "other", dependencies=(one.urn,))
    assert Graph(plan(one, other)).below(one) == {one.urn, other.urn}


def test_an_input_has_the_resources_that_it_comes_from():
    gone = resource("aws:ec2/subnet:Subnet", "s", property_dependencies={"vpcId": ("gone",)})
    assert inputs_from(SUBNET, "vpcId", PLAN) == [VPC]
    assert inputs_from(gone, "vpcId", PLAN) == inputs_from(SUBNET, "tags", PLAN) == []
