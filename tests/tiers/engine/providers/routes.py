"""Whether something in a subnet reaches the internet, by its table and gateways."""

from .cloud import SEEDED, Cloud, Thing

ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"
NAT = "aws:ec2/natGateway:NatGateway"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
SUBNET = "aws:ec2/subnet:Subnet"


def reaches_internet(cloud: Cloud, subnet_id: str) -> bool:
    """From a private subnet through NAT. A seeded subnet does."""
    subnet = cloud.get(SUBNET, subnet_id)
    if subnet is None:
        return False
    if subnet.urn == SEEDED:
        return True
    for route in _default_routes(cloud, subnet_id):
        nat = cloud.get(NAT, route.text("natGatewayId"))
        if nat and is_public(cloud, nat.text("subnetId")):
            return True
    return False


def is_public(cloud: Cloud, subnet_id: str) -> bool:
    """Whether the subnet's own table leads to an internet gateway of its VPC."""
    subnet = cloud.get(SUBNET, subnet_id)
    return subnet is not None and any(
        (gateway := cloud.get(GATEWAY, route.text("gatewayId"))) is not None
        and gateway.text("vpcId") == subnet.text("vpcId")
        for route in _default_routes(cloud, subnet_id)
    )


def _default_routes(cloud: Cloud, subnet_id: str) -> list[Thing]:
    return [
        route
        for association in cloud.all(ASSOCIATION, subnetId=subnet_id)
        for route in cloud.all(ROUTE, routeTableId=association.text("routeTableId"))
        if route.text("destinationCidrBlock") == "0.0.0.0/0"
    ]
