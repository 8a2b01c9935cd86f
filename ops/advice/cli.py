"""The command `advise`: how large a job should be, from its Spark event logs."""

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
    complete_teams,
    option,
    recorded,
)
from ops.plan.errors import UserError

app = typer.Typer()


@app.command(rich_help_panel=Panel.run)
def advise(  # noqa: PLR0917  the command's options
    logs: Annotated[
        str,
        option(
            "--logs",
            "PLACE",
            "An event log, a folder of them, or s3://bucket/prefix/. Default: the team's own.",
        ),
    ] = "",
    stack: StackOption = "",
    team: Annotated[
        str,
        typer.Option(
            "--team",
            metavar="NAME",
            help="The team, whose pool the executors run on.",
            autocompletion=complete_teams,
        ),
    ] = "",
    price: Annotated[
        str,
        option(
            "--price",
            "USD",
            "Spot price an hour: of a vCPU (0.02), or of types ('m7g.2xlarge=0.13 ...').",
        ),
    ] = "",
    last: Annotated[
        str, option("--last", "COUNT", "Number of logs to read, the newest; 0 for all.")
    ] = "20",
    region: Annotated[
        str, option("--region", "NAME", "Region of the bucket. Default: the stack's.")
    ] = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Say what a job's event logs tell of its size: what to change, or to leave it. Exit code 2:
    no log can be read."""
    with command_errors():
        style = chosen_format(format_)
        from ops.advice import show  # noqa: PLC0415  keeps the start of a command fast
        from ops.advice.command import advise_on  # noqa: PLC0415
        from ops.advice.price import prices_of  # noqa: PLC0415

        if not (last.isascii() and last.isdecimal() and len(last) < 7):
            raise UserError(f"LAST={last}: is not a number of logs")
        prices = prices_of(price)
        # Only the team's pool and its logs need the plan.
        plan = recorded(stack, sets, root) if team else None
        found = advise_on(
            logs.strip(), plan, team=team, prices=prices, last=int(last), region=region
        )
        if style is Format.json:
            sys.stdout.write(show.to_json(found))
        elif style is Format.markdown:
            sys.stdout.write(show.markdown(found))
        else:
            show.render(found, sys.stdout)
