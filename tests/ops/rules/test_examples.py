"""The examples of a page are stacks that `make check` accepts."""

import json
import re
from typing import Any

import pytest
import yaml

from ops.rules.check import check
from ops.rules.rule import Severity
from tests.plans import ROOT, plan_of

_PREFIX = "spark-on-eks:"


def examples(page: str) -> list[dict[str, Any]]:
    """The blocks of a page that are parts of a stack file."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    found = [yaml.safe_load(one) for one in blocks]
    return [one for one in found if all(key.startswith(_PREFIX) for key in one)]


def sets_of(example: dict[str, Any]) -> list[str]:
    """The keys of an example, as SET= has them."""
    sets: list[str] = []
    for name, value in example.items():
        key = name.removeprefix(_PREFIX)
        inner = {f"{key}.{one}": value[one] for one in value} if isinstance(value, dict) else {}
        sets += [f"{one}={json.dumps(given)}" for one, given in (inner or {key: value}).items()]
    return sets


EXAMPLES = examples("shuffle.md")


def test_the_page_has_an_example_of_each_kind() -> None:
    text = json.dumps(EXAMPLES)
    assert len(EXAMPLES) == 4
    assert all(f'"shuffle": "{kind}"' in text for kind in ("claim", "celeborn", "lustre"))


@pytest.mark.parametrize("example", EXAMPLES, ids=",".join)
def test_an_example_of_the_page_on_shuffle_breaks_no_rule_in_dev(example: dict[str, Any]) -> None:
    report = check(plan_of("dev", *sets_of(example)))
    assert [one.broken.message for one in report.of(Severity.error)] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=",".join)
def test_an_example_has_no_more_system_nodes_than_it_needs(example: dict[str, Any]) -> None:
    fewer = {key: one for key, one in example.items() if key != f"{_PREFIX}systemNodes"}
    if fewer != example:
        report = check(plan_of("dev", *sets_of(fewer)))
        assert "system-nodes-fit" in {one.rule.id for one in report.of(Severity.error)}
