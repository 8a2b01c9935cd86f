"""The fields of an application, as the operator's CRD has them."""

import json
from typing import Any

import pytest

from dev.application_fields import TARGET, compact, written
from ops.jobs.fields import checked, checked_schedule
from tests.validate import crd, reference


@pytest.mark.skipif(reference.missing() is not None, reason="no CRDs")
def test_the_file_is_what_the_crd_says() -> None:
    file = reference.place() / "crds" / "sparkoperator.k8s.io_sparkapplications.yaml"
    assert TARGET.read_text() == written(compact(crd.load(file)))


GOOD: dict[str, Any] = {
    "type": "Python",
    "sparkVersion": "4.0.4",
    "mainApplicationFile": "local:///x.py",
    "driver": {"cores": 1, "env": [{"name": "A", "value": "b"}]},
    "executor": {"instances": 2},
    "sparkConf": {"spark.a": "b"},
}


def lines(spec: Any) -> list[str]:
    return [one.line for one in checked(spec)[1]]


def test_what_is_right_is_kept_as_it_is() -> None:
    assert checked(GOOD) == (GOOD, [])
    assert checked_schedule({"schedule": "@daily", "template": GOOD})[1] == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dirver": {}}, "spec.dirver {}: the SparkApplication has no such field, and"),
        ({"dirver": {}}, "write: driver"),
        ({"driver": []}, "spec.driver []: must be a mapping"),
        ({"driver": {"cores": True}}, "spec.driver.cores true: must be a whole number"),
        ({"driver": {"cores": 1.5}}, "spec.driver.cores 1.5: must be a whole number"),
        ({"driver": {"env": [{"name": 1}]}}, 'spec.driver.env[0].name 1: must be text; quote numb'),
        ({"sparkConf": {"spark.a": 1}}, "spec.sparkConf[spark.a] 1: must be text"),
        ({"mode": "Cluster"}, 'spec.mode Cluster: must be one of cluster, client; write: "clus'),
        ({"mainApplicationFile": None}, "spec.mainApplicationFile: is required"),
    ],
)  # fmt: skip
def test_what_the_crd_refuses_is_told_with_its_path_and_what_to_write(
    change: dict[str, Any], says: str
) -> None:
    assert [line for line in lines({**GOOD, **change}) if says in line], lines({**GOOD, **change})


@pytest.mark.parametrize("spec", [None, [], "x", 1, {}, {"driver": None}])
def test_what_is_left_always_has_what_a_field_requires(spec: Any) -> None:
    kept, found = checked(spec)
    assert found
    assert spec == [] or {"driver", "executor"} <= kept.keys() or not kept
    json.dumps(kept)
