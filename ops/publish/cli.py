"""The commands: `python -m ops publish-jars --stack dev --release 2026-11-01 FILE...`, and
`python -m ops releases --stack dev`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.plan.command import (
    FormatOption,
    Panel,
    RootOption,
    chosen_format,
    command_errors,
    option,
    project_root,
    stack_option,
    user_errors,
)

_INTERRUPTED = 130

app = typer.Typer()

StackOption = Annotated[str, stack_option("--stack", "The stack that owns the bucket.")]
JarSetOption = Annotated[str, option("--jar-set", "NAME", "One of the stack's jarBuckets.")]


@app.command("publish-jars", no_args_is_help=True, rich_help_panel=Panel.publish)
def command(  # noqa: PLR0917  the command's options
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...",
            help="group:artifact:version[:classifier], the path of a .jar, .tar.gz, .zip, .whl or "
            ".py file, or @list.txt.",
        ),
    ] = None,
    release: Annotated[str, option("--release", "NAME", "Name of the release.")] = "",
    stack: StackOption = "",
    jar_set: JarSetOption = "jars",
    to: Annotated[str, option("--to", "URL", "Instead of --stack: s3://bucket/prefix/jars/.")] = "",
    region: Annotated[
        str, typer.Option("--region", help="With --to: the region of the bucket.")
    ] = "",
    owner: Annotated[
        str,
        option(
            "--bucket-owner",
            "ACCOUNT",
            "With --to: the account that owns the bucket. Default: yours.",
        ),
    ] = "",
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Accept classes that are in two JARs.")
    ] = False,
    archives: Annotated[
        list[str] | None,
        option(
            "--archive",
            "1|amd64|arm64|FOLDER",
            "With a class-data archive: trained here with Docker for this machine's processor or "
            "the one named, or what a training run wrote to a folder. May be repeated.",
        ),
    ] = None,
    image: Annotated[
        str, option("--image", "NAME", "Train in this image. Default: the stack's spark.image.")
    ] = "",
    repository: Annotated[
        str,
        typer.Option(
            "--repository",
            metavar="URL",
            help="A Maven repository. Default: Maven Central.",
            envvar="MAVEN_REPOSITORY",
            show_envvar=True,
        ),
    ] = "",
    cache: Annotated[
        Path | None,
        typer.Option("--cache", help="Where to keep downloaded JARs. Default: .cache/jars."),
    ] = None,
) -> None:
    """Publish JARs and Python's packages to a stack's bucket as an immutable release, and print how
    a job uses it."""
    try:
        # A broken pipe may come from a connection here, so it does not count as a closed stdout.
        with user_errors():
            from ops.publish.command import publish_jars  # noqa: PLC0415  boto3 takes a second

            conf = publish_jars(
                words or [],
                release,
                stack=stack,
                jar_set=jar_set,
                to=to,
                region=region,
                owner=owner,
                allow_duplicates=allow_duplicates,
                repository=repository,
                cache=cache,
                archives=archives or (),
                image=image,
            )
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; run the same command again to continue\n")
        sys.stderr.flush()
        # Threads may upload for another minute; exiting early does not damage a release.
        os._exit(_INTERRUPTED)
    sys.stdout.write(conf)


@app.command(no_args_is_help=True, rich_help_panel=Panel.publish)
def releases(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="These only.")
    ] = None,
    stack: StackOption = "",
    team: Annotated[
        str, option("--team", "NAME", "Only the set that this team's jobs mount.")
    ] = "",
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """List the releases in a stack's sets of JARs, and whether each is complete. Exit code 1: one
    of those that were named is not."""
    with command_errors():
        style, folder = chosen_format(format_), project_root(root)
        from ops.publish.command import releases_of  # noqa: PLC0415  boto3 takes a second
        from ops.publish.listing import as_text  # noqa: PLC0415

        found = releases_of(folder, stack, team, names or [])
        sys.stdout.write(as_text(style, found))
        if names and any(one.wrong for one in found):
            raise typer.Exit(1)
