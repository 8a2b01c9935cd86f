"""The pages of the node's mount name tests and metrics that exist."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "node-mount.md").read_text()
PROOF = (ROOT / "docs" / "testing-node.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    section = PROOF.partition(f"{heading}\n")[2]
    rows = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert rows, heading
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in rows[0].splitlines()[2:]
    ]


def test_every_measured_consequence_has_a_test_or_a_reason() -> None:
    rows = table("## What was measured of mount-s3, and where it is held")
    assert [int(row[0]) for row in rows] == list(range(1, 18))
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for number, _, held in rows:
        names = re.findall(r"`(test_\w+)", held)
        for name in names:
            assert f"def {name}(" in tests, f"consequence {number}: {name}"
        assert names or "not the node's" in held, f"consequence {number}"


def test_the_alerts_use_metrics_that_a_node_exports() -> None:
    (rule,) = re.findall(r"```yaml\n(apiVersion: monitoring.*?)```", PAGE, re.DOTALL)
    exported = set(re.findall(r"^# TYPE (\w+)", (ROOT / "userdata/cache.sh").read_text(), re.M))
    (group,) = yaml.safe_load(rule)["spec"]["groups"]
    asked = {name for one in group["rules"] for name in re.findall(r"spark_jars_\w+", one["expr"])}
    assert len(group["rules"]) == 4
    assert asked <= exported


@pytest.mark.parametrize("metric", re.findall(r"`(spark_jars_\w+)`", PAGE))
def test_a_metric_that_is_named_is_exported(metric: str) -> None:
    assert f"# TYPE {metric} " in (ROOT / "userdata/cache.sh").read_text()
