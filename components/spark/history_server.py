"""The Spark History Server: one per team, with access to that team's logs only.

A server lists one prefix and not those below it: one server for all teams would need their logs
under one prefix, where IAM could not separate them.
"""

from collections.abc import Sequence
from typing import Annotated

import pulumi
import pulumi_kubernetes as k8s

from components.base import Problems, Settings
from components.context import Context
from components.formats import Namespace, entries, text, whole
from components.identity import ServiceAccountRole, Statement
from components.jar_bucket import JarBucket
from components.logs.store import LogStore
from components.names import HISTORY_NAMESPACE, TEAM_LABEL
from components.namespace import create_namespace, create_policies
from components.spark.event_logs import EventLogs, EventLogSettings
from components.spark.history_pod import PORT, HistoryPod, pod_spec
from components.spark.team_network import Spec, dns_policy, https_policy, namespace_selector
from versions import AWS_CLI_IMAGE

Release = Annotated[
    str,
    text(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "the name of a release: at most 64 letters, digits, dots, hyphens and underscores",
    ),
]
JarName = Annotated[
    str,
    text(
        r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}\.jar",
        "the file name of a JAR, such as hadoop-aws-3.4.1.jar",
    ),
]


class HistoryServerSettings(Settings):
    """`spark.historyServer`: a History Server per team, and the bucket of event logs."""

    enabled: bool = False
    """Keep event logs, and install the servers."""
    release: Release | None = None
    """Release of the stack's shared set of JARs that contains hadoop-aws; required."""
    jars: Annotated[list[JarName], entries(1, 10)] = [
        "hadoop-aws-3.4.1.jar",
        "bundle-2.24.6.jar",
    ]
    """Its JARs: hadoop-aws of the image's Hadoop version, and the AWS SDK of that hadoop-aws."""
    memory_mib: Annotated[int, whole(1024, 65_536)] = 2048
    """Memory of one server, in MiB."""
    clients: Annotated[list[Namespace], entries()] = []
    """Namespaces whose pods reach the servers, for example an authenticating proxy: the History
    Server has no authentication. Default: `kubectl port-forward` only."""
    logs: EventLogSettings = EventLogSettings()
    """The bucket of event logs."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])
        if self.enabled and self.release is None:
            yield "", "enabled: true needs release, which holds hadoop-aws"


class HistoryServers(pulumi.ComponentResource):
    """A Deployment and a Service per team, with a role that reads that team's logs.

    Pulumi does not wait for them: until the release is published they cannot become ready.
    """

    def __init__(
        self,
        name: str,
        settings: HistoryServerSettings,
        context: Context,
        *,
        teams: Sequence[str],
        image: str,
        logs: EventLogs,
        pod_logs: LogStore | None,
        jars: JarBucket,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:HistoryServers", name, None, context.options(opts))
        self._context = context
        namespace = create_namespace(
            f"{name}-namespace",
            HISTORY_NAMESPACE,
            "restricted",
            pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        create_policies(f"{name}-{{}}", HISTORY_NAMESPACE, _policies(settings.clients), inside)
        folder = f"{jars.jars_prefix}{settings.release}/"
        for team in teams:
            role = ServiceAccountRole(
                f"{name}-{team}",
                namespace=HISTORY_NAMESPACE,
                service_account=team,
                oidc=context.cluster.oidc,
                cloud=context.cloud,
                policies={
                    "read": [*logs.read_statements(team), *_read_jars(jars, folder, settings.jars)]
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
            account = k8s.core.v1.ServiceAccount(
                f"{name}-{team}",
                metadata={
                    "name": team,
                    "namespace": HISTORY_NAMESPACE,
                    "annotations": {"eks.amazonaws.com/role-arn": role.arn},
                },
                automount_service_account_token=False,
                opts=pulumi.ResourceOptions.merge(
                    inside, pulumi.ResourceOptions(depends_on=[role])
                ),
            )
            pod = HistoryPod(
                image=context.images.pulled(image),
                cli_image=context.images.pulled(AWS_CLI_IMAGE),
                memory_mib=settings.memory_mib,
                region=context.cloud.region,
                logs_url=logs.url(team),
                executor_log_url=pod_logs.executor_url(team) if pod_logs else None,
                jars_url=pulumi.Output.concat("s3://", jars.name, f"/{folder}"),
                jars=settings.jars,
            )
            self._create_server(f"{name}-{team}", team, pod, account)
        self.register_outputs({"namespace": HISTORY_NAMESPACE})

    def _create_server(
        self,
        name: str,
        team: str,
        pod: HistoryPod,
        account: pulumi.Resource,
    ) -> None:
        labels = {"app.kubernetes.io/name": "spark-history", TEAM_LABEL: team}
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": team,
            "namespace": HISTORY_NAMESPACE,
            "labels": labels,
            "annotations": {"pulumi.com/skipAwait": "true"},
        }
        k8s.apps.v1.Deployment(
            name,
            metadata=metadata,
            spec={
                # One, without state of its own. A disruption budget would have no effect or block
                # every drain of its node.
                "replicas": 1,
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": pod_spec(pod, account=team, placement=self._context.placement),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
        )
        k8s.core.v1.Service(
            name,
            metadata=metadata,
            spec={
                "type": "ClusterIP",
                "selector": labels,
                "ports": [{"name": "http", "port": PORT, "target_port": PORT}],
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
        )


def _read_jars(jars: JarBucket, folder: str, names: Sequence[str]) -> list[Statement]:
    """Access to the named JARs of the release; copies by name need no ListBucket."""
    statements = [
        Statement(
            "ReadJars",
            ["s3:GetObject"],
            [pulumi.Output.concat(jars.arn, f"/{folder}{name}") for name in names],
        )
    ]
    if jars.key_arn is not None:
        statements.append(Statement("DecryptJars", ["kms:Decrypt"], [jars.key_arn]))
    return statements


def _policies(clients: Sequence[str]) -> dict[str, Spec]:
    policies: dict[str, Spec] = {
        "deny-all": {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        "dns": dns_policy(),
        "https": https_policy(),
    }
    if clients:
        policies["clients"] = {
            "pod_selector": {},
            "policy_types": ["Ingress"],
            "ingress": [
                {
                    "from_": [{"namespace_selector": namespace_selector(one)} for one in clients],
                    "ports": [{"protocol": "TCP", "port": PORT}],
                }
            ],
        }
    return policies
