"""Pod security of teams' namespaces where YuniKorn schedules: `restricted` but for placeholders.

A gang's placeholders say nothing of users, capabilities or seccomp (yunikorn-k8shim 1.8.0,
pkg/cache/placeholder.go), so the level `restricted` refuses them. The namespaces then enforce
`baseline`, and this policy holds everybody but YuniKorn's own account to what lies between.
"""

import pulumi
import pulumi_kubernetes as k8s

from components.base import child
from components.spark.yunikorn import NAMESPACE, SCHEDULER_ACCOUNT

POLICY = "spark-restricted"

_CONTAINERS = (
    "(object.spec.containers + object.spec.?initContainers.orValue([])"
    " + object.spec.?ephemeralContainers.orValue([]))"
)
_VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir"),
    *("ephemeral", "persistentVolumeClaim", "projected", "secret"),
)
_SECCOMP = "in ['RuntimeDefault', 'Localhost']"

_RULES = {
    "allowPrivilegeEscalation must be false in each container": (
        f"{_CONTAINERS}.all(c, c.?securityContext.?allowPrivilegeEscalation.orValue(true) == false)"
    ),
    "capabilities must drop ALL in each container, and add NET_BIND_SERVICE at most": (
        f"{_CONTAINERS}.all(c,"
        " 'ALL' in c.?securityContext.?capabilities.?drop.orValue([])"
        " && c.?securityContext.?capabilities.?add.orValue([]).all(a, a == 'NET_BIND_SERVICE'))"
    ),
    "runAsNonRoot must be true for the pod or each container": (
        f"{_CONTAINERS}.all(c, c.?securityContext.?runAsNonRoot.orValue("
        "object.spec.?securityContext.?runAsNonRoot.orValue(false)))"
    ),
    "runAsUser must not be 0": (
        "object.spec.?securityContext.?runAsUser.orValue(1) != 0"
        f" && {_CONTAINERS}.all(c, c.?securityContext.?runAsUser.orValue(1) != 0)"
    ),
    "seccompProfile must be RuntimeDefault or Localhost for the pod or each container": (
        f"{_CONTAINERS}.all(c, c.?securityContext.?seccompProfile.?type.orValue("
        f"object.spec.?securityContext.?seccompProfile.?type.orValue('Unconfined')) {_SECCOMP})"
    ),
    f"volumes must be of {', '.join(_VOLUMES)}": (
        "object.spec.?volumes.orValue([]).all(v, "
        + " || ".join(f"has(v.{kind})" for kind in _VOLUMES)
        + ")"
    ),
}
"""What `restricted` asks beyond `baseline`, with the message of each:
kubernetes.io/docs/concepts/security/pod-security-standards."""


class RestrictedButPlaceholders(pulumi.ComponentResource):
    """The policy and its binding to the namespaces with this label."""

    def __init__(
        self, name: str, *, namespace_label: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("spark-on-eks:spark:RestrictedButPlaceholders", name, None, opts)
        account = f"system:serviceaccount:{NAMESPACE}:{SCHEDULER_ACCOUNT}"
        policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
            f"{name}-policy",
            metadata={"name": POLICY},
            spec={
                "failure_policy": "Fail",
                "match_constraints": {
                    "resource_rules": [
                        {
                            "api_groups": [""],
                            "api_versions": ["v1"],
                            "operations": ["CREATE", "UPDATE"],
                            "resources": ["pods", "pods/ephemeralcontainers"],
                        }
                    ]
                },
                "match_conditions": [
                    {
                        "name": "not-a-placeholder",
                        "expression": f"request.userInfo.username != '{account}'",
                    }
                ],
                "validations": [
                    {"expression": rule, "message": message} for message, rule in _RULES.items()
                ],
            },
            opts=child(self),
        )
        binding = k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            f"{name}-binding",
            metadata={"name": POLICY},
            spec={
                "policy_name": POLICY,
                "validation_actions": ["Deny"],
                "match_resources": {
                    "namespace_selector": {
                        "match_expressions": [{"key": namespace_label, "operator": "Exists"}]
                    }
                },
            },
            opts=child(self, depends_on=[policy]),
        )
        self.ready: list[pulumi.Resource] = [binding]
        self.register_outputs({})
