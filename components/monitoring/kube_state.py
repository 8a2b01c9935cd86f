"""kube-state-metrics: the state of pods, quotas and SparkApplications as metrics."""

from typing import Any

from components.helm_addon import resources
from components.monitoring.keep import KUBE_STATE
from components.names import SPARK_GROUP

_STATES = [
    "NEW",
    "SUBMITTED",
    "RUNNING",
    "COMPLETED",
    "FAILED",
    "SUBMISSION_FAILED",
    "PENDING_RERUN",
    "INVALIDATING",
    "SUCCEEDING",
    "FAILING",
    "SUSPENDING",
    "SUSPENDED",
    "RESUMING",
    "UNKNOWN",
]
"""Of an application: api/v1beta2/sparkapplication_types.go of the operator, whose new application
has none."""


def kube_state_values() -> dict[str, Any]:
    """Values of its chart. It may list nothing else: by default Secrets and ConfigMaps, too."""
    return {
        "collectors": ["deployments", "pods", "resourcequotas"],
        "metricAllowlist": [f"^({name})$" for name in KUBE_STATE],
        # Without this list the metric of labels has no labels.
        "metricLabelsAllowlist": [
            "pods=[spark-role,spark-app-selector,spark-exec-id,sparkoperator.k8s.io/app-name]"
        ],
        "customResourceState": {"enabled": True, "config": _applications()},
        "rbac": {
            "extraRules": [
                {
                    "apiGroups": [SPARK_GROUP],
                    "resources": ["sparkapplications"],
                    "verbs": ["list", "watch"],
                },
                {
                    "apiGroups": ["apiextensions.k8s.io"],
                    "resources": ["customresourcedefinitions"],
                    "verbs": ["list", "watch"],
                },
            ]
        },
        "priorityClassName": "system-cluster-critical",
        "resources": resources("50m", 512),
    }


def _applications() -> dict[str, Any]:
    """State and creation of each application. Unlike the operator's counters they are right after
    a restart of the operator."""
    return {
        "kind": "CustomResourceStateMetrics",
        "spec": {
            "resources": [
                {
                    "groupVersionKind": {
                        "group": SPARK_GROUP,
                        "version": "v1beta2",
                        "kind": "SparkApplication",
                    },
                    "labelsFromPath": {
                        "name": ["metadata", "name"],
                        "namespace": ["metadata", "namespace"],
                    },
                    "metrics": [
                        {
                            "name": "spark_application_state",
                            "help": "Whether an application is in a state",
                            "each": {
                                "type": "StateSet",
                                "stateSet": {
                                    "labelName": "state",
                                    "path": ["status", "applicationState", "state"],
                                    "list": _STATES,
                                },
                            },
                        },
                        {
                            "name": "spark_application_created",
                            "help": "When an application was created, in seconds since 1970",
                            "each": {
                                "type": "Gauge",
                                "gauge": {"path": ["metadata", "creationTimestamp"]},
                            },
                        },
                    ],
                }
            ]
        },
    }
