"""docs/rules.md lists the rules and the output of the command."""

import io
import re

from dev.rules_docs import PAGE, render
from ops.rules import show
from ops.rules.catalog import RULES
from ops.rules.check import check
from tests.plans import plan_of

SHOWN = re.compile(r"^\$ make check STACK=(\w+)\n((?:.*\n)*?)```$", re.MULTILINE)


def test_the_tables_are_generated_from_the_rules() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == render(page), "run `make docs`"
    assert all(f"`{rule.id}`" in page for rule in RULES)


def test_the_output_that_is_shown_is_the_real_one() -> None:
    shown = SHOWN.findall(PAGE.read_text(encoding="utf-8"))
    assert shown
    for stack, output in shown:
        stream = io.StringIO()
        show.render(check(plan_of(stack)), stream)
        assert stream.getvalue() == output
