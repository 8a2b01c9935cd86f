"""What the documents say is what the code does."""

import io
import re
import shlex
from pathlib import Path

import pytest

from preview import show_diff, tree
from preview.diff import compare
from tests.plans import ROOT, plan_of
from tools.configuration_docs import PAGE, render

SHOWN = re.compile(r"^\$ make (preview|diff)(.*)\n((?:(?!\$ ).*\n)*?)```$", re.MULTILINE)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_configuration_page_is_made_from_the_settings() -> None:
    assert PAGE.read_text() == render(), "run `make docs`"


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


def outputs_shown() -> list[tuple[str, str, str, str]]:
    return [
        (page.name, command, arguments, output)
        for page in PAGES
        for command, arguments, output in SHOWN.findall(page.read_text())
        if output
    ]


@pytest.mark.parametrize(("page", "command", "arguments", "output"), outputs_shown())
def test_every_output_of_a_preview_that_is_shown_is_the_real_one(
    page: str, command: str, arguments: str, output: str
) -> None:
    given = dict(word.split("=", 1) for word in shlex.split(arguments))
    overrides = [given["SET"]] if "SET" in given else []
    after = plan_of(given["STACK"], *overrides)
    stream = io.StringIO()
    if command == "preview":
        tree.render(after, stream, int(given.get("DEPTH", 0)))
    else:
        show_diff.render(compare(plan_of(given["STACK"]), after), stream)
    assert stream.getvalue() == output


def test_a_page_shows_the_output_of_a_preview_and_of_a_diff() -> None:
    assert {command for _, command, _, _ in outputs_shown()} == {"preview", "diff"}
