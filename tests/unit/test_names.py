"""Names of resources are a promise: a new URN is a new resource, and the old one is deleted."""

from pathlib import Path

import pytest

from ops.diff.diff import former_keys
from tests.plans import (
    CELEBORN,
    CLUSTER_AUTOSCALER,
    DAEMONSET,
    DATA,
    LOG_GROUPS,
    LOGS,
    LUSTRE,
    NODE,
    plan_of,
)

_FOLDER = Path(__file__).parent / "__snapshots__" / "urns"
_VARIANTS = {
    "dev": ("dev",),
    "staging": ("staging",),
    "prod": ("prod",),
    "existing": ("existing",),
    "dev-userdata": ("dev", *NODE),
    "dev-daemonset": ("dev", *DAEMONSET),
    "dev-cluster-autoscaler": ("dev", *CLUSTER_AUTOSCALER),
    "dev-celeborn": ("dev", *CELEBORN),
    "dev-lustre": ("dev", *LUSTRE),
    "dev-data": ("dev", *DATA),
    "dev-data-userdata": ("dev", *DATA, *NODE),
    "dev-logs": ("dev", *LOGS),
    "dev-log-groups": ("dev", *LOG_GROUPS),
    "dev-yunikorn": ("dev", "spark.yunikorn.enabled=true"),
}
_SAME = "urn:pulumi:"


def urns(variant: tuple[str, ...]) -> dict[str, set[str]]:
    """URN without project and stack, to the URNs that its aliases name."""
    plan = plan_of(*variant)
    prefix = f"{_SAME}{plan.stack}::{plan.project}::"
    return {
        one.urn.removeprefix(prefix): {key.split("::", 2)[2] for key in former_keys(one, plan)}
        for one in plan.resources
    }


@pytest.mark.parametrize("name", _VARIANTS)
def test_no_resource_is_renamed_without_an_alias(name: str, request: pytest.FixtureRequest) -> None:
    found, file = urns(_VARIANTS[name]), _FOLDER / f"{name}.txt"
    if request.config.getoption("update_snapshots"):
        file.write_text("".join(f"{urn}\n" for urn in sorted(found)), encoding="utf-8")
    known = set(file.read_text(encoding="utf-8").splitlines())
    gone = known - found.keys() - {alias for aliases in found.values() for alias in aliases}
    new = found.keys() - known
    assert not gone and not new, (
        f"the URNs of {name} changed.\ngone: {sorted(gone)}\nnew: {sorted(new)}\n"
        "Pulumi deletes a resource whose URN is gone, and creates a new one. To rename a resource "
        "or a component, or to move it to another parent, add the old URN to its aliases "
        "(pulumi.ResourceOptions(aliases=[...])). If a resource is added or removed, run `make "
        "golden` and commit the list."
    )
