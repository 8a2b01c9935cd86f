"""The VPC: public and private subnets over N zones, NAT, endpoints, flow logs; or an existing
one."""

import ipaddress
from typing import Annotated, Literal, get_args

import pulumi
import pulumi_aws as aws
from pydantic import AfterValidator, Field

from components.base import Problems, Settings
from components.cloud import Cloud
from components.endpoints import Service, create_endpoints, label
from components.flow_logs import FlowLogSettings, create_flow_logs
from components.formats import Text, ZoneLetter, Zones, entries, ipv4_block, text, within

_EVERYWHERE = "0.0.0.0/0"
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15")
_SUBNET_OVERHEAD = 5
"""Addresses that AWS keeps in each subnet:
docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html."""

_ID = r"([0-9a-f]{8}|[0-9a-f]{17})"
VpcId = Annotated[str, text(rf"vpc-{_ID}", "a VPC's id, such as vpc-0a1b2c3d4e5f60718")]
SubnetId = Annotated[str, text(rf"subnet-{_ID}", "a subnet's id, such as subnet-0a1b2c3d4e5f60711")]


def _vpc_block(value: str) -> str:
    block = ipv4_block(value)
    if not 16 <= block.prefixlen <= 20 or not within(block, _PRIVATE):
        raise ValueError("must be a private IPv4 block of /16 to /20, for example 10.0.0.0/16")
    return value


class ExistingNetwork(Settings):
    """A VPC that the stack does not own: nothing in it is changed."""

    vpc_id: VpcId
    """Id of the VPC."""
    private_subnets: Annotated[dict[ZoneLetter, SubnetId], Field(min_length=2)]
    """Zone letter to subnet id, in at least two zones: of nodes and the control plane."""

    def problems(self) -> Problems:
        zones: dict[str, str] = {}
        for zone, subnet in self.private_subnets.items():
            if subnet in zones:
                text = f"'{subnet}' is the subnet of zone {zones[subnet]}, too"
                yield f"privateSubnets.{zone}", text
            zones[subnet] = zone


class NetworkSettings(Settings):
    """`network`: the VPC of the stack."""

    existing: ExistingNetwork | None = None
    """An existing VPC; every other key of this object is then refused."""
    cidr: Annotated[Text, AfterValidator(_vpc_block)] = "10.0.0.0/16"
    """CIDR block of the VPC, /16 to /20. A change replaces the VPC and everything in it."""
    zones: Zones = ["a", "b", "c"]
    """Letters of the Availability Zones, in any order. Each letter has its own block: a, b and c a
    quarter of the VPC, d, e and f a sixteenth; other zones do not move it."""
    nat_gateways: Literal["single", "perZone"] = "single"
    """One NAT gateway, or one per zone: no cross-zone charge, survives the loss of a zone."""
    interface_endpoints: Annotated[list[Service], entries(most=50)] = []
    """AWS services with an interface endpoint, reached without NAT: `ecr.api`, `ecr.dkr`, `sts`,
    `ec2`, `eks-auth`..."""
    flow_logs: FlowLogSettings = FlowLogSettings()
    """VPC flow logs."""

    def problems(self) -> Problems:
        if self.existing is not None:
            yield from self.without_effect("beside network.existing", but=["existing"])
        labels: dict[str, str] = {}
        for index, service in enumerate(self.interface_endpoints):
            other = labels.setdefault(label(service), service)
            if other != service:
                text = f"'{service}' has the same resource as '{other}'"
                yield f"interfaceEndpoints[{index}]", text

    @property
    def zone_letters(self) -> list[str]:
        """Letters of the zones of the private subnets, sorted."""
        return sorted(self.existing.private_subnets) if self.existing else list(self.zones)

    def private_blocks(self) -> dict[str, ipaddress.IPv4Network]:
        """CIDR blocks of the private subnets by zone: three quarters of the VPC for a, b and c, and
        three quarters of the last quarter for d, e and f."""
        *quarters, last = ipaddress.IPv4Network(self.cidr).subnets(prefixlen_diff=2)
        *sixteenths, _ = last.subnets(prefixlen_diff=2)
        return self._by_zone([*quarters, *sixteenths])

    def public_blocks(self) -> dict[str, ipaddress.IPv4Network]:
        """CIDR blocks of the public subnets by zone: eighths of the VPC's last sixteenth."""
        *_, last = ipaddress.IPv4Network(self.cidr).subnets(prefixlen_diff=4)
        return self._by_zone(list(last.subnets(prefixlen_diff=3)))

    def private_addresses(self) -> int:
        """Addresses for nodes and pods in a network that the stack creates."""
        blocks = self.private_blocks().values()
        return sum(block.num_addresses - _SUBNET_OVERHEAD for block in blocks)

    def _by_zone(self, slots: list[ipaddress.IPv4Network]) -> dict[str, ipaddress.IPv4Network]:
        """The slot of each zone, which its letter alone decides: a subnet cannot be moved."""
        of_letter = dict(zip(get_args(ZoneLetter), slots, strict=False))
        return {zone: of_letter[zone] for zone in self.zones}


