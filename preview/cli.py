"""The commands: tree, plan, diff, manifests, picture."""

import os
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preview.errors import PlanError, UserError

if TYPE_CHECKING:
    from preview.plan import Plan

    Recording = Callable[[], Plan]

app = typer.Typer(
    help="What a stack would create, without cloud, credentials or the Pulumi CLI.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StackOption = Annotated[str, typer.Option("--stack", help="The stack, as in Pulumi.<stack>.yaml.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a key: pools[0].limits.cpu=10."),
]
RootOption = Annotated[str, typer.Option("--root", help="The project's folder.")]


class Format(StrEnum):
    """How a diff is written."""

    text = "text"
    markdown = "markdown"


@app.command()
def tree(stack: StackOption = "", sets: SetOption = None, root: RootOption = "") -> None:
    """Show the resources as a tree by component."""
    with reported():
        plan = _record(stack, sets, root)
        from preview.tree import render  # noqa: PLC0415  rich is not needed by `plan`

        render(plan, sys.stdout)


@app.command()
def plan(stack: StackOption = "", sets: SetOption = None, root: RootOption = "") -> None:
    """Write the plan as JSON."""
    with reported():
        sys.stdout.write(_record(stack, sets, root).to_json())


@app.command()
def diff(  # noqa: PLR0917  the command's options
    stack: StackOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    from_: Annotated[str, typer.Option("--from", help="Compare from this stack.")] = "",
    to: Annotated[str, typer.Option("--to", help="Compare to this stack.")] = "",
    base: Annotated[str, typer.Option("--base", help="Compare from this git revision.")] = "",
    format_: Annotated[str, typer.Option("--format", help="text or markdown.")] = "",
) -> None:
    """Compare two stacks, a stack with changed keys, or a stack with a git revision."""
    with reported():
        style = _format(format_)
        from preview import diff as differ  # noqa: PLC0415
        from preview import show_diff  # noqa: PLC0415

        old, new = _pair(stack, sets, root, from_, to, base)
        changes = differ.compare(old(), new())
        if style is Format.markdown:
            sys.stdout.write(show_diff.markdown(changes))
        else:
            show_diff.render(changes, sys.stdout)


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
) -> None:
    """Draw the components and what they stand on, as SVG."""
    with reported():
        from preview.picture import draw  # noqa: PLC0415

        svg = draw(_record(stack, sets, root))
        if out:
            Path(out).write_text(svg, encoding="utf-8")
        else:
            sys.stdout.write(svg)


def main() -> None:
    """Runs the command line; this is `python -m preview`."""
    app(prog_name="preview")


def _record(stack: str, sets: list[str] | None, root: str) -> "Plan":
    if not stack:
        raise UserError(f"--stack is missing; the stacks are: {_known_stacks(root)}")
    from preview.record import record  # noqa: PLC0415

    return record(_root(root), stack, _given(sets))


def _pair(  # noqa: PLR0917
    stack: str, sets: list[str] | None, root: str, from_: str, to: str, base: str
) -> tuple["Recording", "Recording"]:
    """Returns the two recordings that a diff is asked for, not yet made."""
    if from_ or to:
        if not (from_ and to) or stack or base:
            raise UserError("diff takes --from A --to B, without --stack and --base")
        return (lambda: _record(from_, sets, root)), (lambda: _record(to, sets, root))
    if not stack:
        raise UserError("diff takes --from A --to B, --stack S --set k=v, or --stack S --base REV")
    if base:
        from preview.revision import record_revision  # noqa: PLC0415

        return (
            lambda: record_revision(_root(root), base, stack),
            lambda: _record(stack, sets, root),
        )
    if not _given(sets):
        raise UserError("diff --stack needs --set k=v or --base REV to compare with")
    return (lambda: _record(stack, None, root)), (lambda: _record(stack, sets, root))


def _format(name: str) -> Format:
    try:
        return Format(name or Format.text)
    except ValueError:
        raise UserError(f"--format {name}: is not one of {', '.join(Format)}") from None


def _root(root: str) -> Path:
    return Path(root or ".").resolve()


def _given(sets: list[str] | None) -> list[str]:
    # A Makefile passes --set "$(SET)" also when SET is empty.
    return [item for item in sets or [] if item.strip()]


def _known_stacks(root: str) -> str:
    from preview.stack import stack_names  # noqa: PLC0415

    return ", ".join(stack_names(_root(root))) or "none"


@contextmanager
def reported() -> Generator[None]:
    """Turns the errors that a user can act on into one message and an exit code.

    2: the request or the configuration is wrong; 1: the program is.
    """
    try:
        yield
        sys.stdout.flush()
    except UserError as error:
        _stop(str(error), 2)
    except PlanError as error:
        lines = "\n".join(f"  {problem}" for problem in error.problems)
        _stop(f"the program cannot be deployed:\n{lines}", 1)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain at exit otherwise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception:
        traceback.print_exc()
        raise typer.Exit(1) from None


def _stop(message: str, code: int) -> None:
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(code)
