"""The commands: fleet, fleet-diff, fleet-publish, fleet-releases, submit, upgrade."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.fleet.upgrade_cli import upgrade
from ops.plan.command import (
    FormatOption,
    Panel,
    RootOption,
    chosen_format,
    command_errors,
    option,
    project_root,
)
from ops.plan.errors import UserError
from ops.plan.waiting import waiting

app = typer.Typer()
app.command(rich_help_panel=Panel.judge)(upgrade)


def _complete_fleets(incomplete: str) -> list[str]:
    from ops.fleet.settings import names  # noqa: PLC0415  keeps the start of a command fast

    return [name for name in names(Path.cwd()) if name.startswith(incomplete)]


FleetOption = Annotated[
    str,
    option(
        "--fleet", "NAME", "The fleet: NAME of fleets/NAME.yaml.", autocompletion=_complete_fleets
    ),
]


@app.command(rich_help_panel=Panel.judge)
def fleet(
    fleet: FleetOption = "",
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a stack file is outdated.")
    ] = False,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Write the stack files of a fleet's members, and check the members with each other. Exit code
    1: a problem, or with --check an outdated file."""
    with command_errors():
        style, folder = chosen_format(format_), project_root(root)
        from ops.fleet import show, stacks  # noqa: PLC0415
        from ops.fleet.checks import check as problems_of  # noqa: PLC0415
        from ops.fleet.facts import Failure, facts_of  # noqa: PLC0415
        from ops.fleet.settings import load  # noqa: PLC0415

        found = load(folder, fleet)
        files = stacks.rendered(folder, fleet, found)
        if check and (old := stacks.outdated(folder, files)):
            where = ", ".join(f"stacks/Pulumi.{name}.yaml" for name in old)
            raise UserError(f"{where}: is not what fleets/{fleet}.yaml says; run make fleet")
        written = stacks.write(folder, files)
        for name in written:
            sys.stderr.write(f"wrote stacks/Pulumi.{name}.yaml\n")
        with waiting(f"recording {len(found.order)} members"):
            facts = facts_of(folder, found.order)
        failed = [one for one in facts if isinstance(one, Failure)]
        if failed:
            raise UserError("\n".join(one.message for one in failed))
        members = [one for one in facts if not isinstance(one, Failure)]
        problems = problems_of(found, members, stacks.default_teams(folder, found))
        sys.stdout.write(show.fleet_text(style, found, members, problems))
        if problems:
            raise typer.Exit(1)


