"""Admission policies for the Services of a team, and for the platform's objects in it."""

import pulumi

from components.context import Context
from components.names import JARS_CLAIM
from components.spark.admission.policy import deny_unless

SERVICES_POLICY = "team-services"
CLAIM_POLICY = "team-claim"
NETWORK_POLICY = "team-network"

_IS_PLATFORM = "authorizer.group('').resource('persistentvolumes').check('delete').allowed()"
"""Those who run `pulumi up` may, and Kubernetes' own controllers; `edit` in a namespace may not."""

_SERVICE_RULES = {
    # kubernetes.io/docs/concepts/security/rbac-good-practices and CVE-2020-8554: traffic of other
    # namespaces to that address goes to the Service.
    "spec.externalIPs must not be set": "size(object.spec.?externalIPs.orValue([])) == 0",
    # Load balancers and node ports are the quota's (team_limits.py).
    "spec.type must not be ExternalName": "object.spec.?type.orValue('') != 'ExternalName'",
}
_CLAIM_RULES = {
    f"{JARS_CLAIM} is the platform's: only an account that may delete volumes may delete it": (
        f"oldObject.metadata.name != '{JARS_CLAIM}' || {_IS_PLATFORM}"
    )
}
_NETWORK_RULES = {
    "the network policies are the platform's: only an account that may delete volumes may change "
    "them (spark.teams[].egress of the stack)": _IS_PLATFORM
}


class TeamObjects(pulumi.ComponentResource):
    """Services that take no other team's traffic; a claim and network policies that stay."""

    def __init__(
        self, name: str, context: Context, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("spark-on-eks:spark:TeamObjects", name, None, context.options(opts))
        deny_unless(
            f"{name}-services",
            self,
            policy_name=SERVICES_POLICY,
            group="",
            version="v1",
            resources=["services"],
            rules=_SERVICE_RULES,
        )
        # An account of the team can create claims and delete its own. Without this one, a volume
        # over the JARs is Released, and no new claim binds to it.
        deny_unless(
            f"{name}-claim",
            self,
            policy_name=CLAIM_POLICY,
            group="",
            version="v1",
            resources=["persistentvolumeclaims"],
            rules=_CLAIM_RULES,
            operations=["DELETE"],
        )
        # The role `edit` may change them, and so open what they close.
        deny_unless(
            f"{name}-network",
            self,
            policy_name=NETWORK_POLICY,
            group="networking.k8s.io",
            version="*",
            resources=["networkpolicies"],
            rules=_NETWORK_RULES,
            operations=["CREATE", "UPDATE", "DELETE"],
        )
        self.register_outputs({})
