"""Whether something in a subnet reaches the internet, by its table and gateways."""

from .world import SEEDED, Thing, World

ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"
NAT = "aws:ec2/natGateway:NatGateway"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
SUBNET = "aws:ec2/subnet:Subnet"


def reaches_internet(world: World, subnet_id: str) -> bool:
    """From a private subnet through NAT. A seeded subnet does."""
    subnet = world.get(SUBNET, subnet_id)
    if subnet is None:
        return False
    if subnet.urn == SEEDED:
        return True
    for route in _default_routes(world, subnet_id):
        nat = world.get(NAT, route.text("natGatewayId"))
        if nat and is_public(world, nat.text("subnetId")):
            return True
    return False


def is_public(world: World, subnet_id: str) -> bool:
    """Whether the subnet's own table leads to an internet gateway of its VPC."""
    subnet = world.get(SUBNET, subnet_id)
    return subnet is not None and any(
        (gateway := world.get(GATEWAY, route.text("gatewayId"))) is not None
        and gateway.text("vpcId") == subnet.text("vpcId")
        for route in _default_routes(world, subnet_id)
    )


def _default_routes(world: World, subnet_id: str) -> list[Thing]:
    return [
        route
        for association in world.all(ASSOCIATION, subnetId=subnet_id)
        for route in world.all(ROUTE, routeTableId=association.text("routeTableId"))
        if route.text("destinationCidrBlock") == "0.0.0.0/0"
    ]
