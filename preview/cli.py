"""The commands: tree, plan, diff, manifests, picture."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preview.command import (
    RootOption,
    SetOption,
    StackOption,
    project_root,
    reported,
    require_stack,
    stop,
    without_empty,
)
from preview.errors import UserError

if TYPE_CHECKING:
    from preview.diff import Diff
    from preview.plan import Plan
    from preview.sources import Compared

app = typer.Typer(
    help="What a stack would create, without cloud, credentials or the Pulumi CLI.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """How a diff is written."""

    text = "text"
    markdown = "markdown"
    json = "json"


@app.command()
def tree(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    depth: Annotated[int, typer.Option("--depth", min=0, help="Levels; 0: all.")] = 0,
) -> None:
    """Show the resources as a tree by component."""
    with reported():
        plan = _record(stack, sets, root)
        from preview.tree import render  # noqa: PLC0415  rich is not needed by `plan`

        render(plan, sys.stdout, depth)


@app.command()
def plan(stack: StackOption = "", sets: SetOption = None, root: RootOption = "") -> None:
    """Write the plan as JSON."""
    with reported():
        sys.stdout.write(_record(stack, sets, root).to_json())


@app.command(hidden=True)
def plans(
    stack: Annotated[list[str] | None, typer.Option("--stack")] = None,
    sets: SetOption = None,
    root: RootOption = "",
) -> None:
    """Write a line of JSON per stack: name, plan, message, exit code. For other revisions."""
    with reported():
        from preview.sources import Failure, record_all  # noqa: PLC0415
        from preview.stack import stack_names  # noqa: PLC0415

        there = stack_names(project_root(root))
        wanted = [name for name in stack or there if name in there]
        for name in wanted:
            found = record_all(project_root(root), [name], without_empty(sets))[name]
            failed = isinstance(found, Failure)
            rest = ["", found.message, found.code] if failed else [found.to_json(), "", 0]
            sys.stdout.write(json.dumps([name, *rest]) + "\n")


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
        from preview.sources import Failure  # noqa: PLC0415

        codes = [one.found.code for one in found if isinstance(one.found, Failure)]
        if codes:
            raise typer.Exit(min(codes))


@app.command()
def manifests(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    out: Annotated[str, typer.Option("--out", help="The folder to write to.")] = "",
) -> None:
    """Write the Kubernetes objects as YAML files, and the Helm values."""
    with reported():
        from preview.manifests import write  # noqa: PLC0415

        recorded = _record(stack, sets, root)
        folder = Path(out or f"manifests/{recorded.stack}")
        for path in write(recorded, folder):
            sys.stdout.write(f"{path}\n")


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
        from preview.picture import draw  # noqa: PLC0415

        if base or without_empty(sets):
            if stack == "all":
                raise UserError("--stack all: a picture is of one stack")
            (one,) = _diffs(_compared(stack, sets, root, "", "", base, ""))
            svg = draw(one.new, one)
        else:
            svg = draw(_record(stack, sets, root))
        if out:
            Path(out).parent.mkdir(parents=True, exist_ok=True)
            Path(out).write_text(svg, encoding="utf-8")
        else:
            sys.stdout.write(svg)


def main() -> None:
    """Runs the command line; this is `python -m preview`."""
    app(prog_name="preview")


def _record(stack: str, sets: list[str] | None, root: str) -> "Plan":
    require_stack(stack, root)
    from preview.record import record  # noqa: PLC0415

    return record(project_root(root), stack, without_empty(sets))


def _compared(  # noqa: PLR0917
    stack: str, sets: list[str] | None, root: str, from_: str, to: str, base: str, head: str
) -> "list[Compared]":
    from preview.sources import ALL, Compared, Failure, Request, compared  # noqa: PLC0415

    if from_ or to:
        if not (from_ and to) or stack or base or head:
            raise UserError("diff takes --from A --to B, without --stack and --base")
        from preview.diff import compare  # noqa: PLC0415

        old, new = (_record(name, sets, root) for name in (from_, to))
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
    from preview.diff import Diff  # noqa: PLC0415

    return [one.found for one in found if isinstance(one.found, Diff)]


def _write(found: "list[Compared]", style: Format, command: str) -> None:
    if style is Format.json:
        from preview.diff_json import to_json  # noqa: PLC0415

        sys.stdout.write(to_json(found))
    elif style is Format.markdown:
        from preview.comment import comment  # noqa: PLC0415

        sys.stdout.write(comment(found, command))
    else:
        from preview.show_diff import render  # noqa: PLC0415
        from preview.sources import Failure  # noqa: PLC0415

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
