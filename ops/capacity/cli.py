"""The command: how far a stack reaches, and which limit it meets first."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.capacity.quotas import account_quotas
from ops.capacity.report import Request, report
from ops.capacity.show import render, to_json
from ops.capacity.start import Executor
from ops.plan.command import SetOption, StackOption, reported, without_empty
from ops.plan.errors import UserError
from ops.plan.record import record

app = typer.Typer()


@app.command()
def capacity(  # noqa: PLR0917  the command's options
    stack: StackOption,
    sets: SetOption = None,
    executors: Annotated[str, typer.Option(help="Executors that start at once.")] = "1000",
    cpu: Annotated[str, typer.Option(help="vCPU of one executor.")] = "4",
    gib: Annotated[str, typer.Option(help="GiB of one executor, overhead included.")] = "16",
    pool: Annotated[str, typer.Option(help="The pool; without it the alphabet's first.")] = "",
    claims: Annotated[str, typer.Option(help="Claims on JARs in use on one node.")] = "1",
    image_gib: Annotated[str, typer.Option(help="Size of the image, packed.")] = "1",
    quota: Annotated[list[str] | None, typer.Option(metavar="CODE=VALUE")] = None,
    style: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Reckon a stack's capacity from its plan. Exit code 1: its limits exceed its own subnets."""
    with reported():
        if style not in ("text", "json"):
            raise UserError(f"--format {style}: is not one of text, json")
        request = Request(
            executors=int(_number("--executors", executors, whole=True)),
            executor=Executor(_number("--cpu", cpu), _number("--gib", gib)),
            pool=pool,
            claims=int(_number("--claims", claims, whole=True)),
            image_gib=_number("--image-gib", image_gib),
            quotas=account_quotas(without_empty(quota)),
        )
        found = report(record(Path.cwd(), stack, without_empty(sets)), request)
        if style == "json":
            sys.stdout.write(to_json(found))
        else:
            render(found, sys.stdout)
        if found.failed:
            raise typer.Exit(1)


def _number(option: str, text: str, *, whole: bool = False) -> float:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 1_000_000:
        kind = "whole number" if whole else "number"
        raise UserError(f"{option} {text}: is not a {kind} from above 0 to 1,000,000")
    return value
