"""Reports of the controllers of a running platform."""

from .providers import aws_references as refs
from .providers import karpenter
from .providers import kubernetes_rules as objects
from .providers.cloud import Cloud

TEAM = "spark-on-eks/team"


def complaints(cloud: Cloud) -> list[str]:
    """A line for each failure; empty for a healthy platform.

    Permissions of roles are evaluated offline, by the rules and by tests/rights.py.
    """
    launched = {one.text("pool") for one in cloud.all(refs.INSTANCE)}
    volumes = {one.id for one in cloud.all(objects.VOLUME)}
    teams = {
        one.id
        for one in cloud.all(objects.NAMESPACE)
        if TEAM in (one.inputs["metadata"].get("labels") or {})
    }
    operator = cloud.first(karpenter.RELEASE, name="spark-operator")
    watched = set(operator.inputs["values"]["spark"]["jobNamespaces"]) if operator else teams
    return sorted(
        {
            *cloud.troubles,
            *(
                f"{pool.id}: no instance was launched"
                for pool in cloud.all(karpenter.POOL)
                if pool.id not in launched
            ),
            *(
                f"{claim.id}: its volume is gone"
                for claim in cloud.all(objects.CLAIM)
                if claim.inputs["spec"]["volumeName"] not in volumes
            ),
            *(f"{team}: the operator watches {sorted(watched)}" for team in teams ^ watched),
        }
    )
