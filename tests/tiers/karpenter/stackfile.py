"""Input of the Go tests: a plan's manifests, its teams, their pods, and the expectations."""

import json
from pathlib import Path
from typing import Any

from tests.names import DRIVERS, POOL_LABEL
from tests.tiers.cluster.api import Object
from tests.tiers.cluster.combinations import TEAMS, Combination
from tests.tiers.cluster.objects import of_kind
from tests.tiers.cluster.scheduling import driver, executor

# The promise, in its own words: Arm before x86, Spot before On-Demand, Spot first.
_RUNGS = (
    ("arm-spot", "arm64", "spot"),
    ("x86-spot", "amd64", "spot"),
    ("arm-on-demand", "arm64", "on-demand"),
    ("x86-on-demand", "amd64", "on-demand"),
)


def write(combination: Combination, path: Path) -> Path:
    """Writes the file for one combination."""
    objects = combination.objects
    teams = [_team(objects, name, pool) for name, pool in TEAMS[combination.stack].items()]
    # User data mounts before kubelet starts; the other ways need the node first.
    gated = combination.level != "userdata"
    path.write_text(json.dumps({"objects": objects, "teams": teams, "gated": gated}))
    return path


def _team(objects: list[Object], name: str, pool: str) -> dict[str, Any]:
    own = f"{pool}-{DRIVERS}"
    pools = {_pool_of(one) for one in of_kind(objects, "NodePool")}
    drivers = own if own in pools else DRIVERS
    stranger = executor("stranger", name, pool, tolerations=[], nodeSelector={})
    return {
        "namespace": name,
        "pool": pool,
        "executor": executor("executor", name, pool),
        "driver": driver("driver", name, drivers),
        "stranger": stranger,
        "ladder": [
            {"nodePool": f"{pool}-{rung}", "arch": arch, "capacity": capacity}
            for rung, arch, capacity in _RUNGS
        ],
        "drivers": drivers,
    }


def _pool_of(node_pool: Object) -> str:
    return node_pool["spec"]["template"]["metadata"]["labels"][POOL_LABEL]
