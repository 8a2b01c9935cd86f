"""NetworkPolicies of the namespace `monitoring`."""

from collections.abc import Sequence

import pulumi_kubernetes as k8s

from components.names import (
    KUBE_SYSTEM,
    LOG_AGENT_PORT,
    LOG_AGENTS_NAMESPACE,
    SPARK_OPERATOR_NAMESPACE,
    TEAM_LABEL,
    YUNIKORN_NAMESPACE,
)
from components.spark.team_network import (
    UI_PORT,
    Spec,
    deny_all_policy,
    dns_policy,
    https_policy,
    namespace_selector,
)

Egress = k8s.networking.v1.NetworkPolicyEgressRuleArgsDict
GRAFANA_PORT = 3000
_PROMETHEUS: k8s.meta.v1.LabelSelectorArgsDict = {
    "match_labels": {"app.kubernetes.io/name": "prometheus"}
}
_PROGRAMS = (
    (SPARK_OPERATOR_NAMESPACE, (8080,)),
    (YUNIKORN_NAMESPACE, (9080,)),
    (LOG_AGENTS_NAMESPACE, (LOG_AGENT_PORT,)),
    # Karpenter and CoreDNS.
    (KUBE_SYSTEM, (8080, 9153)),
)
_NODE_PORTS = (9100, 10250, 61678)
"""node-exporter, the kubelet, and the VPC CNI: they have the node's address."""


def policies(clients: Sequence[str]) -> dict[str, Spec]:
    """The policies by name. `clients` are namespaces whose pods reach Grafana."""
    programs: list[Egress] = [
        {
            "to": [{"namespace_selector": namespace_selector(namespace)}],
            "ports": [{"protocol": "TCP", "port": port} for port in ports],
        }
        for namespace, ports in _PROGRAMS
    ]
    found: dict[str, Spec] = {
        "deny-all": deny_all_policy(),
        "dns": dns_policy(),
        "https": https_policy(),
        "inside": {
            "pod_selector": {},
            "policy_types": ["Ingress", "Egress"],
            "ingress": [{"from_": [{"pod_selector": {}}]}],
            "egress": [{"to": [{"pod_selector": {}}]}],
        },
        "scrape": {
            "pod_selector": _PROMETHEUS,
            "policy_types": ["Egress"],
            "egress": [
                {
                    "to": [
                        {
                            "namespace_selector": {
                                "match_expressions": [{"key": TEAM_LABEL, "operator": "Exists"}]
                            },
                            "pod_selector": {"match_labels": {"spark-role": "driver"}},
                        }
                    ],
                    "ports": [{"protocol": "TCP", "port": UI_PORT}],
                },
                *programs,
                {
                    # Nodes come and go; a policy selects their addresses only.
                    "to": [{"ip_block": {"cidr": "0.0.0.0/0"}}],
                    "ports": [{"protocol": "TCP", "port": port} for port in _NODE_PORTS],
                },
            ],
        },
    }
    if clients:
        found["clients"] = {
            "pod_selector": {"match_labels": {"app.kubernetes.io/name": "grafana"}},
            "policy_types": ["Ingress"],
            "ingress": [
                {
                    "from_": [{"namespace_selector": namespace_selector(one)} for one in clients],
                    "ports": [{"protocol": "TCP", "port": GRAFANA_PORT}],
                }
            ],
        }
    return found
