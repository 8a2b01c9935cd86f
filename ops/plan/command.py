"""Shared by all commands: options, formats, completion, and errors as a message and exit code."""

import os
import sys
import traceback
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ops.plan.errors import Failed, PlanError, UserError

if TYPE_CHECKING:
    from ops.plan.model import Plan


class Panel(StrEnum):
    """The groups of `python -m ops --help`."""

    look = "Look at a stack or a change"
    judge = "Judge it"
    run = "Run jobs on it"
    publish = "Publish JARs for it"


class Format(StrEnum):
    """How a result is written."""

    text = "text"
    markdown = "markdown"
    json = "json"


def complete_stacks(incomplete: str) -> list[str]:
    """Returns the project's stacks with this prefix."""
    from ops.plan.stack import stack_names  # noqa: PLC0415  keeps the start of a command fast

    try:
        return [name for name in stack_names(Path.cwd()) if name.startswith(incomplete)]
    except UserError:
        return []


def complete_teams(context: typer.Context, incomplete: str) -> list[str]:
    """Returns the teams in the file of the stack that --stack names."""
    from ops.plan.stack import load  # noqa: PLC0415

    try:
        spark: Any = load(Path.cwd(), str(context.params.get("stack") or "")).own("spark")
        names = [str(team["name"]) for team in spark["teams"]]
    except (UserError, LookupError, TypeError):
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_formats(incomplete: str) -> list[str]:
    """Returns the formats with this prefix."""
    return [one for one in Format if one.startswith(incomplete)]


def option(name: str, metavar: str, about: str, **more: Any) -> Any:
    """An option whose value the help calls `metavar`."""
    return typer.Option(name, metavar=metavar, help=about, **more)


def stack_option(name: str, about: str) -> Any:
    """An option that takes a stack's name."""
    return option(name, "NAME", about, autocompletion=complete_stacks)


StackOption = Annotated[str, stack_option("--stack", "The stack: NAME of stacks/Pulumi.NAME.yaml.")]
SetOption = Annotated[
    list[str] | None,
    option(
        "--set",
        "PATH=VALUE",
        "Change keys for this command only: 'a.b=1 c[0]=[x, y]', or @FILE with a YAML "
        "mapping of paths to values. May be repeated.",
    ),
]
RootOption = Annotated[
    str, option("--root", "FOLDER", "The project's folder. Default: the current one.")
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="|".join(Format),
        help="How the result is written.",
        autocompletion=complete_formats,
    ),
]


def chosen_format(name: str, default: Format = Format.text, only: Sequence[Format] = ()) -> Format:
    """Returns the format that --format names. Raises UserError for another than `only`, or all."""
    known = only or tuple(Format)
    if not name:
        return default
    if name not in known:
        raise UserError(f"--format {name}: is not one of {', '.join(known)}")
    return Format(name)


def fenced(text: str, language: str = "") -> str:
    """Returns text as a Markdown code block that no line of the text can close."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def headed(text: str) -> str:
    """Returns text as Markdown: its first line as a heading, the rest as a code block."""
    title, _, rest = text.partition("\n")
    return f"### {title}\n\n{fenced(rest.strip(chr(10)), 'text')}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: int = 0) -> str:
    """Returns a Markdown table; `right` columns after the first are aligned to the right."""
    sides = ["---", *["--:"] * right, *["---"] * (len(head) - 1 - right)]
    first, *others = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([first, f"|{'|'.join(sides)}|", *others]) + "\n"


def project_root(root: str) -> Path:
    """The project's folder; without a name the working directory."""
    return Path(root or ".").resolve()


def without_empty(items: list[str] | None) -> list[str]:
    """The values of an option that may be repeated, without the empty ones."""
    # A Makefile passes --set "$SET" also when SET is empty.
    return [item for item in items or [] if item.strip()]


def require_stack(stack: str, root: str, option: str = "--stack") -> None:
    """Raises UserError, with the existing stacks, if none is named."""
    if not stack:
        from ops.plan.stack import stack_names  # noqa: PLC0415

        known = ", ".join(stack_names(project_root(root))) or "none"
        raise UserError(f"{option} is missing; the stacks are: {known}")


def recorded(stack: str, sets: list[str] | None, root: str) -> "Plan":
    """The plan of the stack that the options name. Raises UserError if they name none."""
    require_stack(stack, root)
    from ops.plan.record import record  # noqa: PLC0415  the SDK takes seconds to import

    return record(project_root(root), stack, without_empty(sets))


@contextmanager
def user_errors() -> Generator[None]:
    """Turns the errors that a user can correct into one message and an exit code.

    2: the request or the configuration is wrong; 1: the program has an error, or the network.
    """
    try:
        yield
    except UserError as error:
        fail(str(error), 2)
    except PlanError as error:
        fail(error.message, 1)
    except Failed as error:
        fail(str(error), 1)


@contextmanager
def command_errors() -> Generator[None]:
    """Like `user_errors`, for a command that only writes to stdout.

    A closed pipe is not an error; any other exception is a bug: a traceback and exit code 1.
    """
    try:
        with user_errors():
            yield
            sys.stdout.flush()
    except BrokenPipeError:
        # Python would report the closed pipe again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception:
        traceback.print_exc()
        raise typer.Exit(1) from None


def fail(message: str, code: int) -> NoReturn:
    """Ends the command with one message on stderr."""
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(code)
