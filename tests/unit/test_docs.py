"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest

from dev import cost_docs, shown_outputs
from dev.configuration_docs import PAGE, render
from dev.shown_outputs import PAGES, PICTURES, SHOWN
from tests.plans import ROOT, plan_of


def test_the_configuration_page_is_made_from_the_settings() -> None:
    assert PAGE.read_text() == render(), "run `make docs`"


def test_the_cost_table_is_calculated_from_the_plans() -> None:
    page = cost_docs.PAGE.read_text(encoding="utf-8")
    assert cost_docs.render(page, plan_of) == page, "run `make docs`"
    stale = page.replace("| EKS control plane | 73 (1) |", "| EKS control plane | 0 (0) |")
    assert stale != page and cost_docs.render(stale, plan_of) == page


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
    ]


@pytest.mark.parametrize(("page", "command", "arguments", "output"), outputs_shown())
def test_every_output_of_a_preview_that_is_shown_is_the_real_one(
    page: str, command: str, arguments: str, output: str
) -> None:
    assert output == shown_outputs.output(command, arguments), f"{page}: run `make docs`"


def test_a_page_shows_the_output_of_a_preview_and_of_a_diff() -> None:
    assert {command for _, command, _, _ in outputs_shown()} == {"preview", "diff"}


def test_the_picture_of_the_readme_is_drawn_from_the_plan_of_stack_dev() -> None:
    (shown,) = PICTURES.finditer((ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown["stack"] == "dev"
    assert shown["chart"] == shown_outputs.picture("dev"), "run `make docs`"


def test_make_docs_renews_an_output_that_is_stale_and_leaves_the_rest() -> None:
    real = shown_outputs.output("preview", "STACK=dev DEPTH=1")
    page = """# Commands

```console
$ make diff FROM=dev TO=prod
```

```console
$ make plan STACK=dev
$ make preview STACK=dev DEPTH=1
{}```

<!-- make picture STACK=dev -->

```mermaid
{}```

The end, with ``` in it.
```
a block
```
"""
    stale = page.format("spark-on-eks/dev  1 resource\n", "flowchart TD\n")
    assert shown_outputs.render(stale) == page.format(real, shown_outputs.picture("dev"))
