"""The commands of every package, under one name: `python -m ops --help` is the manual."""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

import ops.advice.cli
import ops.capacity.cli
import ops.diff.cli
import ops.drill.cli
import ops.fleet.cli
import ops.jobs.cli
import ops.plan.cli
import ops.publish.cli
import ops.rules.cli
from ops.plan.command import Panel

_SHORT_NAME = "ops"
"""The program name for shell completion: `.venv/bin/ops`."""
_EPILOG = """Exit codes: 0 success; 1 failed check or program error; 2 wrong request.

Each command has a make target of its name (`tree` is `make preview`), which sets up Python first.

\b
Manuals:
  docs/preview.md   tree, plan, picture, manifests
  docs/diff.md      diff
  docs/rules.md     check
  docs/capacity.md  capacity
  docs/drills.md    drill
  docs/jobs.md      job, verify
  docs/own-job.md   job, check-job
  docs/advise.md    advise
  docs/fleet.md     fleet, fleet-diff, fleet-publish, submit
  docs/ci.md        diffs as comments on pull requests"""


class Manual(TyperGroup):
    """Lists the commands in groups by purpose."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes a section for each group, each command with its first sentence."""
        for panel in Panel:
            rows = [
                (name, command.get_short_help_str(limit=200))
                for name, command in self.commands.items()
                if getattr(command, "rich_help_panel", None) == panel and not command.hidden
            ]
            with formatter.section(panel):
                formatter.write_dl(rows)


app = typer.Typer(
    cls=Manual,
    help="Shows what a stack would create and what a change does to it, from a recorded plan. "
    "Needs no cloud account, credentials or Pulumi CLI.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for package in (
    ops.plan,
    ops.diff,
    ops.rules,
    ops.capacity,
    ops.drill,
    ops.jobs,
    ops.advice,
    ops.fleet,
    ops.publish,
):
    app.registered_commands += package.cli.app.registered_commands


def main() -> None:
    # Shells complete arguments of a single word, not of `python -m ops`.
    completes = {"--install-completion", "--show-completion"} & {*sys.argv[1:2]}
    completes |= {"_OPS_COMPLETE"} & {*os.environ}
    app(prog_name=_SHORT_NAME if completes else "python -m ops")
