"""An add-on is one component: the one of docs/adding-an-addon.md, in a copy of the program."""

import re
import shutil
from pathlib import Path

import pytest

from ops.plan.errors import UserError
from ops.plan.model import Plan
from ops.plan.record import record
from ops.rules.check import check
from ops.rules.rule import Severity
from tests.plans import ROOT, named, reaches

_BLOCKS = re.findall(
    r"^```python\n(.*?)^```$",
    (ROOT / "docs" / "adding-an-addon.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
ENABLED = "addons.reloader.enabled=true"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    for name in ("Pulumi.yaml", "__main__.py", "settings.py"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("components", "userdata", "stacks"):
        shutil.copytree(ROOT / name, folder / name)
    component, row = _BLOCKS
    (folder / "versions.py").write_text(f"{(ROOT / 'versions.py').read_text()}\n{row}")
    (folder / "components" / "addons" / "reloader.py").write_text(component)
    return folder


@pytest.fixture(scope="module")
def plan(program: Path) -> Plan:
    return record(program, "dev", [ENABLED])


def test_an_add_on_is_off_by_default(program: Path) -> None:
    assert not [one for one in record(program, "dev").resources if "reloader" in one.urn]


def test_its_release_comes_after_its_namespace_and_the_system_nodes(plan: Plan) -> None:
    before = reaches(plan, named(plan, "Release", "reloader-release"))
    assert named(plan, "Namespace", "reloader-namespace").urn in before
    assert named(plan, "NodeGroup", "system-group").urn in before


def test_rules_know_where_its_pods_run_without_a_line_elsewhere(plan: Plan) -> None:
    assert check(plan).of(Severity.error) == []
    release = named(plan, "Release", "reloader-release").inputs
    assert release["values"]["nodeSelector"] == {"spark-on-eks/pool": "system"}
    assert (release["chart"], release["version"]) == ("reloader", "2.1.0")


def test_a_users_values_are_merged_over_the_add_ons(program: Path) -> None:
    values = "addons.reloader.values={resources: {requests: {cpu: 1}}, reloader: {logFormat: json}}"
    plan = record(program, "dev", [ENABLED, values])
    merged = named(plan, "Release", "reloader-release").inputs["values"]
    assert merged["resources"]["requests"] == {"cpu": 1, "memory": "128Mi"}
    assert merged["reloader"] == {"logFormat": "json"}


@pytest.mark.parametrize(
    "values",
    [
        "{replicaCount: 1}",
        "{nodeSelector: {a: b}}",
        "{podDisruptionBudget: 0}",
        "{tolerations: []}",
    ],
)
def test_a_value_that_the_platform_needs_is_refused_by_key(program: Path, values: str) -> None:
    with pytest.raises(UserError, match=r"spark-on-eks:addons\.reloader\.values: .* cannot be set"):
        record(program, "dev", [ENABLED, f"addons.reloader.values={values}"])
