"""The queue of Spot interruptions and other instance events for Karpenter."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.cloud import Cloud
from components.identity import Statement, policy_document

EVENTS: Mapping[str, tuple[str, str]] = {
    "health": ("aws.health", "AWS Health Event"),
    "spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
    "capacity-reservation": (
        "aws.ec2",
        "EC2 Capacity Reservation Instance Interruption Warning",
    ),
}
"""Rule to (source, detail type). Karpenter acts on all but the rebalance recommendation, which it
records as an event of the node."""


class InterruptionQueue(pulumi.ComponentResource):
    """An encrypted queue, and one EventBridge rule per kind of event."""

    def __init__(
        self,
        name: str,
        *,
        cloud: Cloud,
        cluster_name: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:karpenter:InterruptionQueue", name, None, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            f"{name}-queue",
            name=cluster_name,
            # After five minutes a message about an instance is outdated.
            message_retention_seconds=300,
            sqs_managed_sse_enabled=True,
            opts=self._own,
        )
        aws.sqs.QueuePolicy(
            f"{name}-queue",
            queue_url=queue.url,
            policy=policy_document(
                [
                    Statement(
                        "EventsSend",
                        ["sqs:SendMessage"],
                        [queue.arn],
                        principals={"Service": "events.amazonaws.com"},
                        conditions={"ArnLike": {"aws:SourceArn": cloud.arn("events", "rule/*")}},
                    ),
                    Statement(
                        "DenyWithoutTls",
                        ["sqs:*"],
                        [queue.arn],
                        conditions={"Bool": {"aws:SecureTransport": "false"}},
                        principals="*",
                        effect="Deny",
                    ),
                ]
            ),
            opts=self._own,
        )
        for rule, event in EVENTS.items():
            self._forward(name, rule, *event, queue)
        self.queue_name: pulumi.Output[str] = queue.name
        self.queue_arn: pulumi.Output[str] = queue.arn
        self.register_outputs({"queueName": self.queue_name})

    def _forward(
        self, name: str, rule: str, source: str, detail_type: str, queue: aws.sqs.Queue
    ) -> None:
        event_rule = aws.cloudwatch.EventRule(
            f"{name}-{rule}",
            description=f"{detail_type}, for Karpenter",
            event_pattern=json.dumps({"source": [source], "detail-type": [detail_type]}),
            opts=self._own,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-{rule}", rule=event_rule.name, arn=queue.arn, opts=self._own
        )
