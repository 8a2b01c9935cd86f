"""The commands: diff, picture."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

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
    fail,
    fenced,
    option,
    project_root,
    recorded,
    stack_option,
    without_empty,
)
from ops.plan.errors import UserError
from ops.plan.waiting import waiting

if TYPE_CHECKING:
    from ops.diff.diff import Diff
    from ops.diff.sources import Compared

app = typer.Typer()


@app.command(rich_help_panel=Panel.look)
def diff(  # noqa: PLR0917  the command's options
    stack: Annotated[
        str,
        stack_option(
            "--stack",
            "The stack to compare with itself, changed; `a,b` are several, `all` is every one.",
        ),
    ] = "",
    sets: SetOption = None,
    root: RootOption = "",
    from_: Annotated[str, stack_option("--from", "Compare this stack with --to.")] = "",
    to: Annotated[str, stack_option("--to", "Compare --from with this stack.")] = "",
    base: Annotated[str, option("--base", "REVISION", "Compare from this git revision.")] = "",
    head: Annotated[
        str,
        option("--head", "REVISION", "Compare to this git revision. Default: the working tree."),
    ] = "",
    format_: FormatOption = "",
) -> None:
    """Compare two stacks, a stack with changed keys, or stacks with a git revision."""
    with command_errors():
        style = chosen_format(format_)
        with waiting(_at_work(stack, from_, to, base, head)):
            found = _compared(stack, sets, root, from_, to, base, head)
        _write(found, style, _command(stack, sets, from_, to, base, head))
        from ops.diff.sources import Failure  # noqa: PLC0415

        codes = [one.found.code for one in found if isinstance(one.found, Failure)]
        if codes:
            raise typer.Exit(min(codes))


@app.command(rich_help_panel=Panel.look)
def picture(  # noqa: PLR0917  the command's options
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    out: Annotated[str, option("--out", "FILE", "Where to write. Default: stdout.")] = "",
    base: Annotated[
        str, option("--base", "REVISION", "Show what changed since a git revision.")
    ] = "",
    format_: FormatOption = "",
) -> None:
    """Draw a stack's components, or what --set or --base changes, as a Mermaid flowchart."""
    with command_errors():
        style = chosen_format(format_)
        text = _drawn(stack, sets, root, base, style)
        if out:
            Path(out).parent.mkdir(parents=True, exist_ok=True)
            Path(out).write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)


def _drawn(stack: str, sets: list[str] | None, root: str, base: str, style: Format) -> str:
    from ops.diff.mermaid import chart_of, to_json, to_mermaid  # noqa: PLC0415

    if base or without_empty(sets):
        if stack == "all" or "," in stack:
            raise UserError("--stack all: a picture shows one stack; give its name")
        with waiting(_at_work(stack, "", "", base, "")):
            (one,) = _compared(stack, sets, root, "", "", base, "")
        # Of a single stack, which is compared or ends the command.
        diff = cast("Diff", one.found)
        chart = chart_of(diff.new, diff)
    else:
        chart = chart_of(recorded(stack, sets, root))
    if style is Format.json:
        return to_json(chart)
    return fenced(to_mermaid(chart), "mermaid") if style is Format.markdown else to_mermaid(chart)


def _compared(  # noqa: PLR0917  the command's options
    stack: str, sets: list[str] | None, root: str, from_: str, to: str, base: str, head: str
) -> "list[Compared]":
    from ops.diff.sources import ALL, SEPARATOR, Compared, Failure, compared  # noqa: PLC0415

    if from_ or to:
        if not (from_ and to) or stack or base or head:
            raise UserError("diff takes --from A --to B, without --stack and --base")
        from ops.diff.two_stacks import compare_stacks  # noqa: PLC0415

        old, new = (recorded(name, sets, root) for name in (from_, to))
        return [Compared(f"{from_} → {to}", compare_stacks(old, new))]
    if not stack:
        raise UserError("diff takes --from A --to B, --stack S --set k=v, or --stack S --base REV")
    if head and not base:
        raise UserError("diff --head needs --base REV to compare from")
    if not base and not without_empty(sets):
        raise UserError("diff --stack needs --set k=v or --base REV to compare with")
    found = compared(project_root(root), stack, without_empty(sets), base, head)
    if stack != ALL and SEPARATOR not in stack:
        # No other stack is shown, so the command fails with this stack's error.
        for one in found:
            if isinstance(one.found, Failure):
                fail(one.found.message, one.found.code)
    return found


def _at_work(stack: str, from_: str, to: str, base: str, head: str) -> str:
    what = f"stacks {from_} and {to}" if from_ else "every stack" if stack == "all" else stack
    sides = f" at {base} and {f'at {head}' if head else 'as it is now'}" if base else ""
    return f"recording {what}{sides}"


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
