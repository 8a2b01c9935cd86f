"""A stack's own rules in the real Prometheus, whose alerts go through the real Alertmanager."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.plan.manifests import manifest
from ops.plan.model import Plan
from tests.plans import of_type
from tests.tiers.cluster.api import Object
from tests.tiers.metrics import programs
from tests.tiers.metrics.programs import Server
from tests.tiers.metrics.sink import Sink, sink

_RECEIVER = "/alerts"


@dataclass(frozen=True)
class Alerting:
    """A running Prometheus with rules, and what receives its alerts."""

    prometheus: Server
    sink: Sink

    def received(self, status: str = "firing") -> dict[str, dict[str, str]]:
        """Labels of the alerts that arrived with a status, by name; the last one of each name."""
        bodies: list[dict[str, Any]] = [json.loads(one.body) for one in self.sink.to(_RECEIVER)]
        return {
            one["labels"]["alertname"]: one["labels"]
            for body in bodies
            for one in body["alerts"]
            if one["status"] == status
        }

    def wait_for(self, alert: str, status: str = "firing", seconds: float = 60) -> dict[str, str]:
        """The labels of an alert, once the receiver has it. Raises TimeoutError."""
        self.prometheus.wait(lambda: alert in self.received(status), f"{alert} {status}", seconds)
        return self.received(status)[alert]


def rules_of(plan: Plan) -> list[Object]:
    """The groups of a plan's rules. A minute before an alert fires is a second here; expressions,
    labels and texts are the plan's."""
    groups = [
        group
        for one in of_type(plan, "PrometheusRule")
        for group in manifest(one)["spec"]["groups"]
    ]
    return [{**one, "rules": [_sooner(rule) for rule in one["rules"]]} for one in groups]


def _sooner(rule: Mapping[str, Any]) -> Object:
    minutes = rule.get("for")
    return {**rule, "for": minutes.replace("m", "s")} if minutes else dict(rule)


def relabelings(plan: Plan, monitor: str) -> list[Object]:
    """The relabeling of metrics of a plan's monitor, as Prometheus' own configuration has it."""
    (found,) = [
        manifest(one)["spec"]["podMetricsEndpoints"]
        for one in of_type(plan, "PodMonitor")
        if one.name.endswith(f"-{monitor}")
    ]
    (endpoint,) = found
    return in_prometheus_words(endpoint["metricRelabelings"])


def in_prometheus_words(rules: Sequence[Mapping[str, Any]]) -> list[Object]:
    """Relabeling of the operator's objects, as Prometheus' configuration writes it."""
    return [
        {
            re.sub("[A-Z]", lambda big: f"_{big[0].lower()}", key): value
            for key, value in one.items()
        }
        for one in rules
    ]


def static(job: str, server_url: str, **more: Any) -> Object:
    """A scrape job of one target."""
    scheme, _, target = server_url.partition("://")
    return {
        "job_name": job,
        "scheme": scheme,
        "static_configs": [{"targets": [target]}],
        **more,
    }


@contextmanager
def alerting(
    tools: Path, rules: Sequence[Object], scraped: Sequence[Object], folder: Path
) -> Iterator[Alerting]:
    """Runs both for the block; everything is scraped and evaluated each second."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "rules.yaml"
    # JSON is YAML.
    file.write_text(json.dumps({"groups": rules}))
    with ExitStack() as started:
        to = started.enter_context(sink())
        receivers = {
            "route": {
                "receiver": "hook",
                "group_by": ["..."],
                "group_wait": "1s",
                "group_interval": "1s",
            },
            "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{to.url}{_RECEIVER}"}]}],
        }
        manager = started.enter_context(programs.alertmanager(tools, receivers, folder / "manager"))
        managers = {"static_configs": [{"targets": [manager.url.partition("://")[2]]}]}
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(file)],
            "alerting": {"alertmanagers": [managers]},
            "scrape_configs": list(scraped),
        }
        server = started.enter_context(programs.prometheus(tools, config, folder / "server"))
        yield Alerting(server, to)
