"""Local disks of a job that overflow a node's disk are told."""

import json
from typing import Any

import pytest

from ops.jobs.catalog import JOBS
from tests.ops.jobs.test_check import Change, changed
from tests.ops.jobs.variants import objects_of, verdict_of, warnings
from tests.plans import NODE, plan_of


def overfull(change: Change, *overrides: str) -> list[str]:
    """The warnings of a full disk, of a taxi-trip job of dev after a change of its spec."""
    return [line for line in warnings(changed(change, *overrides)) if "local disk, JAR" in line]


def disk(size: str, role: str = "executor") -> Change:
    """A change of the size limit of a role's local disk."""

    def change(spec: dict[str, Any]) -> None:
        (volume,) = [one for one in spec["volumes"] if one["name"] == f"spark-local-dir-{role}"]
        volume["emptyDir"]["sizeLimit"] = size

    return change


@pytest.mark.parametrize(
    ("size", "overrides", "says"),
    [
        # 100 GiB hold 89 without eviction's and the kubelet's part, less two teams' JAR caches.
        ("34Gi", (), None),
        ("35Gi", (), "executor: 2 on one m7g.2xlarge may fill 70.0 GiB of local disk, JAR caches "
         "20.0 GiB, and the disk has 89.0 GiB"),
        ("35Gi", ("pools[0].diskGiB=120",), None),
        ("35Gi", ("jarMount.cacheMiB=9216",), None),
        # At node level all teams share the node's copies and its cache.
        ("39Gi", NODE, None),
        ("40Gi", NODE, "JAR caches 10.0 GiB, and the disk has 89.0 GiB"),
        # An instance store holds 950 GB.
        ("80Gi", ("pools[0].families=[m7gd]", "pools[0].sizes=[4xlarge]"), None),
    ],
)  # fmt: skip
def test_executors_that_share_a_node_fit_on_its_disk(
    size: str, overrides: tuple[str, ...], says: str | None
) -> None:
    found = overfull(disk(size), *overrides)
    assert [says in line for line in found] == ([True] if says else []), found


def test_a_driver_s_local_disk_fits_on_its_node() -> None:
    assert overfull(disk("69Gi", "driver")) == []
    (line,) = overfull(disk("70Gi", "driver"))
    assert line.startswith("spec.volumes: driver: 1 on one m7g.large may fill 70.0 GiB")


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_local_disks_of_our_jobs_fit_with_any_number_of_executors(stack: str) -> None:
    plan = plan_of(stack)
    for team in plan.exports["teams"]:
        for name in JOBS:
            objects = json.loads(json.dumps(objects_of(plan, name, team)))
            spec = objects[-1]["spec"]
            if "dynamicAllocation" in spec:
                spec["dynamicAllocation"]["maxExecutors"] = 1000
            else:
                spec["executor"]["instances"] = 1000
            found = warnings(verdict_of(objects, plan, team))
            assert not [line for line in found if "local disk" in line]
