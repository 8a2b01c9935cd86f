"""NetworkPolicies: default deny for a namespace, plus what Spark needs."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import pulumi
import pulumi_kubernetes as k8s
from pydantic import AfterValidator

from components.base import Problems, Settings
from components.formats import (
    Cidr,
    LabelKey,
    LabelValue,
    Namespace,
    entries,
    ipv4_block,
    whole,
    within,
)
from components.names import MONITORING_NAMESPACE
from components.namespace import create_policies

UI_PORT = 4040
"""A driver's UI and metrics: spark.apache.org/docs/4.0.1/monitoring.html."""

RPC_PORTS = (7078, 7079)
"""Of a driver, and of the block managers: Spark's own protocol, without authentication by default.
spark.apache.org/docs/4.0.1/running-on-kubernetes.html#driver-port."""

Port = Annotated[int, whole(1, 65535)]
Spec = k8s.networking.v1.NetworkPolicySpecArgsDict
SPARK_PODS: k8s.meta.v1.LabelSelectorArgsDict = {
    "match_expressions": [{"key": "spark-role", "operator": "In", "values": ["driver", "executor"]}]
}
"""Selects drivers and executors."""

_UNREACHABLE = ("127.0.0.0/8", "169.254.169.254/32", "224.0.0.0/3")


def _reachable(value: str) -> str:
    if within(ipv4_block(value), _UNREACHABLE):
        raise ValueError("is not reached by a pod: loopback, multicast, or a node's metadata")
    return value


class Egress(Settings):
    """`spark.teams[].egress[]`: a destination of the team's jobs besides HTTPS."""

    cidr: Annotated[Cidr, AfterValidator(_reachable)]
    """IPv4 block, for example `10.20.0.0/24`."""
    # The CNI enforces 24 ports of one selector:
    # docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html.
    ports: Annotated[list[Port], entries(1, 24)]
    """TCP ports, for example `[5432]`; at most 24."""


class Service(Settings):
    """`spark.teams[].services[]`: pods of another namespace that the team's jobs call."""

    namespace: Namespace
    """Their namespace; not another team's."""
    pod_labels: dict[LabelKey, LabelValue] = {}
    """Labels of the pods; default: all of the namespace."""
    ports: Annotated[list[Port], entries(1, 24)]
    """TCP ports of the pods, which the Service's should equal: the VPC CNI requires it."""


class Client(Settings):
    """`spark.teams[].clients[]`: pods of another namespace that call the team's drivers and
    executors: a live UI behind a proxy, a scraper of metrics or JMX."""

    namespace: Namespace
    """Their namespace; not another team's."""
    pod_labels: dict[LabelKey, LabelValue] = {}
    """Labels of the pods; default: all of the namespace."""
    ports: Annotated[list[Port], entries(1, 24)] = [UI_PORT]
    """TCP ports of drivers and executors: 4040 is a driver's UI and metrics; that of the
    operator's JMX exporter is `monitoring.prometheus.port`, 8090 by default."""

    def problems(self) -> Problems:
        for index, port in enumerate(self.ports):
            if port in RPC_PORTS:
                yield f"ports[{index}]", f"{port} is Spark's own, and runs what it receives"


def create_network_policies(
    name: str,
    *,
    namespace: str,
    egress: Sequence[Egress],
    services: Sequence[Service],
    clients: Sequence[Client],
    others: Mapping[str, Spec],
    opts: pulumi.ResourceOptions,
) -> None:
    """The policies of a team's namespace, one per kind of traffic; `others` by name."""
    policies = {**_policies(egress, services, clients), **others}
    create_policies(f"{name}-{{}}", namespace, policies, opts)


def namespace_selector(name: str) -> k8s.meta.v1.LabelSelectorArgsDict:
    """Selects the namespace of this name: Kubernetes itself sets the label."""
    return {"match_labels": {"kubernetes.io/metadata.name": name}}


def deny_all_policy() -> Spec:
    """No traffic of any pod of a namespace, but what other policies allow."""
    return {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}


def dns_policy() -> Spec:
    """Egress of every pod of a namespace to the cluster's DNS."""
    return {
        "pod_selector": {},
        "policy_types": ["Egress"],
        "egress": [
            {
                "to": [
                    {
                        "namespace_selector": namespace_selector("kube-system"),
                        "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
                    }
                ],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
            }
        ],
    }


def https_policy() -> Spec:
    """Egress of every pod of a namespace to the API server, S3 and STS.

    A policy selects addresses only: S3's change, and the API server's are in the pods' subnets.
    Other teams' pods are protected by their own policies, and the instance metadata service uses
    another port.
    """
    return {
        "pod_selector": {},
        "policy_types": ["Egress"],
        "egress": [
            {
                "to": [{"ip_block": {"cidr": "0.0.0.0/0"}}],
                "ports": [{"protocol": "TCP", "port": 443}],
            }
        ],
    }


def _policies(
    egress: Sequence[Egress], services: Sequence[Service], clients: Sequence[Client]
) -> dict[str, Spec]:
    spark = SPARK_PODS
    policies: dict[str, Spec] = {
        "deny-all": deny_all_policy(),
        # Tasks, shuffle and broadcasts, in both directions and on random ports.
        "spark": {
            "pod_selector": spark,
            "policy_types": ["Ingress", "Egress"],
            "ingress": [{"from_": [{"pod_selector": spark}]}],
            "egress": [{"to": [{"pod_selector": spark}]}],
        },
        "dns": dns_policy(),
        "https": https_policy(),
        "metrics": {
            "pod_selector": {"match_labels": {"spark-role": "driver"}},
            "policy_types": ["Ingress"],
            "ingress": [
                {
                    "from_": [{"namespace_selector": namespace_selector(MONITORING_NAMESPACE)}],
                    "ports": [{"protocol": "TCP", "port": UI_PORT}],
                }
            ],
        },
    }
    if egress:
        policies["egress"] = {
            "pod_selector": spark,
            "policy_types": ["Egress"],
            "egress": [
                {
                    "to": [{"ip_block": {"cidr": one.cidr}}],
                    "ports": _ports(one.ports),
                }
                for one in egress
            ],
        }
    if services:
        policies["services"] = {
            "pod_selector": spark,
            "policy_types": ["Egress"],
            "egress": [{"to": [_peer(one)], "ports": _ports(one.ports)} for one in services],
        }
    if clients:
        policies["clients"] = {
            "pod_selector": spark,
            "policy_types": ["Ingress"],
            "ingress": [{"from_": [_peer(one)], "ports": _ports(one.ports)} for one in clients],
        }
    return policies


def _peer(one: Service | Client) -> k8s.networking.v1.NetworkPolicyPeerArgsDict:
    peer: k8s.networking.v1.NetworkPolicyPeerArgsDict = {
        "namespace_selector": namespace_selector(one.namespace)
    }
    if one.pod_labels:
        peer["pod_selector"] = {"match_labels": dict(one.pod_labels)}
    return peer


def _ports(ports: Sequence[int]) -> list[k8s.networking.v1.NetworkPolicyPortArgsDict]:
    return [{"protocol": "TCP", "port": port} for port in ports]
