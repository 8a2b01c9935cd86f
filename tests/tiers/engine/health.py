"""What the controllers of a platform that came up would report."""

from .providers import aws_references as refs
from .providers import karpenter
from .providers import kubernetes_rules as objects
from .providers.world import World

TEAM = "spark-on-eks/team"


def complaints(world: World) -> list[str]:
    """A line for everything that does not work; empty for a healthy platform.

    What the roles of a plan may do is evaluated offline, by the rules and by tests/rights.py.
    """
    launched = {one.text("pool") for one in world.all(refs.INSTANCE)}
    volumes = {one.id for one in world.all(objects.VOLUME)}
    teams = {
        one.id
        for one in world.all(objects.NAMESPACE)
        if TEAM in (one.inputs["metadata"].get("labels") or {})
    }
    operator = world.first(karpenter.RELEASE, name="spark-operator")
    watched = set(operator.inputs["values"]["spark"]["jobNamespaces"]) if operator else teams
    return sorted(
        {
            *world.troubles,
            *(
                f"{pool.id}: no instance was launched"
                for pool in world.all(karpenter.POOL)
                if pool.id not in launched
            ),
            *(
                f"{claim.id}: its volume is gone"
                for claim in world.all(objects.CLAIM)
                if claim.inputs["spec"]["volumeName"] not in volumes
            ),
            *(f"{team}: the operator watches {sorted(watched)}" for team in teams ^ watched),
        }
    )
