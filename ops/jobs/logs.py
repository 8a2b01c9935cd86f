"""What a job needs so that its logs are found: lines as JSON, and links from its pages.

Sources: spark.apache.org/docs/4.0.1/configuration.html; a real job wrote such lines, and a real
History Server showed such a link (tests/tiers/operator/test_logs.py).
"""

from typing import Any

from ops.jobs.team import Team

STRUCTURED = "spark.log.structuredLogging.enabled"
"""One JSON object a line, with the stack trace in it. Since Spark 4.0, off by default; what
`spark.redaction.regex` hides stays hidden."""
LINK = "spark.ui.custom.executor.log.url"
"""Of the executors' page of a job that runs; the History Server has a key of its own."""
_SINCE = 4


def add(spec: dict[str, Any], team: Team) -> None:
    """Adds the keys to an application; what the job itself configures stays."""
    conf: dict[str, str] = {}
    if team.executor_log_url:
        conf[LINK] = team.executor_log_url
    if team.json_logs and int(str(spec["sparkVersion"]).partition(".")[0]) >= _SINCE:
        conf[STRUCTURED] = "true"
    if conf:
        spec["sparkConf"] = dict(sorted({**conf, **spec["sparkConf"]}.items()))
