"""The command `check`: what a stack breaks."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from preview.cli import RootOption, SetOption, StackOption, reported
from preview.errors import UserError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


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
        if not stack:
            from preview.stack import stack_names  # noqa: PLC0415

            known = ", ".join(stack_names(Path(root or ".").resolve())) or "none"
            raise UserError(f"--stack is missing; the stacks are: {known}")
        from policies import show  # noqa: PLC0415
        from policies.check import check as checked  # noqa: PLC0415
        from policies.rule import Severity  # noqa: PLC0415
        from preview.record import record  # noqa: PLC0415

        given = [item for item in sets or [] if item.strip()]
        report = checked(record(Path(root or ".").resolve(), stack, given))
        if format_ == Format.json:
            sys.stdout.write(show.as_json(report))
        else:
            show.render(report, sys.stdout, exceptions)
        if report.of(Severity.error):
            raise typer.Exit(1)


def main() -> None:
    """Runs the command line; this is `python -m policies`."""
    app(prog_name="policies")
