"""Pods request what they may write to their node's disk."""

import json
from typing import Any

import pytest

from ops.jobs.mend import mended
from ops.jobs.model import Target
from ops.jobs.team import rights_of, team_of
from ops.plan.quantity import MIB, parse
from tests.ops.jobs.test_application import YUNIKORN
from tests.ops.jobs.test_check import ABSENT, changed, put
from tests.ops.jobs.test_shuffle import PLAN, objects
from tests.ops.jobs.variants import Variant, application, every, over, warnings
from tests.plans import plan_of

LOGS, OF_CORE = 50, 256


def asked(spec: dict[str, Any], role: str) -> int:
    """MiB of local disk that the role's template requests."""
    (container,) = spec[role]["template"]["spec"]["containers"]
    assert container["name"] == f"spark-kubernetes-{role}"
    (given,) = container["resources"]["requests"].items()
    assert given[0] == "ephemeral-storage"
    return int(parse(given[1]) / MIB)


def limits(spec: dict[str, Any], role: str) -> int:
    """MiB of the role's local disks."""
    mounted = {one["name"] for one in spec[role]["volumeMounts"]}
    disks = [one["emptyDir"]["sizeLimit"] for one in spec["volumes"]
             if "emptyDir" in one and one["name"] in mounted]  # fmt: skip
    return int(sum(map(parse, disks)) / MIB)


@over()
def test_every_pod_of_our_jobs_requests_its_local_disks_logs_and_uploads(variant: Variant) -> None:
    for plan in variant.plans():
        for _, _, documents in every(plan):
            outer = documents[-1]["spec"]
            spec = outer.get("template", outer)
            for role in ("driver", "executor"):
                assert limits(spec, role) >= 1024
                more = LOGS + OF_CORE * spec[role]["cores"]
                assert asked(spec, role) == limits(spec, role) + more


def test_a_packed_python_environment_counts(tmp_path: Any) -> None:
    archive = "s3a://lake/packed.tar.gz"
    spec = objects(tmp_path, "team-b", python={"archive": archive})[-1]["spec"]
    assert limits(spec, "executor") == 54 * 1024
    assert asked(spec, "executor") == 54 * 1024 + LOGS + OF_CORE


def test_an_executor_with_a_claimed_volume_requests_no_disk_of_the_node_for_it(
    tmp_path: Any,
) -> None:
    spec = objects(tmp_path)[-1]["spec"]
    assert asked(spec, "executor") == LOGS + OF_CORE
    assert asked(spec, "driver") > 1024


def test_a_gang_and_a_job_of_spark_2_have_no_template() -> None:
    gang = application(plan_of("dev", YUNIKORN), "pi", "team-a")["spec"]
    assert not any("template" in gang[role] for role in ("driver", "executor"))
    old = plan_of("dev", "spark.image=apache/spark:2.4.8")
    spec = application(old, "pi", "team-a")["spec"]
    assert not any("template" in spec[role] for role in ("driver", "executor"))


@pytest.mark.parametrize("role", ["driver", "executor"])
@pytest.mark.parametrize(
    "template",
    [
        ABSENT,
        {},
        {"spec": {"containers": []}},
        {"spec": {"containers": [{}]}},
    ],
    ids=["none", "empty", "no-container", "no-request"],
)
def test_a_pod_that_requests_no_disk_is_told_and_put_right(role: str, template: Any) -> None:
    given = json.loads(json.dumps(application(PLAN, "taxi-trip", "team-b")))
    wanted = given["spec"][role].pop("template")
    if template is not ABSENT:
        given["spec"][role]["template"] = json.loads(json.dumps(template).replace(
            "[{}]", f'[{{"name": "spark-kubernetes-{role}"}}]'))  # fmt: skip
    team = team_of(PLAN, "team-b")
    right, done, verdict = mended(given, Target(PLAN, team, rights_of(PLAN, team)))
    assert [f"spec.{role}.template" in one.line for one in done] == [True]
    assert right["spec"][role]["template"] == wanted
    assert not [line for line in warnings(verdict) if "requests" in line]


def test_a_request_below_the_local_disks_is_told() -> None:
    path = "executor/template/spec/containers/0/resources/requests"
    (line,) = [
        line
        for line in warnings(changed(put(path, {"ephemeral-storage": "4Gi"})))
        if "spec.executor.template" in line
    ]
    assert "may hold 5.0 GiB and it requests 4.0" in line
    enough = warnings(changed(put(path, {"ephemeral-storage": "5Gi"})))
    assert not [line for line in enough if "template" in line]
