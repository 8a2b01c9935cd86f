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

_OWNERS = "metadata.?ownerReferences.orValue([])"
_SAME_OWNERS = f"object.{_OWNERS} == oldObject.{_OWNERS}"
"""The garbage collector deletes an object whose owner does not exist."""

_SERVICE_RULES = {
    # kubernetes.io/docs/concepts/security/rbac-good-practices and CVE-2020-8554: traffic of other
    # namespaces to that address goes to the Service.
    "spec.externalIPs must not be set": "size(object.spec.?externalIPs.orValue([])) == 0",
    # Load balancers and node ports are the quota's (team_limits.py).
    "spec.type must not be ExternalName": "object.spec.?type.orValue('') != 'ExternalName'",
}
_CLAIM_RULES = {
    f"{JARS_CLAIM} is the platform's: only an account that may delete volumes may delete it": (
        f"oldObject.metadata.name != '{JARS_CLAIM}'"
        f" || (request.operation == 'UPDATE' && {_SAME_OWNERS}) || {_IS_PLATFORM}"
    )
}
_NETWORK_RULES = {
    "the network policies are the platform's: only an account that may delete volumes may change "
    "them (spark.teams[].egress of the stack)": (
        # The controller of the VPC CNI sets a finalizer before it enforces a policy:
        # github.com/aws/amazon-network-policy-controller-k8s.
        f"{_IS_PLATFORM} || (request.operation == 'UPDATE'"
        f" && object.spec == oldObject.spec && {_SAME_OWNERS})"
    )
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
            operations=["UPDATE", "DELETE"],
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
