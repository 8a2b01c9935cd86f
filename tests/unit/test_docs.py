"""The documents match the code."""

import re
from pathlib import Path

import pytest

from dev import configuration_docs, cost_docs, node_docs, shown_outputs
from dev.shown_outputs import PAGES
from tests.plans import ROOT, plan_of


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
    assert configuration_docs.PAGE.read_text() == configuration_docs.render(), "run `make docs`"
    for page in PAGES:
        assert page.read_text() == shown_outputs.render(page.read_text()), f"{page}: `make docs`"
    assert node_docs.PAGE.read_text() == node_docs.render(node_docs.PAGE.read_text())


def test_the_cost_table_is_calculated_from_the_plans() -> None:
    page = cost_docs.PAGE.read_text(encoding="utf-8")
    assert cost_docs.render(page, plan_of) == page, "run `make docs`"
    stale = page.replace("| EKS control plane | 73 (1) |", "| EKS control plane | 0 (0) |")
    assert stale != page and cost_docs.render(stale, plan_of) == page


def test_an_output_or_a_picture_that_is_stale_is_replaced_and_the_rest_of_the_page_stays() -> None:
    page = (
        "```console\n$ make preview STACK=dev DEPTH=1\n{}```\n\n"
        "<!-- make picture STACK=dev -->\n\n```mermaid\n{}```\n\nThe end.\n"
    )
    shown = shown_outputs.render(page.format("spark-on-eks/dev  1 resource\n", "flowchart TD\n"))
    output = shown_outputs.output("preview", "STACK=dev DEPTH=1")
    assert shown == page.format(output, shown_outputs.picture("dev"))
