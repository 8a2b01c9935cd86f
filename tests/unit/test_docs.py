"""The documents match the code."""

import re
from pathlib import Path

import pytest

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
