"""promtool of the pinned Prometheus: unit tests of rules, as it runs them itself."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.monitoring.rules import Alert, Record
from tests.tiers.metrics.cases.case import AlertCase, RecordCase, Series, changed


@dataclass(frozen=True)
class Check:
    """One group of series with what an expression gives at a minute."""

    rule: str
    what: str
    series: Series
    expr: str
    at: int
    samples: Mapping[str, float]
    """Values by series; none: no value."""

    @property
    def name(self) -> str:
        """As promtool names it."""
        return f"{self.rule}: {self.what}"

    def render(self) -> dict[str, Any]:
        """The group in promtool's own form."""
        return {
            "name": self.name,
            "interval": "1m",
            "input_series": [
                {"series": name, "values": values} for name, values in self.series.items()
            ],
            "promql_expr_test": [
                {
                    "expr": self.expr,
                    "eval_time": f"{self.at}m",
                    "exp_samples": [
                        {"labels": labels, "value": value} for labels, value in self.samples.items()
                    ],
                }
            ],
        }


def alert_checks(case: AlertCase, rule: Alert) -> Iterator[Check]:
    """It fires, not before its time, and not with each change of its series."""
    expr = f'ALERTS{{alertname="{case.alert}", alertstate="firing"}}'
    labels = f'severity="{rule.severity}"' + (f", {case.labels}" if case.labels else "")
    labels = f'ALERTS{{alertname="{case.alert}", alertstate="firing", {labels}}}'
    yield Check(case.alert, "fires", case.series, expr, case.at, {labels: 1})
    if case.value is not None:
        told = {f"{{{case.labels}}}": case.value}
        yield Check(case.alert, "tells its value", case.series, f"({rule.expr}) + 0", case.at, told)
    if case.before is not None:
        yield Check(case.alert, "not yet", case.series, expr, case.before, {})
    for reason, change in case.quiet.items():
        yield Check(case.alert, reason, changed(case.series, change), expr, case.at, {})


def record_checks(case: RecordCase) -> Iterator[Check]:
    """It has these values and no other."""
    samples = {f"{case.record}{{{labels}}}": value for labels, value in case.values.items()}
    yield Check(case.record, "has its values", case.series, case.record, case.at, samples)


def check_rules(tools: Path, rules: Iterable[Record | Alert], folder: Path) -> None:
    """Raises CalledProcessError with what promtool says of the rules."""
    path = _write(rules, folder)
    subprocess.run(
        [tools / "promtool", "check", "rules", "--lint=all", "--lint-fatal", path],
        check=True,
        capture_output=True,
        text=True,
    )


def failures(
    tools: Path, rules: Iterable[Record | Alert], checks: Iterable[Check], folder: Path
) -> str:
    """What promtool says of checks that fail; empty where all pass."""
    rules = list(rules)
    _write(rules, folder)
    tests = folder / "tests.json"
    written = {
        "rule_files": ["rules.json"],
        "evaluation_interval": "1m",
        "fuzzy_compare": True,
        "tests": [check.render() for check in checks],
    }
    tests.write_text(json.dumps(written), encoding="utf-8")
    done = subprocess.run(
        [tools / "promtool", "test", "rules", tests], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _write(rules: Iterable[Record | Alert], folder: Path) -> Path:
    """A rule of one group: within a group each sees what the one before has recorded."""
    path = folder / "rules.json"
    group = {"name": "rules", "interval": "1m", "rules": [one.render() for one in rules]}
    path.write_text(json.dumps({"groups": [group]}), encoding="utf-8")
    return path
