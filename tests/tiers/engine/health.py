"""Reports of the controllers of a running platform."""

from .project import Project
from .providers import aws_references as refs
from .providers import karpenter
from .providers import kubernetes_rules as objects
from .providers.cloud import Cloud


def finished(project: Project) -> None:
    """Asserts that an `up` completes the platform, which then works and needs no change."""
    project.up().ok()
    assert complaints(project.cloud) == []
    assert project.preview().ok().changes == []


def destroyed(project: Project) -> None:
    """Asserts that a destroy leaves nothing."""
    project.destroy().ok()
    assert project.cloud.left() == []
    assert project.state() == []


def complaints(cloud: Cloud) -> list[str]:
    """A line for each failure; empty for a healthy platform.

    Permissions of roles are evaluated offline, by the rules and by tests/rights.py.
    """
    launched = {one.text("pool") for one in cloud.all(refs.INSTANCE)}
    volumes = {one.id for one in cloud.all(objects.VOLUME)}
    teams = {
        one.id
        for one in cloud.all(objects.NAMESPACE)
        if "spark-on-eks/team" in (one.inputs["metadata"].get("labels") or {})
    }
    operator = cloud.first(karpenter.RELEASE, name="spark-operator")
    watched = set(operator.inputs["values"]["spark"]["jobNamespaces"]) if operator else teams
    found = set(cloud.troubles)
    for pool in cloud.all(karpenter.POOL):
        if pool.id not in launched:
            found.add(f"{pool.id}: no instance was launched")
    for claim in cloud.all(objects.CLAIM):
        if claim.inputs["spec"]["volumeName"] not in volumes:
            found.add(f"{claim.id}: its volume is gone")
        elif not objects.is_bound(cloud, claim):
            found.add(f"{claim.id}: is Pending, its volume is Released")
    without = teams - {one.id.partition("/")[0] for one in cloud.all(objects.CLAIM)}
    found |= {f"{team}: has no claim" for team in without}
    found |= {f"{team}: the operator watches {sorted(watched)}" for team in teams ^ watched}
    return sorted(found)
