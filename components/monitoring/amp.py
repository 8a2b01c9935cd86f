"""Amazon Managed Service for Prometheus: a workspace that keeps metrics, and may send alerts.

Sources: docs.aws.amazon.com/prometheus/latest/userguide, the pages on remote write, IAM, the alert
manager and quotas.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.context import Context
from components.identity import (
    ServiceAccountRole,
    Statement,
    own_account_manages_key,
    policy_document,
    wildcards,
)
from components.monitoring.prometheus import PROMETHEUS_ACCOUNT
from components.monitoring.routing import ROUTE, SNS, sns_receiver
from components.monitoring.rules.model import Group
from components.monitoring.settings import AmpSettings
from components.names import MONITORING_NAMESPACE


class AmpWorkspace(pulumi.ComponentResource):
    """The workspace, a given one or the stack's, with the role that may write to it, and its rules
    and alert manager where it sends the alerts."""

    def __init__(
        self,
        name: str,
        settings: AmpSettings,
        context: Context,
        *,
        alerts: Sequence[Group],
        topic_arn: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`alerts` are the groups that the workspace evaluates, none where Prometheus does."""
        super().__init__("spark-on-eks:monitoring:AmpWorkspace", name, None, context.options(opts))
        self._name, self._context = name, context
        self._reasons: dict[str, Sequence[Statement]] = {}
        if settings.workspace_arn is None:
            workspace = self._create(settings)
            self.arn: pulumi.Input[str] = workspace.arn
            self.id: pulumi.Input[str] = workspace.id
        else:
            self.arn = settings.workspace_arn
            self.id = settings.workspace_arn.rpartition("/")[2]
        self.writer = ServiceAccountRole(
            f"{name}-writer",
            namespace=MONITORING_NAMESPACE,
            service_account=PROMETHEUS_ACCOUNT,
            oidc=context.cluster.oidc,
            cloud=context.cloud,
            policies={"write": [Statement("RemoteWrite", ["aps:RemoteWrite"], [self.arn])]},
            opts=pulumi.ResourceOptions(parent=self),
        )
        if alerts and topic_arn:
            self._create_alerts(alerts, topic_arn)
        self.register_outputs({"arn": self.arn, **wildcards(self._reasons)})

    def remote_write(self, kept: Sequence[str]) -> Mapping[str, Any]:
        """Value `remoteWrite` of kube-prometheus-stack: these metrics go to the workspace.

        Prometheus signs with the role of its service account.
        """
        region = self._context.cloud.region
        host = f"aps-workspaces.{region}.{self._context.cloud.dns_suffix}"
        return {
            "url": pulumi.Output.concat(
                f"https://{host}/workspaces/", self.id, "/api/v1/remote_write"
            ),
            "sigv4": {"region": region},
            "queueConfig": {
                "maxSamplesPerSend": 1000,
                "maxShards": 50,
                "capacity": 5000,
                # AMP answers 429 above its quota; by default the samples would be dropped.
                "retryOnRateLimit": True,
            },
            "writeRelabelConfigs": [
                {"action": "keep", "sourceLabels": ["__name__"], "regex": "|".join(kept)}
            ],
        }

    def _create(self, settings: AmpSettings) -> aws.amp.Workspace:
        own = pulumi.ResourceOptions(parent=self)
        # What the workspace holds exists nowhere else.
        protect = pulumi.ResourceOptions(protect=self._context.protect or None)
        kept = pulumi.ResourceOptions.merge(own, protect)
        cloud, cluster = self._context.cloud, self._context.cluster
        key_arn: pulumi.Input[str] | None = settings.kms_key_arn
        if settings.encryption == "kms" and key_arn is None:
            statements = [own_account_manages_key(cloud)]
            key = aws.kms.Key(
                f"{self._name}-key",
                description=f"Metrics of {cluster.name}",
                enable_key_rotation=True,
                deletion_window_in_days=30,
                policy=policy_document(statements),
                opts=kept,
            )
            self._reasons[f"{self._name}-key"] = statements
            key_arn = key.arn
        workspace = aws.amp.Workspace(
            f"{self._name}-workspace",
            alias=cluster.name,
            kms_key_arn=key_arn,
            opts=kept,
        )
        aws.amp.WorkspaceConfiguration(
            f"{self._name}-retention",
            workspace_id=workspace.id,
            retention_period_in_days=settings.retention_days,
            opts=own,
        )
        return workspace

    def _create_alerts(self, alerts: Sequence[Group], topic_arn: str) -> None:
        own = pulumi.ResourceOptions(parent=self)
        for group in alerts:
            aws.amp.RuleGroupNamespace(
                f"{self._name}-{group.name}",
                name=group.name,
                workspace_id=self.id,
                # JSON is YAML.
                data=json.dumps({"groups": [group.render()]}, indent=1),
                opts=own,
            )
        definition = {
            "route": {"receiver": SNS, **ROUTE},
            "receivers": [sns_receiver(topic_arn, self._context.cloud.region)],
        }
        aws.amp.AlertManagerDefinition(
            f"{self._name}-alerts",
            workspace_id=self.id,
            definition=json.dumps({"alertmanager_config": json.dumps(definition)}, indent=1),
            opts=own,
        )
