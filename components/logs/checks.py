"""Checks of `observability.logs` against the rest of the stack."""

from collections.abc import Sequence

from components.base import Problems
from components.logs.settings import POD_LOGS, LogsSettings
from components.spark.team import TeamSettings


def check_logs(logs: LogsSettings, teams: Sequence[TeamSettings], cluster_name: str) -> Problems:
    """No team lists the bucket of all pods' logs among its own."""
    if not logs.enabled or logs.destination != "s3":
        return
    given = logs.bucket.__dict__.get("name")
    for index, team in enumerate(teams):
        for number, access in enumerate(team.__dict__.get("buckets", ())):
            name = access.__dict__.get("name", "").rpartition(":")[2]
            if name and (name == given or name.startswith(f"{cluster_name}-{POD_LOGS}-")):
                yield (
                    f"spark.teams[{index}].buckets[{number}].name",
                    f"'{name}' holds the logs of all pods; a team reads its own without listing "
                    "the bucket",
                )
