"""Each part of each rule is needed: without it, or turned around, a case of the rule fails."""

import dataclasses
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from components.monitoring.rules import Alert, Record
from tests.tiers.metrics.promtool import failures
from tests.tiers.metrics.test_rules import RULES, checks_of, closure

_NEEDED = 0.9


def mutants(tools: Path) -> dict[str, list[tuple[str, str]]]:
    """By rule, what is changed and the expression then."""
    expressions = [rule.expr for rule in RULES.values()]
    done = subprocess.run(
        [tools / "mutants"],
        input=json.dumps(expressions),
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        name: [(one["what"], one["expr"]) for one in found]
        for name, found in zip(RULES, json.loads(done.stdout), strict=True)
    }


def _survives(tools: Path, name: str, expr: str, folder: Path) -> bool:
    """Whether all cases of a rule pass with another expression in its place."""
    folder.mkdir()
    rules: list[Record | Alert] = [
        dataclasses.replace(one, expr=expr) if one.name == name else one for one in closure(name)
    ]
    return not failures(tools, rules, checks_of(name), folder)


def test_at_least_nine_of_ten_changes_of_a_rule_are_caught(tools: Path, tmp_path: Path) -> None:
    tried = [(name, what, expr) for name, found in mutants(tools).items() for what, expr in found]
    with ThreadPoolExecutor(2) as pool:
        survived = list(
            pool.map(
                lambda one: _survives(tools, one[1][0], one[1][2], tmp_path / str(one[0])),
                enumerate(tried),
            )
        )
    missed = [
        f"{name}: {what}" for (name, what, _), one in zip(tried, survived, strict=True) if one
    ]
    caught = 1 - len(missed) / len(tried)
    print(f"{len(tried)} changes, {caught:.1%} caught")
    assert len(tried) > 300
    assert caught >= _NEEDED, "\n".join(missed)
