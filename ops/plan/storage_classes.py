"""Storage classes of a plan."""

from ops.plan.model import Resource
from ops.plan.values import UNKNOWN, each


def allowed_zones(storage_class: Resource) -> set[str] | None:
    """Returns the zones in which a class makes volumes, empty for any; None if not known."""
    if storage_class.inputs.get("allowedTopologies") == UNKNOWN:
        return None
    return {
        zone
        for term in each(storage_class.inputs, "allowedTopologies")
        for item in each(term, "matchLabelExpressions")
        for zone in each(item, "values")
    }
