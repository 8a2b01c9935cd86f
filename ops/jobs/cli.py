"""The commands: `job` writes a SparkApplication, `check-job` judges one, `verify` writes the checks
of a live mount."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.jobs import data_cache, python_environment
from ops.jobs.application import Request, documents, jar_names
from ops.jobs.archive import path_of
from ops.jobs.catalog import JOBS, S3A_RELEASE
from ops.jobs.findings import Severity
from ops.jobs.jobfile import Job, load
from ops.jobs.options import (
    AccountOption,
    ArchiveOption,
    ReleaseOption,
    TeamOption,
    archive_in,
    plan_for,
    refuse_placeholder,
)
from ops.jobs.team import NO_ACCOUNT, Rights, Team, rights_of, team_of
from ops.jobs.titles import GOOD_TITLE, unreadable
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
    option,
)
from ops.plan.errors import UserError
from ops.plan.releases import release_name

app = typer.Typer()

_FOLDER = re.compile(r"s3a://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^*?\s]+")


def _complete_jobs(incomplete: str) -> list[str]:
    return [name for name in JOBS if name.startswith(incomplete)]


@app.command(rich_help_panel=Panel.run)
def job(  # noqa: PLR0917  the command's options
    job: Annotated[
        str, option("--job", "NAME", f"One of {', '.join(JOBS)}.", autocompletion=_complete_jobs)
    ] = "",
    file: Annotated[str, option("--file", "PATH", "A job's file, instead of --job.")] = "",
    stack: StackOption = "",
    team: TeamOption = "",
    release: ReleaseOption = "",
    name: Annotated[
        str, typer.Option("--name", help="Name of the SparkApplication. Default: --job.")
    ] = "",
    input_: Annotated[str, option("--in", "URL", "The folder to read: s3a://...")] = "",
    output: Annotated[str, option("--out", "URL", "The folder to write: s3a://...")] = "",
    executors: Annotated[str, option("--executors", "COUNT", "Executors at most.")] = "",
    cache: Annotated[
        bool, typer.Option("--cache", help="Read the input from the stack's cache of data.")
    ] = False,
    archive: ArchiveOption = "",
    account: AccountOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Write a Spark job for a team of a stack, as YAML; notes are on stderr."""
    with command_errors():
        style = chosen_format(format_)
        chosen = _job(job, file)
        given = {"IN": input_, "OUT": output}
        for variable, folder in given.items():
            _refuse_folder(variable, folder, chosen)
        jar_release = release_name(release or chosen.release or S3A_RELEASE)
        most = _count(executors)
        plan = plan_for(stack, sets, root, account)
        found = team_of(plan, team)
        rights = rights_of(plan, found)
        request = Request(
            name=name or chosen.name,
            release=jar_release,
            input=input_ or _default_folder("IN", "input/", chosen, rights, team),
            output=output or _default_folder("OUT", "output/", chosen, rights, team),
            executors=most,
            archive=archive_in(archive),
            cache=cache,
        )
        made = documents(chosen, found, request)
        # The judge knows the fields of an application: it is not needed for --help.
        from ops.jobs.check import judged  # noqa: PLC0415
        from ops.jobs.model import Target  # noqa: PLC0415

        *beside, application = made
        verdict = judged(application, Target(plan, found, rights), beside)
        if not verdict.runs:
            lines = "\n".join(f"  {one.line}" for one in verdict.of(Severity.error))
            raise UserError(f"{chosen.name} cannot run for team {team} of stack {stack}:\n{lines}")
        from ops.plan.manifests import to_yaml  # noqa: PLC0415

        text = "---\n".join(to_yaml(document) for document in made)
        refuse_placeholder(text, chosen.name, stack)
        if style is Format.json:
            text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        sys.stdout.write(fenced(text, "yaml") if style is Format.markdown else text)
        sys.stdout.flush()
        _hint(chosen, found, request, rights, stack)


