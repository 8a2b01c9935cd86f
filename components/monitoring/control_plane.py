"""EKS' scheduler and controller manager, whose metrics the API server hands out.

Source: docs.aws.amazon.com/eks/latest/userguide/view-raw-metrics.html.
"""

from typing import Any

from components.monitoring.keep import CONTROL_PLANE, keep

_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def _job(name: str, part: str) -> dict[str, Any]:
    relabelings = keep(*CONTROL_PLANE)[0]
    return {
        "job_name": name,
        "metrics_path": f"/apis/metrics.eks.amazonaws.com/v1/{part}/container/metrics",
        "scheme": "https",
        "authorization": {"credentials_file": f"{_ACCOUNT}/token"},
        "tls_config": {"ca_file": f"{_ACCOUNT}/ca.crt", "server_name": "kubernetes"},
        "kubernetes_sd_configs": [
            {"role": "endpointslice", "namespaces": {"names": ["default"]}},
        ],
        "relabel_configs": [
            {
                "action": "keep",
                "source_labels": [
                    "__meta_kubernetes_service_name",
                    "__meta_kubernetes_endpointslice_port_name",
                ],
                "regex": "kubernetes;https",
            }
        ],
        "metric_relabel_configs": [
            {"action": "keep", "source_labels": ["__name__"], "regex": relabelings["regex"]}
        ],
    }


CONTROL_PLANE_JOBS = [_job("kube-scheduler", "ksh"), _job("kube-controller-manager", "kcm")]
"""Scrape jobs of Prometheus. No rule says that they are down: an older platform version of EKS does
not have them."""
