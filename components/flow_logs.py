"""VPC flow logs in CloudWatch."""

import pulumi
import pulumi_aws as aws

from components.base import Problems, Settings
from components.formats import RetentionDays
from components.identity import Statement, Text, policy_document, service_trust


class FlowLogSettings(Settings):
    enabled: bool = False
    """Record accepted and rejected traffic in CloudWatch Logs."""
    retention_days: RetentionDays = 30
    """Retention in days."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])


def create_flow_logs(
    name: str, parent: pulumi.Resource, vpc: aws.ec2.Vpc, *, account: Text, retention_days: int
) -> None:
    """A flow log of accepted and rejected traffic in CloudWatch Logs, with a retention in days."""
    opts = pulumi.ResourceOptions(parent=parent)
    logs = aws.cloudwatch.LogGroup(
        f"{name}-flow-logs",
        retention_in_days=retention_days,
        opts=opts,
    )
    role = aws.iam.Role(
        f"{name}-flow-logs",
        assume_role_policy=service_trust("vpc-flow-logs.amazonaws.com", account),
        opts=opts,
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
        opts=opts,
    )
    aws.ec2.FlowLog(
        f"{name}-flow-logs",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=logs.arn,
        iam_role_arn=role.arn,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[writing])),
    )
