"""The command `check`: what a stack breaks."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from ops.plan.command import (
    RootOption,
    SetOption,
    StackOption,
    project_root,
    reported,
    require_stack,
    without_empty,
)
from ops.plan.errors import UserError

app = typer.Typer()


class Format(StrEnum):
    """How a report is written."""

    text = "text"
    json = "json"


@app.command()
def check(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: Annotated[str, typer.Option("--format", help="text or json.")] = "",
    exceptions: Annotated[
        bool, typer.Option("--exceptions", help="List the exceptions that were used.")
    ] = False,
) -> None:
    """List the rules that a stack breaks. Exit code 1: an error; 2: a wrong request."""
    with reported():
        if format_ and format_ not in set(Format):
            raise UserError(f"--format {format_}: is not one of {', '.join(Format)}")
        require_stack(stack, root)
        from ops.plan.record import record  # noqa: PLC0415
        from ops.rules import show  # noqa: PLC0415
        from ops.rules.check import check as checked  # noqa: PLC0415
        from ops.rules.rule import Severity  # noqa: PLC0415

        report = checked(record(project_root(root), stack, without_empty(sets)))
        if format_ == Format.json:
            sys.stdout.write(show.as_json(report))
        else:
            show.render(report, sys.stdout, exceptions)
        if report.of(Severity.error):
            raise typer.Exit(1)