class Network(pulumi.ComponentResource):
    """The VPC of a stack, created or existing.

    Resources that need routes and endpoints depend on this component, and are deleted before it.
    """

    vpc_id: pulumi.Output[str]
    private_subnets: dict[str, pulumi.Output[str]]
    """Zone letter to subnet id."""

    def __init__(
        self,
        name: str,
        settings: NetworkSettings,
        *,
        cloud: Cloud,
        cluster_name: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:network:Network", name, None, opts)
        self._name, self._settings, self._cloud = name, settings, cloud
        self._own = pulumi.ResourceOptions(parent=self)
        if settings.existing is not None:
            self.vpc_id = pulumi.Output.from_input(settings.existing.vpc_id)
            self.private_subnets = {
                zone: pulumi.Output.from_input(subnet)
                for zone, subnet in sorted(settings.existing.private_subnets.items())
            }
        else:
            self._create(cluster_name)
        self.register_outputs(
            {"vpcId": self.vpc_id, "privateSubnetIds": list(self.private_subnets.values())}
        )

    @property
    def private_subnet_ids(self) -> list[pulumi.Output[str]]:
        """Ids of the private subnets, in the order of the zones."""
        return list(self.private_subnets.values())

    def _create(self, cluster_name: str) -> None:
        vpc = aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=self._settings.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": cluster_name},
            opts=self._own,
        )
        self.vpc_id = vpc.id
        # Nothing uses the default security group: it gets no rules.
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default", vpc_id=vpc.id, ingress=[], egress=[], opts=self._own
        )
        public = self._create_public_subnets(vpc, cluster_name)
        route_tables = self._create_private_subnets(vpc, cluster_name, public)
        create_endpoints(
            self._name,
            self,
            vpc=vpc,
            region=self._cloud.region,
            interface_endpoints=self._settings.interface_endpoints,
            route_tables=route_tables,
            subnet_ids=self.private_subnet_ids,
        )
        if self._settings.flow_logs.enabled:
            create_flow_logs(
                self._name,
                self,
                vpc,
                account=self._cloud.account,
                retention_days=self._settings.flow_logs.retention_days,
            )

    def _create_public_subnets(
        self, vpc: aws.ec2.Vpc, cluster_name: str
    ) -> dict[str, aws.ec2.Subnet]:
        gateway = aws.ec2.InternetGateway(f"{self._name}-igw", vpc_id=vpc.id, opts=self._own)
        table = aws.ec2.RouteTable(
            f"{self._name}-public",
            vpc_id=vpc.id,
            tags={"Name": f"{cluster_name}-public"},
            opts=self._own,
        )
        self._to_internet = aws.ec2.Route(
            f"{self._name}-public-internet",
            route_table_id=table.id,
            destination_cidr_block=_EVERYWHERE,
            gateway_id=gateway.id,
            opts=self._own,
        )
        subnets: dict[str, aws.ec2.Subnet] = {}
        for zone, block in self._settings.public_blocks().items():
            subnets[zone] = aws.ec2.Subnet(
                f"{self._name}-public-{zone}",
                vpc_id=vpc.id,
                availability_zone=f"{self._cloud.region}{zone}",
                cidr_block=str(block),
                # For load balancers and NAT gateways only, which have addresses of their own.
                map_public_ip_on_launch=False,
                tags={
                    "Name": f"{cluster_name}-public-{zone}",
                    "kubernetes.io/role/elb": "1",
                },
                opts=self._own,
            )
            aws.ec2.RouteTableAssociation(
                f"{self._name}-public-{zone}",
                subnet_id=subnets[zone].id,
                route_table_id=table.id,
                opts=self._own,
            )
        return subnets

    def _create_private_subnets(
        self, vpc: aws.ec2.Vpc, cluster_name: str, public: dict[str, aws.ec2.Subnet]
    ) -> list[aws.ec2.RouteTable]:
        gateways = self._create_nat_gateways(cluster_name, public)
        self.private_subnets, tables = {}, []
        for zone, block in self._settings.private_blocks().items():
            subnet = aws.ec2.Subnet(
                f"{self._name}-private-{zone}",
                vpc_id=vpc.id,
                availability_zone=f"{self._cloud.region}{zone}",
                cidr_block=str(block),
                tags={
                    "Name": f"{cluster_name}-private-{zone}",
                    "kubernetes.io/role/internal-elb": "1",
                    "karpenter.sh/discovery": cluster_name,
                },
                opts=self._own,
            )
            # One per zone even with a single NAT gateway: changing to `perZone` then only changes
            # routes.
            table = aws.ec2.RouteTable(
                f"{self._name}-private-{zone}",
                vpc_id=vpc.id,
                tags={"Name": f"{cluster_name}-private-{zone}"},
                opts=self._own,
            )
            gateway = gateways.get(zone) or next(iter(gateways.values()))
            aws.ec2.Route(
                f"{self._name}-private-{zone}-internet",
                route_table_id=table.id,
                destination_cidr_block=_EVERYWHERE,
                nat_gateway_id=gateway.id,
                opts=self._own,
            )
            aws.ec2.RouteTableAssociation(
                f"{self._name}-private-{zone}",
                subnet_id=subnet.id,
                route_table_id=table.id,
                opts=self._own,
            )
            self.private_subnets[zone] = subnet.id
            tables.append(table)
        return tables

    def _create_nat_gateways(
        self, cluster_name: str, public: dict[str, aws.ec2.Subnet]
    ) -> dict[str, aws.ec2.NatGateway]:
        per_zone = self._settings.nat_gateways == "perZone"
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self._to_internet])
        gateways: dict[str, aws.ec2.NatGateway] = {}
        for zone in self._settings.zones if per_zone else self._settings.zones[:1]:
            address = aws.ec2.Eip(
                f"{self._name}-nat-{zone}",
                domain="vpc",
                tags={"Name": f"{cluster_name}-nat-{zone}"},
                opts=opts,
            )
            gateways[zone] = aws.ec2.NatGateway(
                f"{self._name}-nat-{zone}",
                subnet_id=public[zone].id,
                allocation_id=address.id,
                tags={"Name": f"{cluster_name}-{zone}"},
                opts=opts,
            )
        return gateways