@app.command("fleet-diff", rich_help_panel=Panel.look)
def fleet_diff(
    fleet: FleetOption = "",
    base: Annotated[str, option("--base", "REVISION", "Compare from this git revision.")] = "",
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Compare all members of a fleet with a git revision, in the order of their roll-out."""
    with command_errors():
        style, folder = chosen_format(format_), project_root(root)
        from ops.fleet import show, tools  # noqa: PLC0415
        from ops.fleet.settings import load  # noqa: PLC0415

        found = load(folder, fleet)
        if not base:
            raise UserError("fleet-diff needs --base REVISION, such as main")
        with waiting(f"comparing {len(found.order)} members with {base}"):
            diffs = tools.diffs(folder, found.order, base)
        sys.stdout.write(show.diff_text(style, fleet, base, diffs))
        if any("error" in one for one in diffs.values()):
            raise typer.Exit(1)


@app.command("fleet-publish", rich_help_panel=Panel.publish)
def fleet_publish(  # noqa: PLR0917  the command's options
    words: Annotated[
        list[str] | None, typer.Argument(metavar="FILE...", help="As publish-jars takes them.")
    ] = None,
    fleet: FleetOption = "",
    release: Annotated[str, option("--release", "NAME", "Name of the release.")] = "",
    jar_set: Annotated[str, option("--jar-set", "NAME", "One of the stacks' jarBuckets.")] = "jars",
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Accept classes that are in two JARs.")
    ] = False,
    format_: FormatOption = "",
) -> None:
    """Publish a release of JARs to the bucket of each member of a fleet, in the order of the
    roll-out, and say which members have it. Exit code 1: one does not."""
    with command_errors():
        style = chosen_format(format_)
        from ops.fleet import show, tools  # noqa: PLC0415
        from ops.fleet.publish import publish_all  # noqa: PLC0415
        from ops.fleet.settings import load  # noqa: PLC0415

        members = load(project_root(""), fleet).order
        options = ["--jar-set", jar_set, *(["--allow-duplicates"] if allow_duplicates else [])]

        def publish(member: str) -> None:
            with waiting(f"publishing {release} to {member}"):
                tools.publish(member, release, words or [], options)

        copies = publish_all(members, publish)
        sys.stdout.write(show.copies_text(style, release, copies))
        if any(one.error for one in copies):
            raise typer.Exit(1)


@app.command("fleet-releases", rich_help_panel=Panel.publish)
def fleet_releases(
    fleet: FleetOption = "",
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Say which member of a fleet has which release of JARs. Exit code 1: a member lacks one, or
    what it has is not known."""
    with command_errors():
        style, folder = chosen_format(format_), project_root(root)
        from ops.fleet import show, tools  # noqa: PLC0415
        from ops.fleet.publish import releases_of_all  # noqa: PLC0415
        from ops.fleet.settings import load  # noqa: PLC0415

        members = load(folder, fleet).order
        with waiting(f"listing the releases of {len(members)} members"):
            found = releases_of_all(members, lambda one: tools.releases(folder, one))
        sys.stdout.write(show.releases_text(style, found))
        if not found.complete:
            raise typer.Exit(1)


@app.command(rich_help_panel=Panel.run)
def submit(  # noqa: PLR0917  the command's options
    fleet: FleetOption = "",
    team: Annotated[str, option("--team", "NAME", "The team.")] = "",
    job: Annotated[str, option("--job", "NAME", "A job of the catalog.")] = "",
    file: Annotated[str, option("--file", "PATH", "A job's file, instead of --job.")] = "",
    run: Annotated[
        str, option("--run", "ID", "Id of the run; a retry has the same: 2026-12-01.")
    ] = "",
    release: Annotated[str, option("--release", "NAME", "The release of JARs.")] = "",
    input_: Annotated[str, option("--in", "URL", "The folder to read: s3a://...")] = "",
    output: Annotated[str, option("--out", "URL", "The folder to write: s3a://...")] = "",
    look: Annotated[
        bool, typer.Option("--look", help="Pass over a member whose quota is used up.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse while a member does not answer.")
    ] = False,
    unchecked: Annotated[
        bool,
        typer.Option("--unchecked", help="Do not look for the job's release in members' buckets."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say where it would go; asks no cluster.")
    ] = False,
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Send a run of a job to one member of a fleet, by weight, and say why that one."""
    with command_errors():
        style, folder = chosen_format(format_), project_root(root)
        from ops.fleet import show, tools  # noqa: PLC0415
        from ops.fleet.clusters import Kubectl  # noqa: PLC0415
        from ops.fleet.route import Run, candidates  # noqa: PLC0415
        from ops.fleet.settings import load  # noqa: PLC0415
        from ops.fleet.stacks import regions_of  # noqa: PLC0415
        from ops.fleet.submit import Sent, checked, job_name  # noqa: PLC0415
        from ops.fleet.submit import submit as send  # noqa: PLC0415

        found = load(folder, fleet)
        if bool(job) == bool(file):
            raise UserError("submit takes --job NAME or --file PATH, one of them")
        name = job or job_name(Path(file))
        what = checked(Run(team, name, run))
        regions = regions_of(folder, found)
        if dry_run:
            first, *others = candidates(found, what, regions)
            then = [f"then {one.name}: {one.reason}" for one in others]
            chosen = Sent(first.name, f"{name}-{run}", first.reason, then)
            sys.stdout.write(show.sent_text(style, chosen, "would go to"))
            return
        path = str(Path(file).resolve()) if file else ""
        given = [("--job", job), ("--file", path), ("--release", release)]
        given += [("--in", input_), ("--out", output)]
        options = [part for key, value in given if value for part in (key, value)]

        def render(member: str, application: str) -> list[dict[str, Any]]:
            return tools.manifests(folder, member, team, application, options)

        def lacks(member: str, releases: Sequence[str]) -> str:
            return tools.lacks(folder, member, team, releases)

        sent = send(
            fleet,
            found,
            what,
            render,
            Kubectl(),
            regions=regions,
            lacks=None if unchecked else lacks,
            look=look,
            strict=strict,
        )
        sys.stdout.write(show.sent_text(style, sent))
