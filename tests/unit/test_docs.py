"""The documents match the code."""

import re
from pathlib import Path

import pytest
import yaml

from dev.docs import pages
from dev.docs.pages import PAGES
from tests.plans import ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)[^)]*\)", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= targets


def test_make_docs_changes_no_page() -> None:
    for page, text in pages.texts().items():
        assert text == pages.render(text), f"{page}: run `make docs`"


def test_what_is_stale_is_replaced_and_the_rest_of_the_page_stays() -> None:
    page = (
        "```console\n$ make preview STACK=dev DEPTH=1\n{}```\n\n"
        "<!-- make picture STACK=dev -->\n\n```mermaid\n{}```\n\n"
        "<!-- made by `make docs`: cost -->\n{}<!-- end -->\nThe end.\n"
    )
    shown = pages.render(page.format("spark-on-eks/dev  1 resource\n", "flowchart TD\n", "old\n"))
    output = pages.output("preview", "STACK=dev DEPTH=1")
    assert shown == page.format(output, pages.picture("dev"), pages.TABLES["cost"]())


NODE_PAGE = (ROOT / "docs" / "node-mount.md").read_text()
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
    (rule,) = re.findall(r"```yaml\n(apiVersion: monitoring.*?)```", NODE_PAGE, re.DOTALL)
    exported = set(re.findall(r"^# TYPE (\w+)", (ROOT / "userdata/cache.sh").read_text(), re.M))
    (group,) = yaml.safe_load(rule)["spec"]["groups"]
    asked = {name for one in group["rules"] for name in re.findall(r"spark_jars_\w+", one["expr"])}
    assert len(group["rules"]) == 5
    assert asked <= exported


@pytest.mark.parametrize("metric", re.findall(r"`(spark_jars_\w+)`", NODE_PAGE))
def test_a_metric_that_is_named_is_exported(metric: str) -> None:
    assert f"# TYPE {metric} " in (ROOT / "userdata/cache.sh").read_text()
