"""The commands: tree, plan, manifests."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.plan.command import (
    RootOption,
    SetOption,
    StackOption,
    project_root,
    recorded,
    reported,
    without_empty,
)

app = typer.Typer()


@app.command()
def tree(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    depth: Annotated[int, typer.Option("--depth", min=0, help="Levels; 0: all.")] = 0,
) -> None:
    """Show the resources as a tree by component."""
    with reported():
        plan = recorded(stack, sets, root)
        from ops.plan.tree import render  # noqa: PLC0415  rich is not needed by `plan`

        render(plan, sys.stdout, depth)


@app.command()
def plan(stack: StackOption = "", sets: SetOption = None, root: RootOption = "") -> None:
    """Write the plan as JSON."""
    with reported():
        sys.stdout.write(recorded(stack, sets, root).to_json())


@app.command(hidden=True)
def plans(
    stack: Annotated[list[str] | None, typer.Option("--stack")] = None,
    sets: SetOption = None,
    root: RootOption = "",
) -> None:
    """Write a line of JSON per stack: name, plan, message, exit code. For other revisions."""
    with reported():
        from ops.plan.record_stacks import Failure, record_all  # noqa: PLC0415
        from ops.plan.stack import stack_names  # noqa: PLC0415

        there = stack_names(project_root(root))
        wanted = [name for name in stack or there if name in there]
        for name in wanted:
            found = record_all(project_root(root), [name], without_empty(sets))[name]
            failed = isinstance(found, Failure)
            rest = ["", found.message, found.code] if failed else [found.to_json(), "", 0]
            sys.stdout.write(json.dumps([name, *rest]) + "\n")


@app.command()
def manifests(
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    out: Annotated[str, typer.Option("--out", help="The folder to write to.")] = "",
) -> None:
    """Write the Kubernetes objects as YAML files, and the Helm values."""
    with reported():
        from ops.plan.manifests import write  # noqa: PLC0415

        plan = recorded(stack, sets, root)
        folder = Path(out or f"manifests/{plan.stack}")
        for path in write(plan, folder):
            sys.stdout.write(f"{path}\n")
