"""The Spark History Server: one for each team, each reading its own team's logs and no other's.

A server lists the folder that it is given and not the folders below, so one server for all teams
would need all their logs in one folder, where no right could tell them apart.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field, model_validator

from components.base import Settings, child
from components.cloud import Cloud
from components.cluster import Cluster
from components.identity import ServiceAccountRole, Statement
from components.jar_bucket import JarBucket
from components.spark.event_logs import EventLogs, EventLogSettings
from components.spark.history_pod import PORT, HistoryPod, pod_spec
from components.spark.team_network import Spec, dns_policy, https_policy, namespace_selector

NAMESPACE = "spark-history"

Release = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
JarName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*\.jar$")]


class HistoryServerSettings(Settings):
    """`spark.historyServer`: a History Server for each team, and the bucket of event logs."""

    enabled: bool = False
    """Keep event logs and show them."""
    release: Release | None = None
    """Release of JARs, of the stack's shared set, that brings what reads S3; must be given."""
    jars: Annotated[list[JarName], Field(min_length=1)] = [
        "hadoop-aws-3.4.1.jar",
        "bundle-2.24.6.jar",
    ]
    """The JARs of it: hadoop-aws of the image's Hadoop, and the AWS SDK that it was built with."""
    memory_mi_b: Annotated[int, Field(ge=1024, alias="memoryMiB")] = 2048
    """Memory of one server, in MiB."""
    clients: list[Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]] = []
    """Namespaces whose pods reach the servers, for example of a proxy that asks who is there: a
    server asks nobody. Without any: through `kubectl port-forward` only."""
    logs: EventLogSettings = EventLogSettings()
    """The bucket of event logs."""

    @model_validator(mode="after")
    def _jars_are_of_a_release(self) -> "HistoryServerSettings":
        if self.enabled and self.release is None:
            raise ValueError("enabled: true needs release, which holds hadoop-aws")
        return self


class HistoryServers(pulumi.ComponentResource):
    """A Deployment and a service for each team, with a role that reads that team's folder.

    Nothing waits for them to be ready: before the release is published they cannot be.
    """

    def __init__(
        self,
        name: str,
        settings: HistoryServerSettings,
        *,
        teams: Sequence[str],
        image: str,
        logs: EventLogs,
        jars: JarBucket,
        cloud: Cloud,
        cluster: Cluster,
        placement: Mapping[str, Any],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:HistoryServers", name, None, opts)
        namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": NAMESPACE,
                "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
            },
            opts=child(self, depends_on=after),
        )
        for label, spec in _policies(settings.clients).items():
            k8s.networking.v1.NetworkPolicy(
                f"{name}-{label}",
                metadata={"name": label, "namespace": NAMESPACE},
                spec=spec,
                opts=child(self, depends_on=[namespace]),
            )
        folder = f"{jars.jars_prefix}{settings.release}/"
        for team in teams:
            role = ServiceAccountRole(
                f"{name}-{team}",
                namespace=NAMESPACE,
                service_account=team,
                oidc=cluster.oidc,
                cloud=cloud,
                policies={
                    "read": [*logs.read_statements(team), *_read_jars(jars, folder, settings.jars)]
                },
                opts=child(self),
            )
            account = k8s.core.v1.ServiceAccount(
                f"{name}-{team}",
                metadata={
                    "name": team,
                    "namespace": NAMESPACE,
                    "annotations": {"eks.amazonaws.com/role-arn": role.arn},
                },
                automount_service_account_token=False,
                opts=child(self, depends_on=[namespace, *role.grants]),
            )
            pod = HistoryPod(
                image=image,
                memory_mib=settings.memory_mi_b,
                region=cloud.region,
                logs_url=logs.url(team),
                jars_url=pulumi.Output.concat("s3://", jars.name, f"/{folder}"),
                jars=settings.jars,
            )
            self._create_server(f"{name}-{team}", team, pod, placement, account)
        self.register_outputs({"namespace": NAMESPACE})

    def _create_server(
        self,
        name: str,
        team: str,
        pod: HistoryPod,
        placement: Mapping[str, Any],
        account: pulumi.Resource,
    ) -> None:
        labels = {"app.kubernetes.io/name": "spark-history", "spark-on-eks/team": team}
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": team,
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": {"pulumi.com/skipAwait": "true"},
        }
        k8s.apps.v1.Deployment(
            name,
            metadata=metadata,
            spec={
                # One: it keeps nothing that S3 does not have. A disruption budget would either
                # say nothing or hold every node that it is on.
                "replicas": 1,
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": pod_spec(pod, account=team, placement=placement),
                },
            },
            opts=child(self, depends_on=[account]),
        )
        k8s.core.v1.Service(
            name,
            metadata=metadata,
            spec={
                "type": "ClusterIP",
                "selector": labels,
                "ports": [{"name": "http", "port": PORT, "target_port": PORT}],
            },
            opts=child(self, depends_on=[account]),
        )


def _read_jars(jars: JarBucket, folder: str, names: Sequence[str]) -> list[Statement]:
    """The named JARs of the release: copied one by one, so that nothing needs listing."""
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
