"""How alerts are grouped and sent, by the cluster's Alertmanager as by that of a workspace."""

from collections.abc import Mapping
from typing import Any

SNS = "sns"
"""The receiver's name."""
ROUTE: Mapping[str, Any] = {
    "group_by": ["alertname", "namespace"],
    "group_wait": "30s",
    "group_interval": "5m",
    "repeat_interval": "12h",
}


def sns_receiver(topic_arn: str, region: str, **more: str) -> dict[str, Any]:
    """The receiver that publishes to a topic; `more` are further fields of its messages."""
    sends = {"topic_arn": topic_arn, "sigv4": {"region": region}, **more, "send_resolved": True}
    return {"name": SNS, "sns_configs": [sends]}
