"""Pod security of teams' namespaces with YuniKorn: `restricted`, except for placeholders.

The placeholders of a gang set no user, capabilities or seccomp profile (yunikorn-k8shim 1.8.0,
pkg/cache/placeholder.go), so the level `restricted` denies them. The namespaces then enforce
`baseline`, and this policy adds the rest of `restricted` for all pods but YuniKorn's own.
"""

import pulumi

from components.context import Context
from components.spark.admission.policy import deny_unless
from components.spark.yunikorn import SCHEDULER_USER

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
"""What `restricted` requires beyond `baseline`, with the message of each:
kubernetes.io/docs/concepts/security/pod-security-standards."""


class PodSecurity(pulumi.ComponentResource):
    """The policy, bound to the teams' namespaces."""

    def __init__(
        self, name: str, context: Context, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("spark-on-eks:spark:PodSecurity", name, None, context.options(opts))
        deny_unless(
            name,
            self,
            policy_name=POLICY,
            group="",
            version="v1",
            resources=["pods", "pods/ephemeralcontainers"],
            rules=_RULES,
            conditions={"not-a-placeholder": f"request.userInfo.username != '{SCHEDULER_USER}'"},
        )
        self.register_outputs({})
