"""What a member's cluster is now: its version, its teams' runs, and what Prometheus recorded."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from components.names import DRAIN_POLICY, START_SECONDS, TEAM_COST
from ops.fleet.clusters import Refused

PROMETHEUS = "monitoring/kube-prometheus-stack-prometheus:9090"
"""Namespace, service and port of the stack's own Prometheus."""
_OPERATOR = "/apis/sparkoperator.k8s.io/v1beta2/namespaces/{}/{}"
_DRAINS = [
    f"/apis/admissionregistration.k8s.io/v1/validatingadmission{kind}/{DRAIN_POLICY}"
    for kind in ("policies", "policybindings")
]
_ENDED = {"COMPLETED": False, "FAILED": True, "SUBMISSION_FAILED": True}
"""State of an application that has ended, and whether it failed (spark-operator v2.5,
api/v1beta2/sparkapplication_types.go)."""


class Reads(Protocol):
    """Reads paths of an API server, as Kubectl does."""

    def read(self, context: str, path: str) -> dict[str, Any]:
        """Returns the JSON of a path. Raises NoAnswer and Refused."""
        ...


class Ended(NamedTuple):
    """Runs that ended in a time: how many, and how many of them failed."""

    runs: int
    failed: int


@dataclass(frozen=True)
class Cluster:
    """A member's cluster, by kubectl's context. Every method raises NoAnswer and Refused."""

    reads: Reads
    context: str
    prometheus: str = PROMETHEUS

    def version(self) -> str:
        """Returns the minor version of Kubernetes: 1.36."""
        found = self.reads.read(self.context, "/version")
        return f"{found['major']}.{str(found['minor']).rstrip('+')}"

    def lacks(self, teams: Sequence[str]) -> list[str]:
        """Returns the teams without a namespace."""
        return [one for one in teams if not self._is_there(f"/api/v1/namespaces/{quote(one)}")]

    def drains(self) -> bool:
        """Returns whether the API server refuses new applications."""
        return all(self._is_there(path) for path in _DRAINS)

    def running(self, teams: Sequence[str]) -> list[str]:
        """Returns the applications that have not ended, as team/name."""
        return [
            f"{team}/{one['metadata']['name']}"
            for team, one in self._applications(teams)
            if _state(one) not in _ENDED
        ]

    def schedules(self, teams: Sequence[str]) -> list[str]:
        """Returns the scheduled applications that are not suspended, as team/name."""
        return [
            f"{team}/{one['metadata']['name']}"
            for team in teams
            for one in self._items(team, "scheduledsparkapplications")
            if not (one.get("spec") or {}).get("suspend")
        ]

    def ended(self, teams: Sequence[str], hours: int) -> Ended:
        """Returns how many applications ended in the last hours."""
        since = datetime.now(UTC) - timedelta(hours=hours)
        failed = [
            _ENDED[_state(one)]
            for _, one in self._applications(teams)
            if _state(one) in _ENDED and _ended_at(one) >= since
        ]
        return Ended(len(failed), sum(failed))

    def start_seconds(self, teams: Sequence[str], hours: int) -> float | None:
        """Returns the seconds within which 90 % of the drivers ran, None if none is recorded."""
        chosen = f'{{namespace=~"{"|".join(teams)}", step="driver running"}}'
        return self._query(
            f"quantile(0.9, max by (namespace, application) "
            f"(max_over_time({START_SECONDS}{chosen}[{hours}h])))"
        )

    def dollars(self, teams: Sequence[str], hours: int) -> float | None:
        """Returns what the teams' pods cost in the last hours, None if nothing is recorded."""
        chosen = f'{{namespace=~"{"|".join(teams)}"}}'
        return self._query(f"sum(sum_over_time({TEAM_COST}{chosen}[{hours}h:1m])) / 60")

    def _is_there(self, path: str) -> bool:
        try:
            self.reads.read(self.context, path)
        except Refused as error:
            if "(NotFound)" in str(error):
                return False
            raise
        return True

    def _query(self, query: str) -> float | None:
        namespace, _, service = self.prometheus.partition("/")
        path = f"/api/v1/namespaces/{quote(namespace)}/services/{quote(service, safe=':')}"
        found = self.reads.read(
            self.context, f"{path}/proxy/api/v1/query?{urlencode({'query': query})}"
        )
        values = [float(one["value"][1]) for one in found["data"]["result"]]
        return values[0] if values and math.isfinite(values[0]) else None

    def _applications(self, teams: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        for team in teams:
            yield from ((team, one) for one in self._items(team, "sparkapplications"))

    def _items(self, team: str, plural: str) -> list[dict[str, Any]]:
        path = _OPERATOR.format(quote(team, safe=""), plural)
        return list(self.reads.read(self.context, path)["items"])


def _state(application: dict[str, Any]) -> str:
    status = application.get("status") or {}
    return str((status.get("applicationState") or {}).get("state") or "")


def _ended_at(application: dict[str, Any]) -> datetime:
    """When it ended; long ago, where that is not said."""
    text = str(application["status"].get("terminationTime") or "")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
