"""The commands of every package, under one name: `python -m ops --help` is the manual."""

import typer

import ops.capacity.cli
import ops.diff.cli
import ops.jobs.cli
import ops.plan.cli
import ops.publish.cli
import ops.rules.cli

app = typer.Typer(
    help="What a stack would create and what a change does to it, from a recorded plan: without "
    "cloud, credentials or the Pulumi CLI.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for package in (ops.plan, ops.diff, ops.rules, ops.capacity, ops.jobs, ops.publish):
    app.registered_commands += package.cli.app.registered_commands


def main() -> None:
    """Runs the command line."""
    app(prog_name="python -m ops")
