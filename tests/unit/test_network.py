"""The VPC."""

import pytest

from tests.plans import named, of_type, plan_of


def test_every_zone_has_a_public_and_a_private_subnet_of_the_block() -> None:
    subnets = {one.name: one.inputs for one in of_type(plan_of("prod"), "ec2/subnet:Subnet")}
    blocks = {name: (one["availabilityZone"], one["cidrBlock"]) for name, one in subnets.items()}
    assert blocks == {
        "network-private-a": ("us-west-2a", "10.0.0.0/18"),
        "network-private-b": ("us-west-2b", "10.0.64.0/18"),
        "network-private-c": ("us-west-2c", "10.0.128.0/18"),
        "network-public-a": ("us-west-2a", "10.0.240.0/23"),
        "network-public-b": ("us-west-2b", "10.0.242.0/23"),
        "network-public-c": ("us-west-2c", "10.0.244.0/23"),
    }


@pytest.mark.parametrize("zones", ["[b, a]", "[a, b, c]", "[f, b, a, d]", "[a, b, c, d, e, f]"])
def test_other_zones_in_any_order_move_no_subnet_and_not_the_control_plane(zones: str) -> None:
    before, after = plan_of("dev"), plan_of("dev", f"network.zones={zones}")
    two, more = (
        {one.urn: one.inputs for one in of_type(plan, "ec2/subnet:Subnet")}
        for plan in (before, after)
    )
    assert two.items() <= more.items()
    clusters = [named(plan, "Cluster", "cluster-eks").inputs for plan in (before, after)]
    assert clusters[0] == clusters[1]


def test_the_control_plane_is_in_the_zones_that_it_is_given() -> None:
    plan = plan_of("dev", "network.zones=[a, b, c]", "cluster.zones=[c, b]")
    subnets = named(plan, "Cluster", "cluster-eks").inputs["subnetIds"]
    assert subnets == ["subnet-network-private-b", "subnet-network-private-c"]


def test_s3_traffic_of_every_private_subnet_takes_the_free_gateway_endpoint() -> None:
    endpoint = named(plan_of("prod"), "VpcEndpoint", "network-s3").inputs
    assert endpoint["vpcEndpointType"] == "Gateway"
    assert endpoint["serviceName"] == "com.amazonaws.us-west-2.s3"
    assert endpoint["routeTableIds"] == [f"rtb-network-private-{zone}" for zone in "abc"]


def test_interface_endpoints_are_created_by_name_and_allow_the_vpc_only() -> None:
    plan = plan_of("prod")
    services = {
        one.inputs["serviceName"].removeprefix("com.amazonaws.us-west-2.")
        for one in of_type(plan, "VpcEndpoint")
        if one.inputs["vpcEndpointType"] == "Interface"
    }
    assert services == {"ec2", "ecr.api", "ecr.dkr", "sts"}
    (rule,) = named(plan, "SecurityGroup", "network-endpoints").inputs["ingress"]
    assert (rule["fromPort"], rule["toPort"], rule["cidrBlocks"]) == (443, 443, ["10.0.0.0/16"])
    assert len(of_type(plan_of("dev"), "VpcEndpoint")) == 1


def test_subnets_are_tagged_for_load_balancers_and_for_karpenter() -> None:
    plan = plan_of("dev")
    private = named(plan, "Subnet", "network-private-a").inputs["tags"]
    assert private["kubernetes.io/role/internal-elb"] == "1"
    assert private["karpenter.sh/discovery"] == "spark-dev"
    public = named(plan, "Subnet", "network-public-a").inputs
    assert public["tags"]["kubernetes.io/role/elb"] == "1"
    assert "karpenter.sh/discovery" not in public["tags"]
    assert public["mapPublicIpOnLaunch"] is False
