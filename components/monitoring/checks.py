"""Checks of `observability` against the rest of the stack."""

from components.autoscaler import AutoscalerKind
from components.base import Problems
from components.monitoring.settings import ObservabilitySettings

_KEY = "observability"


def check_observability(
    settings: ObservabilitySettings,
    *,
    autoscaler: AutoscalerKind,
) -> Problems:
    """Keys that need another key of the stack."""
    metrics, amp, alerts = settings.metrics, settings.amp, settings.alerts
    if not metrics.enabled:
        return
    if settings.cost and "cost" in settings.model_fields_set and autoscaler != "karpenter":
        yield (
            f"{_KEY}.cost",
            f"true needs Karpenter's prices, and autoscaler is {autoscaler}; remove it",
        )
    if not amp.enabled:
        return
    if amp.alerts and alerts.topic_arn is None:
        yield (
            f"{_KEY}.amp.alerts",
            f"true needs {_KEY}.alerts.topicArn: a workspace sends alerts to an SNS topic only",
        )
    if amp.alerts and amp.workspace_arn is not None:
        yield (
            f"{_KEY}.amp.alerts",
            "true beside workspaceArn: the alert manager of a workspace is one for all that write "
            "to it; leave workspaceArn out, or alerts false",
        )
