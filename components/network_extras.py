"""What a VPC has beside subnets and routes: endpoints to AWS services, and flow logs."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.base import child
from components.identity import Statement, Text, policy_document, service_trust


def create_endpoints(
    name: str,
    parent: pulumi.Resource,
    *,
    vpc: aws.ec2.Vpc,
    region: str,
    interface_endpoints: Sequence[str],
    route_tables: Sequence[aws.ec2.RouteTable],
    subnet_ids: Sequence[pulumi.Output[str]],
) -> list[pulumi.Resource]:
    """The S3 gateway endpoint, and one interface endpoint for each service named."""
    service = f"com.amazonaws.{region}"
    # A gateway endpoint costs nothing, and keeps S3 traffic off the NAT gateway's bill.
    created: list[pulumi.Resource] = [
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            service_name=f"{service}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in route_tables],
            opts=child(parent),
        )
    ]
    if not interface_endpoints:
        return created
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
        opts=child(parent),
    )
    return created + [
        aws.ec2.VpcEndpoint(
            f"{name}-{endpoint.replace('.', '-')}",
            vpc_id=vpc.id,
            service_name=f"{service}.{endpoint}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnet_ids),
            security_group_ids=[group.id],
            opts=child(parent),
        )
        for endpoint in interface_endpoints
    ]


def create_flow_logs(
    name: str, parent: pulumi.Resource, vpc: aws.ec2.Vpc, *, account: Text, retention_days: int
) -> None:
    """Accepted and rejected connections of the VPC, in CloudWatch for so many days."""
    logs = aws.cloudwatch.LogGroup(
        f"{name}-flow-logs",
        retention_in_days=retention_days,
        opts=child(parent),
    )
    role = aws.iam.Role(
        f"{name}-flow-logs",
        assume_role_policy=service_trust("vpc-flow-logs.amazonaws.com", account),
        opts=child(parent),
    )
    writing = aws.iam.RolePolicy(
        f"{name}-flow-logs",
        role=role.id,
        policy=policy_document(
            [
                Statement(
                    "WriteFlowLogs",
                    [
                        "logs:CreateLogStream",
                        "logs:PutLogEvents",
                        "logs:DescribeLogGroups",
                        "logs:DescribeLogStreams",
                    ],
                    [logs.arn, pulumi.Output.concat(logs.arn, ":*")],
                )
            ]
        ),
        opts=child(parent),
    )
    aws.ec2.FlowLog(
        f"{name}-flow-logs",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=logs.arn,
        iam_role_arn=role.arn,
        opts=child(parent, depends_on=[writing]),
    )
