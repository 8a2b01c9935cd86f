"""Reads the logs of the command line, one after another, and reports on them."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from ops.advice.fit import Site, site_of
from ops.advice.lines import NotRead
from ops.advice.price import Prices
from ops.advice.report import Report, report
from ops.advice.run import Advance, Run, jobs_of, read_run
from ops.advice.s3 import is_s3, s3_logs, split
from ops.advice.sources import EventLog, local_logs
from ops.advice.values import printable
from ops.plan import aws
from ops.plan.errors import UserError
from ops.plan.model import Plan


def advise_on(
    place: str, plan: Plan | None, *, team: str, prices: Prices, last: int, region: str
) -> Report:
    """The report on the logs at a place, by default the team's own folder of event logs. `last` is
    the number of logs that are read, the newest; 0 for all.

    Raises UserError for a wrong request or if there is no log, Failed for an error of S3.
    """
    site = site_of(plan, team) if plan and team else None
    place = place or _default(site)
    if is_s3(place):
        split(place)
        of_stack = str(plan.exports["region"]) if plan else ""
        logs = s3_logs(place, region or of_stack or aws.default_region())
    else:
        logs = local_logs(place)
    left_out = []
    if last and len(logs) > last:
        left_out.append(f"{len(logs) - last:,} older logs of {len(logs):,}: LAST=0 reads all")
        logs = logs[-last:]
    runs, problems = _read(logs)
    if not runs:
        raise UserError("\n".join(problems))
    return report(jobs_of(runs), site, prices, [*left_out, *problems])


def _default(site: Site | None) -> str:
    if site is None:
        raise UserError(
            "LOGS is missing: an event log, a folder of them, or s3://bucket/prefix/; or TEAM, "
            "whose folder in the stack's bucket of event logs is then read"
        )
    if not site.event_logs:
        raise UserError(
            f"LOGS is missing, and stack {site.stack} has no bucket of event logs: "
            "spark-on-eks:spark.historyServer.enabled of the stack file"
        )
    sys.stderr.write(f"LOGS={site.event_logs}\n")
    return site.event_logs


def _read(logs: list[EventLog]) -> tuple[list[Run], list[str]]:
    runs, problems = [], []
    with _progress(sum(log.size for log in logs)) as advance:
        for log in logs:
            try:
                runs.append(read_run(log, advance))
            except NotRead as error:
                problems.append(str(error))
            except OSError as error:
                problems.append(f"{printable(log.name)}: {error.strerror}")
    return runs, problems


@contextmanager
def _progress(total: int) -> Generator[Advance]:
    """A bar on stderr, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda count: None
        return
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("reading", total=total)
        yield lambda count: bars.advance(task, count)
