"""What a diff does to the running platform, most serious first."""

from collections.abc import Iterator
from dataclasses import replace

from ops.diff.diff import Diff
from ops.diff.impact import (
    access,
    cluster,
    cost,
    covered,
    data,
    disruption,
    groups,
    guards,
    hardening,
    identities,
    image_caches,
    limits,
    logs,
    monitoring,
    network,
    node_mounts,
    nodes,
    objects,
    packages,
    permissions,
    physical_names,
    quotas,
    refusals,
    routes,
    shuffle,
    teams,
    volumes,
    workloads,
)
from ops.diff.impact.model import Cause, Consequence, Kind, Level
from ops.diff.impact.verdict import verdict_on_jobs

__all__ = ["Cause", "Consequence", "Kind", "Level", "consequences"]

_TOPICS = (
    refusals,
    physical_names,
    quotas,
    cluster,
    data,
    objects,
    routes,
    network,
    nodes,
    groups,
    disruption,
    teams,
    shuffle,
    node_mounts,
    volumes,
    workloads,
    image_caches,
    packages,
    monitoring,
    logs,
    guards,
    hardening,
    permissions,
    identities,
    access,
    limits,
    cost,
)
"""In the order of their consequences within one kind."""
# A replaced cluster ends everything in it: these are not listed apart.
_IN_CLUSTER = {
    Kind.ends_jobs, Kind.removes_nodes, Kind.rolls_nodes, Kind.drifts_nodes, Kind.claims_wait,
    Kind.restarts, Kind.removes, Kind.new_pods, Kind.stays,
}  # fmt: skip


def consequences(diff: Diff) -> tuple[Consequence, ...]:
    """Returns what an update does, most serious first; nothing for two different stacks."""
    if not diff.is_update or not diff.steps:
        return ()
    found = list(_that_happen([one for topic in _TOPICS for one in topic.rules(diff)]))
    found = _without_jobs(diff, found)
    if refused := [one for one in found if one.kind is Kind.refused]:
        nothing = "jobs that run now are not affected: nothing is changed"
        return (*refused, Consequence(Kind.jobs_unaffected, nothing))
    if any(one.kind is Kind.replaces_cluster for one in found):
        found = [one for one in found if one.kind not in _IN_CLUSTER]
    found += nodes.quiet(diff, found)
    found += verdict_on_jobs(diff, found)
    found = [one for one in found if not (one.harmless and one.kind is Kind.stays)]
    order = list(Kind)
    # Stable: within a kind the rules' own order, which is by name.
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def _that_happen(found: list[Consequence]) -> Iterator[Consequence]:
    """Yields the consequences without those of steps that are not reached, since one fails."""
    stopped = {
        cause.key
        for one in found
        if one.kind is Kind.fails and one.harmless
        for cause in one.causes
    }
    for one in found:
        keys = {cause.key for cause in one.causes}
        if one.kind is Kind.fails or not keys or not keys <= stopped:
            yield one


def _without_jobs(diff: Diff, found: list[Consequence]) -> list[Consequence]:
    """No job notices what happens to a component that serves none."""
    keys = covered.keys_of_no_job(diff)
    return [
        replace(one, jobs="") if one.causes and {c.key for c in one.causes} <= keys else one
        for one in found
    ]
