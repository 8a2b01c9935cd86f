"""VPC endpoints: S3 by gateway, other AWS services by interface."""

import re
from collections.abc import Sequence
from typing import Annotated

import pulumi
import pulumi_aws as aws
from pydantic import AfterValidator

from components.formats import Text

_NAMED_OTHERWISE = {
    "cloudwatch": "monitoring",
    "ecr": "ecr.api and ecr.dkr",
    "elb": "elasticloadbalancing",
    "firehose": "kinesis-firehose",
    "kinesis": "kinesis-streams",
}
"""What a service is called elsewhere, and its endpoint:
docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html."""


def _service(value: str) -> str:
    if value == "s3":
        raise ValueError("needs no interface endpoint: S3 has a gateway endpoint")
    if value in _NAMED_OTHERWISE:
        raise ValueError(f"is not the name of an endpoint: {_NAMED_OTHERWISE[value]}")
    if value.startswith("com.amazonaws."):
        raise ValueError("is a full name; leave out com.amazonaws.<region>.")
    if not re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", value, re.ASCII):
        raise ValueError("is not the name of an AWS service, such as sts or ecr.api")
    return value


Service = Annotated[Text, AfterValidator(_service)]


def label(service: str) -> str:
    """Part of the name of a service's endpoint."""
    return service.replace(".", "-")


def create_endpoints(
    name: str,
    parent: pulumi.Resource,
    *,
    vpc: aws.ec2.Vpc,
    region: str,
    interface_endpoints: Sequence[str],
    route_tables: Sequence[aws.ec2.RouteTable],
    subnet_ids: Sequence[pulumi.Output[str]],
) -> None:
    """The S3 gateway endpoint, and one interface endpoint for each service named."""
    opts = pulumi.ResourceOptions(parent=parent)
    service = f"com.amazonaws.{region}"
    # A gateway endpoint is free of charge; S3 traffic bypasses the NAT gateway.
    aws.ec2.VpcEndpoint(
        f"{name}-s3",
        vpc_id=vpc.id,
        service_name=f"{service}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id for table in route_tables],
        opts=opts,
    )
    if not interface_endpoints:
        return
    group = aws.ec2.SecurityGroup(
        f"{name}-endpoints",
        vpc_id=vpc.id,
        description="HTTPS from the VPC to interface endpoints",
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "cidr_blocks": [vpc.cidr_block],
                "description": "HTTPS from the VPC",
            }
        ],
        egress=[],
        opts=opts,
    )
    for endpoint in interface_endpoints:
        aws.ec2.VpcEndpoint(
            f"{name}-{label(endpoint)}",
            vpc_id=vpc.id,
            service_name=f"{service}.{endpoint}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnet_ids),
            security_group_ids=[group.id],
            opts=opts,
        )
