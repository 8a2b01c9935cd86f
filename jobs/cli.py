"""The commands: `job` writes a SparkApplication, `verify` the checks of a live mount."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs import check
from jobs.application import Request, documents, jar_names
from jobs.catalog import JOBS, S3A_RELEASE, Job
from jobs.team import Team, team_of
from preview.errors import PlanError, UserError
from publisher.errors import Refused
from publisher.wanted import release_name

if TYPE_CHECKING:
    from preview.plan import Plan

app = typer.Typer(
    help="Spark jobs for a stack, from its plan: no cloud, no credentials, no cluster.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StackOption = Annotated[str, typer.Option("--stack", help="The stack, as in Pulumi.<stack>.yaml.")]
TeamOption = Annotated[str, typer.Option("--team", help="A team of the stack: spark.teams[].name.")]
ReleaseOption = Annotated[str, typer.Option("--release", help="Release of JARs, as published.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a key: jarMount.level=node."),
]
RootOption = Annotated[str, typer.Option("--root", help="The project's folder.")]


@app.command()
def job(  # noqa: PLR0917  the command's options
    job: Annotated[str, typer.Option("--job", help=f"One of {', '.join(JOBS)}.")] = "",
    stack: StackOption = "",
    team: TeamOption = "",
    release: ReleaseOption = "",
    name: Annotated[str, typer.Option("--name", help="The job's own; without it --job's.")] = "",
    input_: Annotated[str, typer.Option("--in", help="Folder that it reads: s3a://...")] = "",
    output: Annotated[str, typer.Option("--out", help="Folder that it writes: s3a://...")] = "",
    executors: Annotated[str, typer.Option("--executors", help="How many, at most.")] = "",
    sets: SetOption = None,
    root: RootOption = "",
) -> None:
    """Write a job for a team of a stack as YAML; what to know about it goes to stderr."""
    with _told():
        chosen = _job(job)
        request = Request(
            name=name or chosen.name,
            release=release_name(release or S3A_RELEASE),
            input=_folder("IN", input_, chosen),
            output=_folder("OUT", output, chosen),
            executors=_count(executors),
        )
        plan = _record(stack, sets, root)
        found = team_of(plan, team)
        made = documents(chosen, found, request)
        problems = check.problems(made, found, plan)
        if problems:
            lines = "\n".join(f"  {problem}" for problem in problems)
            raise UserError(f"{chosen.name} cannot run for team {team} of stack {stack}:\n{lines}")
        from preview.manifests import to_yaml  # noqa: PLC0415

        sys.stdout.write("---\n".join(to_yaml(document) for document in made))
        sys.stdout.flush()
        _hint(chosen, found, request, stack)


@app.command()
def verify(
    stack: StackOption = "",
    team: TeamOption = "",
    release: ReleaseOption = "",
    sets: SetOption = None,
    root: RootOption = "",
) -> None:
    """Write what shows on a live cluster that a team's JARs are mounted, open and not copied."""
    with _told():
        name = release_name(release or S3A_RELEASE)
        plan = _record(stack, sets, root)
        from jobs.verify import script  # noqa: PLC0415

        sys.stdout.write(script(plan, team_of(plan, team), name, jar_names(JOBS["taxi-trip"])))


def main() -> None:
    """Runs the command line; this is `python -m jobs`."""
    app(prog_name="jobs")


def _job(name: str) -> Job:
    if name not in JOBS:
        given = f"there is no job {name!r}" if name else "no job is named"
        known = "\n".join(f"  {one.name}: {one.about}" for one in JOBS.values())
        raise UserError(f"{given}; JOB= is one of\n{known}")
    return JOBS[name]


def _folder(variable: str, given: str, chosen: Job) -> str:
    if not chosen.uses_s3:
        if given:
            raise UserError(f"{variable}={given}: {chosen.name} reads and writes nothing in S3")
        return ""
    if not given:
        raise UserError(f"{variable}= is missing: {chosen.name} needs a folder, s3a://bucket/...")
    if not given.startswith("s3a://") or not given.removeprefix("s3a://").strip("/"):
        raise UserError(f"{variable}={given}: Spark reads S3 by s3a://bucket/folder/")
    return given


def _count(executors: str) -> int | None:
    if not executors:
        return None
    if not executors.isdecimal() or executors == "0":
        raise UserError(f"EXECUTORS={executors} is not a number of executors")
    return int(executors)


def _record(stack: str, sets: list[str] | None, root: str) -> "Plan":
    folder = Path(root or ".").resolve()
    from preview.record import record  # noqa: PLC0415  Pulumi's SDKs take a second to import
    from preview.stack import stack_names  # noqa: PLC0415

    if not stack:
        raise UserError(f"STACK= is missing; the stacks are: {', '.join(stack_names(folder))}")
    # A Makefile passes --set "$(SET)" also when SET is empty.
    return record(folder, stack, [item for item in sets or [] if item.strip()])


def _hint(chosen: Job, team: Team, request: Request, stack: str) -> None:
    lines = [f"{request.name} for team {team.name} of stack {stack}: kubectl apply -f job.yaml"]
    if chosen.jars:
        jar_set = "" if team.jar_set == "jars" else f" JAR_SET={team.jar_set}"
        lines.append(
            f"it needs release {request.release}: make publish-jars STACK={stack}{jar_set} "
            f"RELEASE={request.release} JARS='{' '.join(chosen.jars)}'"
        )
    sys.stderr.write("".join(f"{line}\n" for line in lines))


@contextmanager
def _told() -> Generator[None]:
    """Turns the errors that a user can act on into one message and an exit code: 2 for a request
    or a configuration that is wrong, 1 for a program that could not be deployed."""
    try:
        yield
    except (UserError, Refused) as error:
        _stop(str(error), 2)
    except PlanError as error:
        lines = "\n".join(f"  {problem}" for problem in error.problems)
        _stop(f"the program cannot be deployed:\n{lines}", 1)


def _stop(message: str, code: int) -> None:
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(code)
