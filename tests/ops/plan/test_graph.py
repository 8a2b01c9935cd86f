"""Dependencies of a plan: by option, by input, by provider."""

from ops.plan.graph import Graph
from tests.ops.diff.plans import plan, resource

PROVIDER = resource("pulumi:providers:aws", "aws")
VPC = resource("aws:ec2/vpc:Vpc", "vpc", provider=PROVIDER.urn)
SUBNET = resource("aws:ec2/subnet:Subnet", "subnet", property_dependencies={"vpcId": (VPC.urn,)})
GROUP = resource("aws:eks/nodeGroup:NodeGroup", "group", dependencies=(SUBNET.urn,))
OTHER = resource("aws:sqs/queue:Queue", "other")


def test_below_is_everything_that_exists_before_and_missing_what_may_be_deleted_first():
    graph = Graph(plan(PROVIDER, VPC, SUBNET, GROUP, OTHER))
    assert graph.below(GROUP) == {SUBNET.urn, VPC.urn, PROVIDER.urn}
    assert graph.missing(GROUP, [VPC, OTHER, GROUP]) == [OTHER]
