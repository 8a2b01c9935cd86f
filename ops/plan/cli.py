"""The commands: tree, plan, manifests."""

import json
import sys
from pathlib import Path
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
    project_root,
    recorded,
    without_empty,
)

app = typer.Typer()


@app.command(rich_help_panel=Panel.look)
def tree(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    depth: Annotated[
        int, typer.Option("--depth", min=0, help="How many levels to show; 0 is all.")
    ] = 0,
    format_: FormatOption = "",
) -> None:
    """Show a stack's resources as a tree by component."""
    with command_errors():
        style = chosen_format(format_)
        plan = recorded(stack, sets, root)
        from ops.plan import tree as show  # noqa: PLC0415  rich is not needed by `plan`

        if style is Format.json:
            sys.stdout.write(show.to_json(plan, depth))
        elif style is Format.markdown:
            sys.stdout.write(show.markdown(plan, depth))
        else:
            show.render(plan, sys.stdout, depth)


@app.command(rich_help_panel=Panel.look)
def plan(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Write every resource of a stack with its inputs and options, as JSON."""
    with command_errors():
        chosen_format(format_, Format.json, [Format.json])
        sys.stdout.write(recorded(stack, sets, root).to_json())


@app.command(hidden=True)
def plans(
    stack: Annotated[list[str] | None, typer.Option("--stack")] = None,
    sets: SetOption = None,
    root: RootOption = "",
) -> None:
    """Write a line of JSON per stack: name, plan, message, exit code. Used for other revisions."""
    with command_errors():
        from ops.plan.record import Failure, record_all  # noqa: PLC0415
        from ops.plan.stack import stack_names  # noqa: PLC0415

        existing = stack_names(project_root(root))
        wanted = [name for name in stack or existing if name in existing]
        for name in wanted:
            found = record_all(project_root(root), [name], without_empty(sets))[name]
            failed = isinstance(found, Failure)
            rest = ["", found.message, found.code] if failed else [found.to_json(), "", 0]
            sys.stdout.write(json.dumps([name, *rest]) + "\n")


@app.command(rich_help_panel=Panel.look)
def manifests(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    out: Annotated[str, option("--out", "FOLDER", "Where to write. Default: manifests/NAME.")] = "",
) -> None:
    """Write a stack's Kubernetes objects and Helm values, a YAML file each."""
    with command_errors():
        from ops.plan.manifests import write  # noqa: PLC0415

        plan = recorded(stack, sets, root)
        folder = Path(out or f"manifests/{plan.stack}")
        for path in write(plan, folder):
            sys.stdout.write(f"{path}\n")
