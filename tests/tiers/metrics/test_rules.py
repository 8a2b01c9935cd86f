"""Every rule under promtool of the pinned Prometheus: each speaks with its series, and is quiet
without them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.monitoring.rules import Alert, Inputs, Record, groups
from tests.tiers.metrics.cases import ALERTS, RECORDS
from tests.tiers.metrics.cases.case import AlertCase
from tests.tiers.metrics.promtool import Check, alert_checks, check_rules, failures, record_checks

RULES = {rule.name: rule for group in groups(Inputs()) for rule in group.rules}


def closure(name: str) -> list[Record | Alert]:
    """The rule, after those whose series it uses."""
    wanted, found = [name], []
    while wanted:
        one = wanted.pop()
        found.append(one)
        words = set(re.findall(r"[\w:]+", RULES[one].expr))
        wanted += [other for other in RULES if other in words and other not in found]
    return [RULES[one] for one in sorted(found, key=list(RULES).index)]


def checks_of(name: str) -> Iterator[Check]:
    """Everything that is said of a rule."""
    for alert in ALERTS:
        if alert.alert == name and isinstance(rule := RULES[name], Alert):
            yield from alert_checks(alert, rule)
    for record in RECORDS:
        if record.record == name:
            yield from record_checks(record)


def test_promtool_finds_nothing_to_say_of_the_rules(tools: Path, tmp_path: Path) -> None:
    check_rules(tools, RULES.values(), tmp_path)


def test_every_alert_has_series_with_which_it_is_quiet() -> None:
    alerts = {name for name, rule in RULES.items() if isinstance(rule, Alert)}
    assert {one.alert for one in ALERTS if one.quiet} == alerts


def test_every_recorded_series_has_values() -> None:
    records = {name for name, rule in RULES.items() if isinstance(rule, Record)}
    assert {one.record for one in RECORDS if one.values} == records


@pytest.mark.parametrize("name", RULES)
def test_a_rule_speaks_when_it_should(name: str, tools: Path, tmp_path: Path) -> None:
    assert failures(tools, closure(name), checks_of(name), tmp_path) == ""


@pytest.mark.parametrize("case", ALERTS, ids=lambda one: one.alert)
def test_an_alerts_text_names_only_labels_that_it_has(case: AlertCase) -> None:
    rule = RULES[case.alert]
    assert isinstance(rule, Alert)
    named = set(re.findall(r"\$labels\.(\w+)", f"{rule.summary} {rule.meaning}"))
    assert named <= set(re.findall(r"(\w+)=", case.labels))
