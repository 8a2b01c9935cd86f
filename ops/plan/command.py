"""What the commands of all packages share: their options, and how an error is told."""

import os
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ops.plan.errors import PlanError, UserError

if TYPE_CHECKING:
    from ops.plan.model import Plan

StackOption = Annotated[str, typer.Option("--stack", help="The stack, as in Pulumi.<stack>.yaml.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a key: pools[0].limits.cpu=10."),
]
RootOption = Annotated[str, typer.Option("--root", help="The project's folder.")]


def project_root(root: str) -> Path:
    """The project's folder; without a name the working directory."""
    return Path(root or ".").resolve()


def without_empty(items: list[str] | None) -> list[str]:
    """The values of an option that may be repeated, without those that say nothing."""
    # A Makefile passes --set "$(SET)" also when SET is empty.
    return [item for item in items or [] if item.strip()]


def require_stack(stack: str, root: str, option: str = "--stack") -> None:
    """Raises UserError, with the names that there are, when no stack is named."""
    if not stack:
        from ops.plan.stack import stack_names  # noqa: PLC0415  a command's start stays light

        known = ", ".join(stack_names(project_root(root))) or "none"
        raise UserError(f"{option} is missing; the stacks are: {known}")


def recorded(stack: str, sets: list[str] | None, root: str) -> "Plan":
    """The plan of the stack that the options name. Raises UserError when they name none."""
    require_stack(stack, root)
    from ops.plan.record import record  # noqa: PLC0415  the SDK takes seconds to import

    return record(project_root(root), stack, without_empty(sets))


@contextmanager
def told() -> Generator[None]:
    """Turns the errors that a user can act on into one message and an exit code.

    2: the request or the configuration is wrong; 1: the program is.
    """
    try:
        yield
    except UserError as error:
        stop(str(error), 2)
    except PlanError as error:
        stop(error.message, 1)


@contextmanager
def reported() -> Generator[None]:
    """As `told`, for a command that only writes to stdout: whoever reads may stop early, and
    whatever else goes wrong is a bug, shown with its traceback and exit code 1."""
    try:
        with told():
            yield
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain at exit otherwise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception:
        traceback.print_exc()
        raise typer.Exit(1) from None


def stop(message: str, code: int) -> NoReturn:
    """Ends the command with one message on stderr."""
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(code)
