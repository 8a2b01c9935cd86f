"""What logs of N executors cost: objects that agents put, or gigabytes that CloudWatch takes.

An agent puts an object for each container that wrote something in the time between two uploads: as
many requests as there are executors, at most. They are for each container and not for each
application, so that a link leads to one executor's own log; on one node these would be one object
for all executors of a job.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ops.plan.model import Plan
from ops.plan.packages import registered
from ops.plan.text import number

PUT_DOLLARS, INGEST_DOLLARS = 0.005 / 1000, 0.50
"""A PUT to S3 Standard; a GB into CloudWatch Logs: us-west-2, third-party figures, not checked
against AWS' price lists."""
LINES_KB = 60
"""KB that an executor writes in a minute: a guess of one line of INFO a second, as JSON."""
_HOUR = 3600


@dataclass(frozen=True)
class LogLoad:
    """Logs of N executors that all write all the time, in an hour."""

    executors: int
    nodes: int
    destination: str
    upload_seconds: int
    """0 for CloudWatch, which gets lines as they come."""
    requests: int
    """PUTs to S3; 0 for CloudWatch."""
    requests_by_node: int
    """If the executors of a node shared objects."""
    gigabytes: float

    @property
    def dollars(self) -> float:
        """An hour of requests, or of ingestion; without storage."""
        if self.destination == "s3":
            return self.requests * PUT_DOLLARS
        return self.gigabytes * INGEST_DOLLARS


def log_load(plan: Plan, *, executors: int, nodes: int) -> LogLoad | None:
    """The load of the stack's logs; None where it sends none away. `nodes` run the executors."""
    found = next((found for _, found in registered(plan, "podLogs")), None)
    if found is None:
        return None
    seconds = int(found.get("uploadSeconds") or 0)
    times = _HOUR // seconds if seconds else 0
    return LogLoad(
        executors=executors,
        nodes=nodes,
        destination=str(found["destination"]),
        upload_seconds=seconds,
        requests=executors * times,
        requests_by_node=nodes * times,
        gigabytes=executors * LINES_KB * 60 / 1e6,
    )


def rows(load: LogLoad) -> Sequence[Sequence[str]]:
    """The load as lines of a table."""
    volume = ["", "GB an hour", number(round(load.gigabytes, 1)), f"{LINES_KB} KB a minute each"]
    cost = number(round(load.dollars, 2))
    if load.destination != "s3":
        price = f"${INGEST_DOLLARS:.2f} a GB; third-party prices, without storage"
        return [volume, ["", "to CloudWatch Logs, dollars an hour", cost, price]]
    each = f"one for each executor and {load.upload_seconds} s, at most"
    return [
        ["", "objects put an hour", number(load.requests), each],
        [
            "",
            "if a node's executors shared them",
            number(load.requests_by_node),
            f"on {number(load.nodes)} nodes",
        ],
        volume,
        ["", "requests to S3, dollars an hour", cost, "third-party prices, without storage"],
    ]


def as_json(load: LogLoad | None) -> dict[str, Any] | None:
    """The same for tools."""
    return None if load is None else {**asdict(load), "dollars": load.dollars}
