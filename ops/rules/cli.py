"""The command `check`: the rules that a stack violates."""

import sys
from typing import Annotated

import typer

from ops.plan.command import (
    Format,
    FormatOption,
    Panel,
    RootOption,
    SetOption,
    StackOption,
    chosen_format,
    command_errors,
    recorded,
)

app = typer.Typer()


@app.command(rich_help_panel=Panel.judge)
def check(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
    exceptions: Annotated[
        bool, typer.Option("--exceptions", help="List the exceptions that apply, too.")
    ] = False,
) -> None:
    """List the rules that a stack violates. Exit code 1: at least one has severity error."""
    with command_errors():
        style = chosen_format(format_)
        plan = recorded(stack, sets, root)
        from ops.rules import show  # noqa: PLC0415  keeps the start of a command fast
        from ops.rules.check import check as checked  # noqa: PLC0415
        from ops.rules.rule import Severity  # noqa: PLC0415

        report = checked(plan)
        if style is Format.json:
            sys.stdout.write(show.as_json(report))
        elif style is Format.markdown:
            sys.stdout.write(show.markdown(report, exceptions))
        else:
            show.render(report, sys.stdout, exceptions)
        if report.of(Severity.error):
            raise typer.Exit(1)
