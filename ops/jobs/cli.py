"""The commands: `job` writes a SparkApplication, `verify` the checks of a live mount."""

import json
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ops.jobs import check
from ops.jobs.application import Request, documents, jar_names
from ops.jobs.catalog import JOBS, S3A_RELEASE, Job
from ops.jobs.team import Rights, Team, rights_of, team_of
from ops.plan.command import (
    Format,
    FormatOption,
    Panel,
    RootOption,
    SetOption,
    StackOption,
    chosen_format,
    command_errors,
    complete_teams,
    fenced,
    option,
    project_root,
    recorded,
    require_stack,
    without_empty,
)
from ops.plan.errors import UserError
from ops.plan.releases import release_name

if TYPE_CHECKING:
    from ops.plan.model import Plan

app = typer.Typer()

NO_ACCOUNT = "000000000000"
"""Placeholder for the account in the plan of a stack that does not set one."""
_ACCOUNT = re.compile(r"[0-9]{12}")
_FOLDER = re.compile(r"s3a://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^*?\s]+")

TeamOption = Annotated[
    str,
    option(
        "--team", "NAME", "A team of the stack: spark.teams[].name.", autocompletion=complete_teams
    ),
]
ReleaseOption = Annotated[str, option("--release", "NAME", "A published release of JARs.")]
AccountOption = Annotated[
    str, typer.Option("--account", help="The AWS account, if the stack names none.")
]


def _complete_jobs(incomplete: str) -> list[str]:
    return [name for name in JOBS if name.startswith(incomplete)]


@app.command(rich_help_panel=Panel.run)
def job(  # noqa: PLR0917  the command's options
    job: Annotated[
        str, option("--job", "NAME", f"One of {', '.join(JOBS)}.", autocompletion=_complete_jobs)
    ] = "",
    stack: StackOption = "",
    team: TeamOption = "",
    release: ReleaseOption = "",
    name: Annotated[
        str, typer.Option("--name", help="Name of the SparkApplication. Default: --job.")
    ] = "",
    input_: Annotated[str, option("--in", "URL", "The folder to read: s3a://...")] = "",
    output: Annotated[str, option("--out", "URL", "The folder to write: s3a://...")] = "",
    executors: Annotated[str, option("--executors", "COUNT", "Executors at most.")] = "",
    account: AccountOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Write a Spark job for a team of a stack, as YAML; notes are on stderr."""
    with command_errors():
        style = chosen_format(format_)
        chosen = _job(job)
        given = {"IN": input_, "OUT": output}
        for variable, folder in given.items():
            _refuse_folder(variable, folder, chosen)
        most, jar_release = _count(executors), release_name(release or S3A_RELEASE)
        plan = _plan(stack, sets, root, account)
        found = team_of(plan, team)
        rights = rights_of(plan, found)
        request = Request(
            name=name or chosen.name,
            release=jar_release,
            input=input_ or _default_folder("IN", "input/", chosen, rights, team),
            output=output or _default_folder("OUT", "output/", chosen, rights, team),
            executors=most,
        )
        made = documents(chosen, found, request)
        problems = check.problems(made, found, plan)
        if problems:
            lines = "\n".join(f"  {problem}" for problem in problems)
            raise UserError(f"{chosen.name} cannot run for team {team} of stack {stack}:\n{lines}")
        from ops.plan.manifests import to_yaml  # noqa: PLC0415

        text = "---\n".join(to_yaml(document) for document in made)
        if NO_ACCOUNT in text:
            raise UserError(
                f"{chosen.name} needs the account id for a bucket's name, and stack {stack} "
                f"sets none: ACCOUNT=, or spark-on-eks:account in stacks/Pulumi.{stack}.yaml"
            )
        if style is Format.json:
            text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        sys.stdout.write(fenced(text, "yaml") if style is Format.markdown else text)
        sys.stdout.flush()
        _hint(chosen, found, request, rights, stack)


@app.command(rich_help_panel=Panel.run)
def verify(  # noqa: PLR0917  the command's options
    stack: StackOption = "",
    team: TeamOption = "",
    release: ReleaseOption = "",
    account: AccountOption = "",
    sets: SetOption = None,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Write a script that checks on a live cluster that a team's JARs are read from the mount."""
    with command_errors():
        style = chosen_format(format_)
        name = release_name(release or S3A_RELEASE)
        plan = _plan(stack, sets, root, account)
        from ops.jobs import verify as checks  # noqa: PLC0415

        write = {Format.json: checks.to_json, Format.markdown: checks.markdown}
        text = write.get(style, checks.script)(
            plan, team_of(plan, team), name, jar_names(JOBS["taxi-trip"])
        )
        sys.stdout.write(text.replace(NO_ACCOUNT, "${account}"))


def _job(name: str) -> Job:
    if name not in JOBS:
        given = f"there is no job {name!r}" if name else "no job given"
        known = "\n".join(f"  {one.name}: {one.about}" for one in JOBS.values())
        raise UserError(f"{given}; JOB= is one of\n{known}")
    return JOBS[name]


def _refuse_folder(variable: str, given: str, chosen: Job) -> None:
    if given and not chosen.uses_s3:
        raise UserError(f"{variable}={given}: {chosen.name} reads and writes nothing in S3")
    if given and not _FOLDER.fullmatch(given):
        raise UserError(f"{variable}={given} is not a folder in S3 such as s3a://bucket/folder/")


def _default_folder(variable: str, name: str, chosen: Job, rights: Rights, team: str) -> str:
    """A folder for the job, below the first folder that the team may read and write."""
    if not chosen.uses_s3:
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


def _plan(stack: str, sets: list[str] | None, root: str, account: str) -> "Plan":
    """The stack's plan, for the stack's account, else `account`, else a placeholder."""
    from ops.plan.stack import load  # noqa: PLC0415

    require_stack(stack, root, "STACK=")
    if account and not _ACCOUNT.fullmatch(account):
        raise UserError(f"ACCOUNT={account} is not an AWS account: it has 12 digits")
    overrides = without_empty(sets)
    named = str(load(project_root(root), stack, overrides).own("account") or "")
    if account and named and account != named:
        raise UserError(f"ACCOUNT={account}: stack {stack} belongs to account {named}")
    if not named:
        overrides.append(f'account="{account or NO_ACCOUNT}"')
    return recorded(stack, overrides, root)


def _hint(chosen: Job, team: Team, request: Request, rights: Rights, stack: str) -> None:
    lines = [f"{request.name} for team {team.name} of stack {stack}: kubectl apply -f job.yaml"]
    if chosen.jars:
        jar_set = "" if team.jar_set == "jars" else f" JAR_SET={team.jar_set}"
        lines.append(
            f"it needs release {request.release}: make publish-jars STACK={stack}{jar_set} "
            f"RELEASE={request.release} JARS='{' '.join(chosen.jars)}'"
        )
    if chosen.uses_s3:
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
    sys.stderr.write("".join(f"{line}\n" for line in lines))
