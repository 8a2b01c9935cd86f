"""The commands: diff, picture."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.plan.command import (
    RootOption,
    SetOption,
    StackOption,
    project_root,
    recorded,
    reported,
    stop,
    without_empty,
)
from ops.plan.errors import UserError

if TYPE_CHECKING:
    from ops.diff.diff import Diff
    from ops.diff.sources import Compared

app = typer.Typer()


class Format(StrEnum):
    """How a diff is written."""

    text = "text"
    markdown = "markdown"
    json = "json"


@app.command()
def diff(  # noqa: PLR0917  the command's options
    stack: Annotated[str, typer.Option("--stack", help="A stack, or all of them: all.")] = "",
    sets: SetOption = None,
    root: RootOption = "",
    from_: Annotated[str, typer.Option("--from", help="Compare from this stack.")] = "",
    to: Annotated[str, typer.Option("--to", help="Compare to this stack.")] = "",
    base: Annotated[str, typer.Option("--base", help="Compare from this git revision.")] = "",
    head: Annotated[str, typer.Option("--head", help="Compare to this git revision.")] = "",
    format_: Annotated[str, typer.Option("--format", help="text, markdown or json.")] = "",
) -> None:
    """Compare two stacks, a stack with changed keys, or stacks with a git revision."""
    with reported():
        style = _format(format_)
        found = _compared(stack, sets, root, from_, to, base, head)
        _write(found, style, _command(stack, sets, from_, to, base, head))
        from ops.diff.sources import Failure  # noqa: PLC0415

        codes = [one.found.code for one in found if isinstance(one.found, Failure)]
        if codes:
            raise typer.Exit(min(codes))


@app.command()
def picture(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    out: Annotated[str, typer.Option("--out", help="The SVG file; without it stdout.")] = "",
    base: Annotated[str, typer.Option("--base", help="Show what changed since a revision.")] = "",
) -> None:
    """Draw the components and what they stand on, as SVG; what --set or --base change coloured."""
    with reported():
        from ops.diff.picture import draw  # noqa: PLC0415

        if base or without_empty(sets):
            if stack == "all":
                raise UserError("--stack all: a picture is of one stack")
            (one,) = _diffs(_compared(stack, sets, root, "", "", base, ""))
            svg = draw(one.new, one)
        else:
            svg = draw(recorded(stack, sets, root))
        if out:
            Path(out).parent.mkdir(parents=True, exist_ok=True)
            Path(out).write_text(svg, encoding="utf-8")
        else:
            sys.stdout.write(svg)


def _compared(  # noqa: PLR0917
    stack: str, sets: list[str] | None, root: str, from_: str, to: str, base: str, head: str
) -> "list[Compared]":
    from ops.diff.sources import ALL, Compared, Failure, Request, compared  # noqa: PLC0415

    if from_ or to:
        if not (from_ and to) or stack or base or head:
            raise UserError("diff takes --from A --to B, without --stack and --base")
        from ops.diff.diff import compare  # noqa: PLC0415

        old, new = (recorded(name, sets, root) for name in (from_, to))
        return [Compared(f"{from_} → {to}", compare(old, new))]
    if not stack:
        raise UserError("diff takes --from A --to B, --stack S --set k=v, or --stack S --base REV")
    if head and not base:
        raise UserError("diff --head needs --base REV to compare from")
    if not base and not without_empty(sets):
        raise UserError("diff --stack needs --set k=v or --base REV to compare with")
    found = compared(Request(project_root(root), stack, without_empty(sets), base, head))
    if stack != ALL:
        # Nothing else to show: the error itself is told, as by every command.
        for one in found:
            if isinstance(one.found, Failure):
                stop(one.found.message, one.found.code)
    return found


def _diffs(found: "list[Compared]") -> "list[Diff]":
    from ops.diff.diff import Diff  # noqa: PLC0415

    return [one.found for one in found if isinstance(one.found, Diff)]


def _write(found: "list[Compared]", style: Format, command: str) -> None:
    if style is Format.json:
        from ops.diff.as_json import to_json  # noqa: PLC0415

        sys.stdout.write(to_json(found))
    elif style is Format.markdown:
        from ops.diff.comment import comment  # noqa: PLC0415

        sys.stdout.write(comment(found, command))
    else:
        from ops.diff.sources import Failure  # noqa: PLC0415
        from ops.diff.text import render  # noqa: PLC0415

        for index, one in enumerate(found):
            sys.stdout.write("\n" if index else "")
            if isinstance(one.found, Failure):
                sys.stdout.write(f"{one.stack}: no diff: {one.found.message}\n")
                continue
            render(one.found, sys.stdout)
            if one.note:
                sys.stdout.write(f"note: {one.note}\n")


def _command(stack: str, sets: list[str] | None, *rest: str) -> str:
    """Returns the make command that prints the same diff in full."""
    given = dict(zip(("FROM", "TO", "BASE", "HEAD"), rest, strict=True))
    words = [f"{key}={value}" for key, value in {"STACK": stack, **given}.items() if value]
    words += [f"SET='{one}'" for one in without_empty(sets)]
    return " ".join(["make diff", *words])


def _format(name: str) -> Format:
    try:
        return Format(name or Format.text)
    except ValueError:
        raise UserError(f"--format {name}: is not one of {', '.join(Format)}") from None
