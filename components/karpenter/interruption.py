"""The queue that tells Karpenter of Spot interruptions and other ends of instances."""

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.base import child
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
"""Rule to (source, detail type). Karpenter acts on all but the recommendation to rebalance, which
it records as an event on the node."""


class InterruptionQueue(pulumi.ComponentResource):
    """An encrypted queue, and one EventBridge rule for each kind of event."""

    def __init__(
        self,
        name: str,
        *,
        cloud: Cloud,
        cluster_name: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:karpenter:InterruptionQueue", name, None, opts)
        queue = aws.sqs.Queue(
            f"{name}-queue",
            name=cluster_name,
            # A message about an instance is of no use after five minutes.
            message_retention_seconds=300,
            sqs_managed_sse_enabled=True,
            opts=child(self),
        )
        policy = aws.sqs.QueuePolicy(
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
            opts=child(self),
        )
        targets = [self._forward(name, rule, *event, queue) for rule, event in EVENTS.items()]
        self.queue_name: pulumi.Output[str] = queue.name
        self.queue_arn: pulumi.Output[str] = queue.arn
        self.ready: Sequence[pulumi.Resource] = [policy, *targets]
        self.register_outputs({"queueName": self.queue_name})

    def _forward(
        self, name: str, rule: str, source: str, detail_type: str, queue: aws.sqs.Queue
    ) -> aws.cloudwatch.EventTarget:
        event_rule = aws.cloudwatch.EventRule(
            f"{name}-{rule}",
            description=f"{detail_type}, for Karpenter",
            event_pattern=json.dumps({"source": [source], "detail-type": [detail_type]}),
            opts=child(self),
        )
        return aws.cloudwatch.EventTarget(
            f"{name}-{rule}", rule=event_rule.name, arn=queue.arn, opts=child(self)
        )
