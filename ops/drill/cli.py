"""The command `drill`: what a run of a stack's drill does, and how to start it."""

import sys

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
    fenced,
    recorded,
)

app = typer.Typer()


@app.command(rich_help_panel=Panel.judge)
def drill(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Print what a stack's drill interrupts, and the commands to run it. Starts nothing."""
    with command_errors():
        style = chosen_format(format_)
        plan = recorded(stack, sets, root)
        from ops.drill import show  # noqa: PLC0415  keeps the start of a command fast
        from ops.drill.drill import drill_of  # noqa: PLC0415

        found = drill_of(plan)
        if style is Format.json:
            sys.stdout.write(show.as_json(found))
            return
        text = show.text(found)
        head = f"### {found.title}\n\n"
        sys.stdout.write(head + fenced(text, "text") if style is Format.markdown else text)