@app.command("check-job", rich_help_panel=Panel.run)
def check_job(  # noqa: PLR0917  the command's options
    file: Annotated[
        str, option("--file", "PATH", "A file with SparkApplications, or - for stdin.")
    ] = "",
    stack: StackOption = "",
    team: TeamOption = "",
    fix: Annotated[
        bool, typer.Option("--fix", help="Print the file put right, and what remains on stderr.")
    ] = False,
    account: AccountOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Judge a team's own SparkApplications against a stack: what is refused, hangs or hurts."""
    with command_errors():
        style = chosen_format(format_)
        from ops.jobs import check_file  # noqa: PLC0415

        given = check_file.read_file(file)
        plan = plan_for(stack, sets, root, account)
        found = team_of(plan, team)
        target = check_file.Target(plan, found, rights_of(plan, found))
        done = check_file.mend(given, target) if fix else check_file.judge(given, target)
        refuse_placeholder(done.yaml, "the file put right", stack)
        sys.stdout.write(done.stdout(style))
        sys.stdout.flush()
        sys.stderr.write(done.stderr(style))
        if not done.runs:
            raise typer.Exit(1)


@app.command(rich_help_panel=Panel.run)
def verify(  # noqa: PLR0917  the command's options
    stack: StackOption = "",
    team: TeamOption = "",
    release: ReleaseOption = "",
    archive: ArchiveOption = "",
    account: AccountOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Write a script that checks on a live cluster that a team's JARs are read from the mount."""
    with command_errors():
        style = chosen_format(format_)
        given = archive_in(archive)
        name = release_name(release or (given.release if given else S3A_RELEASE))
        plan = plan_for(stack, sets, root, account)
        from ops.jobs import verify as checks  # noqa: PLC0415

        write = {Format.json: checks.to_json, Format.markdown: checks.markdown}
        text = write.get(style, checks.script)(
            plan, team_of(plan, team), name, jar_names(JOBS["taxi-trip"]), given
        )
        sys.stdout.write(text.replace(NO_ACCOUNT, "${account}"))


def _job(name: str, file: str) -> Job:
    if name and file:
        raise UserError(f"JOB={name} and FILE={file}: name one of them")
    if file:
        return load(Path(file))
    if name not in JOBS:
        given = f"there is no job {name!r}" if name else "no job given"
        known = "\n".join(f"  {one.name}: {one.about}" for one in JOBS.values())
        raise UserError(f"{given}; FILE= is a job's file, or JOB= is one of\n{known}")
    return JOBS[name]


def _refuse_folder(variable: str, given: str, chosen: Job) -> None:
    if given and not chosen.takes_folders:
        raise UserError(f"{variable}={given}: {chosen.name} reads and writes nothing in S3")
    if given and not _FOLDER.fullmatch(given):
        raise UserError(f"{variable}={given} is not a folder in S3 such as s3a://bucket/folder/")


def _default_folder(variable: str, name: str, chosen: Job, rights: Rights, team: str) -> str:
    """A folder for the job, below the first folder that the team may read and write."""
    if not chosen.takes_folders:
        return ""
    if rights.folder is None:
        raise UserError(
            f"{variable}= is missing, and team {team} has no folder of its own: set it here, or "
            "list a bucket with access readWrite in spark.teams[].buckets of the stack file"
        )
    return f"{rights.folder}{chosen.name}/{name}"


def _count(executors: str) -> int | None:
    if not executors:
        return None
    if not executors.isdecimal() or executors == "0":
        raise UserError(f"EXECUTORS={executors} is not a number of executors")
    return int(executors)


def _archive_hint(team: Team, request: Request) -> list[str]:
    if request.archive is None:
        return []
    paths = {role: path_of(team, request.release, role) for role in ("driver", "executor")}
    return [
        f"the {role} uses the archive {path}, where it is there"
        if path
        else f"the {role} uses no archive: its pool has nodes of both processors, and in pod level "
        "no path is right on both"
        for role, path in paths.items()
    ]


def _hint(chosen: Job, team: Team, request: Request, rights: Rights, stack: str) -> None:
    lines = [f"{request.name} for team {team.name} of stack {stack}: kubectl apply -f job.yaml"]
    if needed := [*chosen.jars, *python_environment.files(chosen)]:
        jar_set = "" if team.jar_set == "jars" else f" JAR_SET={team.jar_set}"
        lines.append(
            f"it needs release {request.release}: make publish-jars STACK={stack}{jar_set} "
            f"RELEASE={request.release} JARS='{' '.join(needed)}'"
        )
    lines += _archive_hint(team, request)
    if (chosen.cache or request.cache) and chosen.takes_folders:
        at = data_cache.place(team, request.input)
        lines.append(
            f"its input is cached on nodes: {at}"
            if at != request.input
            else f"its input is read from S3: the stack has no cache of {request.input} for team "
            f"{team.name} (cache.buckets)"
        )
    if chosen.takes_folders:
        lines.append(f"it reads {request.input} and writes {request.output}, which must not exist")
        denied = [
            f"{word} {url}"
            for word, url, allowed in (
                ("read", request.input, rights.may_read(request.input)),
                ("write", request.output, rights.may_write(request.output)),
            )
            if not allowed
        ]
        if denied:
            lines.append(
                f"warning: the stack gives team {team.name} no permission "
                f"to {' or to '.join(denied)} (spark.teams[].buckets); without a bucket policy "
                "that does, S3 returns 403"
            )
    own = chosen.own_program
    if own is not None and team.metrics:
        titles = unreadable(own.read_text(encoding="utf-8"))
        lines += [f"warning: {one.lost_in(own.name)}; {GOOD_TITLE}" for one in titles]
    sys.stderr.write("".join(f"{line}\n" for line in lines))
