"""NetworkPolicies of Celeborn: teams that use it reach what clients need, and nothing else does."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.names import CELEBORN_NAMESPACE, MONITORING_NAMESPACE
from components.spark.team_network import (
    SPARK_PODS,
    Spec,
    deny_all_policy,
    dns_policy,
    namespace_selector,
)
from components.storage.celeborn.configuration import (
    MASTER,
    MASTER_HTTP_PORT,
    MASTER_INTERNAL_PORT,
    MASTER_PORT,
    RATIS_PORT,
    REPLICATE_PORT,
    WORKER,
    WORKER_HTTP_PORT,
    WORKER_INTERNAL_PORT,
    WORKER_PORTS,
)
from components.storage.celeborn.pods import labels

_SERVED = {MASTER: [MASTER_PORT], WORKER: [*WORKER_PORTS.values()]}
"""Ports that drivers and executors reach, by StatefulSet."""
_INTERNAL = {
    MASTER: [MASTER_PORT, MASTER_INTERNAL_PORT, RATIS_PORT],
    WORKER: [*WORKER_PORTS.values(), REPLICATE_PORT, WORKER_INTERNAL_PORT],
}


def service_policies(teams: Sequence[str]) -> Mapping[str, Spec]:
    """Policies of Celeborn's namespace, by name; `teams` are the namespaces of its clients."""
    policies: dict[str, Spec] = {
        "deny-all": deny_all_policy(),
        "dns": dns_policy(),
        "internal": {
            "pod_selector": {},
            "policy_types": ["Egress"],
            "egress": [{"to": [{"pod_selector": {}}]}],
        },
    }
    clients: Any = [
        {"namespace_selector": namespace_selector(team), "pod_selector": SPARK_PODS}
        for team in teams
    ]
    scraper: Any = {"namespace_selector": namespace_selector(MONITORING_NAMESPACE)}
    for name, http in ((MASTER, MASTER_HTTP_PORT), (WORKER, WORKER_HTTP_PORT)):
        policies[name] = {
            "pod_selector": {"match_labels": labels(name)},
            "policy_types": ["Ingress"],
            "ingress": [
                {"from_": [{"pod_selector": {}}], "ports": _ports(_INTERNAL[name])},
                {"from_": clients, "ports": _ports(_SERVED[name])},
                {"from_": [scraper], "ports": _ports([http])},
            ],
        }
    return policies


def client_policy() -> Spec:
    """Egress of a team's drivers and executors to the ports that clients use."""
    return {
        "pod_selector": SPARK_PODS,
        "policy_types": ["Egress"],
        "egress": [
            {
                "to": [
                    {
                        "namespace_selector": namespace_selector(CELEBORN_NAMESPACE),
                        "pod_selector": {"match_labels": labels(name)},
                    }
                ],
                "ports": _ports(ports),
            }
            for name, ports in _SERVED.items()
        ],
    }


def _ports(ports: Sequence[int]) -> Any:
    return [{"protocol": "TCP", "port": port} for port in ports]
