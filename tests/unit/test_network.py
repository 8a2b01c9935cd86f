"""The VPC."""

from tests.plans import named, of_type, plan_of


def test_every_zone_has_a_public_and_a_private_subnet_of_the_block() -> None:
    subnets = {one.name: one.inputs for one in of_type(plan_of("prod"), "ec2/subnet:Subnet")}
    blocks = {name: (one["availabilityZone"], one["cidrBlock"]) for name, one in subnets.items()}
    assert blocks == {
        "network-private-a": ("us-west-2a", "10.0.0.0/18"),
        "network-private-b": ("us-west-2b", "10.0.64.0/18"),
        "network-private-c": ("us-west-2c", "10.0.128.0/18"),
        "network-public-a": ("us-west-2a", "10.0.192.0/22"),
        "network-public-b": ("us-west-2b", "10.0.196.0/22"),
        "network-public-c": ("us-west-2c", "10.0.200.0/22"),
    }


def test_a_zone_added_at_the_end_moves_no_subnet() -> None:
    two = {one.urn: one.inputs for one in of_type(plan_of("dev"), "ec2/subnet:Subnet")}
    three = {
        one.urn: one.inputs
        for one in of_type(plan_of("dev", "network.zones=[a, b, c]"), "ec2/subnet:Subnet")
    }
    assert two.items() <= three.items()


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
