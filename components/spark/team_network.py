"""NetworkPolicies: default deny for a namespace, plus what Spark needs."""

from collections.abc import Sequence
from typing import Annotated

import pulumi
import pulumi_kubernetes as k8s
from pydantic import AfterValidator

from components.base import Settings
from components.formats import Cidr, entries, ipv4_block, whole, within
from components.names import MONITORING_NAMESPACE

UI_PORT = 4040
"""A driver's UI and metrics: spark.apache.org/docs/4.0.1/monitoring.html."""

Spec = k8s.networking.v1.NetworkPolicySpecArgsDict


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
    ports: Annotated[list[Annotated[int, whole(1, 65535)]], entries(1, 24)]
    """TCP ports, for example `[5432]`; at most 24."""


def create_network_policies(
    name: str,
    *,
    namespace: str,
    egress: Sequence[Egress],
    opts: pulumi.ResourceOptions,
) -> None:
    """The policies of a team's namespace, one per kind of traffic."""
    for label, spec in _policies(egress).items():
        k8s.networking.v1.NetworkPolicy(
            f"{name}-{label}",
            metadata={"name": label, "namespace": namespace},
            spec=spec,
            opts=opts,
        )


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


def _policies(egress: Sequence[Egress]) -> dict[str, Spec]:
    spark: k8s.meta.v1.LabelSelectorArgsDict = {
        "match_expressions": [
            {"key": "spark-role", "operator": "In", "values": ["driver", "executor"]}
        ]
    }
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
                    "ports": [{"protocol": "TCP", "port": port} for port in one.ports],
                }
                for one in egress
            ],
        }
    return policies
