"""Jobs with one mistake each: their outcome, and the message for the user.

To add a case: one line in BROKEN with the path, the value, how it ends, and a part of the message.
`ABSENT` removes the field. The messages are shown in docs/testing-operator.md.
"""

from typing import Any, Literal, NamedTuple

from tests.tiers.cluster.api import Object
from tests.tiers.cluster.objects import ABSENT, with_value

End = Literal["refused", "failed", "pending", "unwatched"]
"""`refused` by `kubectl apply`; `failed`: accepted, then FAILED with a reason; `pending`: no node
takes the driver, and the application stays SUBMITTED; `unwatched`: the operator does not watch its
namespace."""


class Violation(NamedTuple):
    """`path` in the SparkApplication set to `value`; `says` is a part of the message."""

    name: str
    path: str
    value: Any
    end: End
    says: str

    def manifest(self, application: Object) -> Object:
        """The application with the mistake, under a name of its own."""
        renamed = with_value(application, "metadata/name", f"broken-{self.name}")
        return with_value(renamed, self.path, self.value)


_HOST_PATH = {"name": "spark-jars", "hostPath": {"path": "/mnt/spark-jars"}}

BROKEN = [
    # Refused at once
    Violation("name", "metadata/name", "2026-taxi", "refused", "DNS-1035"),
    Violation(
        "image",
        "spec/sparkConf/spark.kubernetes.container.image",
        "x:y",
        "refused",
        "spark.kubernetes.container.image",
    ),
    Violation(
        "account-twice",
        "spec/sparkConf/spark.kubernetes.authenticate.driver.serviceAccountName",
        "spark-driver",
        "refused",
        "spark.kubernetes.authenticate.driver.serviceAccountName",
    ),
    Violation("typo", "spec/driver/priorityClass", "spark-driver", "refused", "unknown field"),
    Violation(
        "selectors",
        "spec/nodeSelector",
        {"spark-on-eks/pool": "x"},
        "refused",
        "cannot be defined at both",
    ),
    Violation("client", "spec/mode", "client", "refused", "spec.mode must be cluster"),
    Violation("type", "spec/type", "Pyhton", "refused", "Unsupported value"),
    # Accepted, and then rejected by the API server when spark-submit creates the driver
    Violation("account", "spec/driver/serviceAccount", "unknown", "failed", 'unknown" not found'),
    Violation("priority", "spec/driver/priorityClassName", "urgent", "failed", "PriorityClass"),
    Violation("quota", "spec/driver/memory", "2000g", "failed", "exceeded quota: team"),
    Violation(
        "privileged", "spec/driver/securityContext", {"privileged": True}, "failed", "privileged"
    ),
    Violation("unsafe", "spec/driver/securityContext", ABSENT, "failed", "PodSecurity"),
    Violation("host-path", "spec/volumes/0", _HOST_PATH, "failed", "hostPath"),
    # Accepted, but fits on no node
    Violation("toleration", "spec/driver/tolerations", ABSENT, "pending", "untolerated taint"),
    Violation(
        "pool",
        "spec/driver/nodeSelector",
        {"spark-on-eks/pool": "driver"},
        "pending",
        "didn't match Pod's node affinity/selector",
    ),
    Violation(
        "claim",
        "spec/volumes/0/persistentVolumeClaim/claimName",
        "jars",
        "pending",
        'persistentvolumeclaim "jars" not found',
    ),
    # Accepted, in a namespace that the operator does not watch
    Violation("namespace", "metadata/namespace", "default", "unwatched", ""),
]
