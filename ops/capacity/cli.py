"""The command `capacity`: how far a stack scales, and which limit it reaches first."""

import sys
from enum import StrEnum
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
    option,
    recorded,
    without_empty,
)
from ops.plan.errors import UserError

app = typer.Typer()


class Shuffle(StrEnum):
    """Where an executor's local disk is."""

    node = "node"
    claim = "claim"


@app.command(rich_help_panel=Panel.judge)
def capacity(  # noqa: PLR0917  the command's options
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    executors: Annotated[
        str, option("--executors", "COUNT", "Executors that start at once.")
    ] = "1000",
    cpu: Annotated[str, option("--cpu", "NUMBER", "vCPU of one executor.")] = "4",
    gib: Annotated[
        str, option("--gib", "NUMBER", "Memory of one executor in GiB, with overhead.")
    ] = "16",
    disk_gib: Annotated[
        str, option("--disk-gib", "NUMBER", "Size limit of an executor's local disk in GiB.")
    ] = "5",
    shuffle: Annotated[
        Shuffle,
        option("--shuffle", "WHERE", "Its local disk: the node's (node), or a volume (claim)."),
    ] = Shuffle.node,
    pool: Annotated[str, option("--pool", "NAME", "The pool. Default: the first by name.")] = "",
    claims: Annotated[str, option("--claims", "COUNT", "JAR claims in use on one node.")] = "1",
    image_gib: Annotated[
        str, option("--image-gib", "NUMBER", "Compressed size of the image in GiB.")
    ] = "1",
    minutes: Annotated[
        str, option("--minutes", "NUMBER", "Life of an executor in minutes, for its metrics.")
    ] = "20",
    quota: Annotated[
        list[str] | None, option("--quota", "CODE=VALUE", "Your account's value of a quota.")
    ] = None,
    format_: FormatOption = "",
) -> None:
    """Compute how many executors a stack can run. Exit code 1: it outgrows its own subnets or
    system nodes."""
    with command_errors():
        style = chosen_format(format_)
        from ops.capacity import show  # noqa: PLC0415  keeps the start of a command fast
        from ops.capacity.quotas import account_quotas  # noqa: PLC0415
        from ops.capacity.report import Request, report  # noqa: PLC0415
        from ops.capacity.start import Executor  # noqa: PLC0415

        request = Request(
            executors=int(_number("--executors", executors, whole=True)),
            executor=Executor(
                _number("--cpu", cpu),
                _number("--gib", gib),
                _number("--disk-gib", disk_gib),
                claims=shuffle is Shuffle.claim,
            ),
            pool=pool,
            claims=int(_number("--claims", claims, whole=True)),
            image_gib=_number("--image-gib", image_gib),
            minutes=_number("--minutes", minutes),
            quotas=account_quotas(without_empty(quota)),
        )
        found = report(recorded(stack, sets, root), request)
        if style is Format.json:
            sys.stdout.write(show.to_json(found))
        elif style is Format.markdown:
            sys.stdout.write(show.markdown(found))
        else:
            show.render(found, sys.stdout)
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
