"""The command line: `python -m ops publish-jars --stack dev --release 2026-11-01 JAR...`."""

import os
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ops.plan.command import stop, told
from ops.plan.releases import Coordinate, release_name
from ops.publish import aws, destination, jars, wanted
from ops.publish.destination import Destination
from ops.publish.duplicates import refuse_duplicates
from ops.publish.errors import Failed, Refused
from ops.publish.jars import Jar
from ops.publish.maven import CENTRAL, Repository
from ops.publish.progress import Report, megabytes, reporting
from ops.publish.publish import Published, publish
from ops.publish.store import Store

ROOT = Path(__file__).resolve().parents[2]
_INTERRUPTED = 130

app = typer.Typer()


@app.command("publish-jars", no_args_is_help=True)
def command(  # noqa: PLR0917  the command's options
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="JAR...", help="group:artifact:version[:classifier], a path, or @list.txt."
        ),
    ] = None,
    release: Annotated[str, typer.Option("--release", help="Name of the release.")] = "",
    stack: Annotated[str, typer.Option("--stack", help="Whose bucket: Pulumi.<stack>.yaml.")] = "",
    jar_set: Annotated[
        str, typer.Option("--jar-set", help="Which of the stack's jarBuckets.")
    ] = "jars",
    to: Annotated[
        str, typer.Option("--to", help="Instead of a stack: s3://bucket/prefix/jars/.")
    ] = "",
    region: Annotated[str, typer.Option("--region", help="With --to: the bucket's.")] = "",
    owner: Annotated[
        str, typer.Option("--bucket-owner", help="With --to: its account, if not yours.")
    ] = "",
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="The same class may be in two JARs.")
    ] = False,
    repository: Annotated[
        str, typer.Option("--repository", envvar="MAVEN_REPOSITORY", show_envvar=True)
    ] = CENTRAL,
    cache: Annotated[Path, typer.Option("--cache", help="Where downloaded JARs are kept.")] = ROOT
    / ".cache"
    / "jars",
) -> None:
    """Publish JARs as a release that never changes, and print what a job needs to use it."""
    with _told(), reporting() as report:
        name = release_name(release)
        asked = wanted.parse(words or [])
        maven = Repository(repository, cache)
        # Local files first: what is wrong with them is known before anybody is asked.
        local = {item: jars.read(item) for item in asked if isinstance(item, Path)}
        place = _destination(stack, jar_set, to, region, owner)
        store = Store(aws.client("s3", place.region), place)
        begin = time.monotonic()
        files = _read(asked, local, maven, report)
        if not allow_duplicates:
            refuse_duplicates([jar.path for jar in files])
        published = publish(name, files, store, place, report)
        _conclude(published, files, place, time.monotonic() - begin, report)
    sys.stdout.write(published.release.spark_conf())


def _destination(stack: str, jar_set: str, to: str, region: str, owner: str) -> Destination:
    if bool(stack) == bool(to):
        raise Refused("say where: either --stack or --to")
    if stack and (region or owner):
        raise Refused("--region and --bucket-owner go with --to; a stack knows its own")
    if stack:
        return destination.of_stack(ROOT, stack, jar_set, aws.account_in)
    region = region or aws.default_region()
    place = destination.from_url(to, region, owner)
    return place if owner else replace(place, owner=aws.account_in(region))


def _read(
    asked: Sequence[Coordinate | Path],
    local: Mapping[Path, Jar],
    maven: Repository,
    report: Report,
) -> list[Jar]:
    """The JARs in the order in which they were asked for; those of Maven are downloaded."""
    fetched = maven.fetch_all([item for item in asked if isinstance(item, Coordinate)], report)
    return [local[i] if isinstance(i, Path) else jars.read(fetched[i]) for i in asked]


def _conclude(
    published: Published, files: Sequence[Jar], place: Destination, seconds: float, report: Report
) -> None:
    name = published.release.name
    total = f"{len(files)} JARs, {megabytes(sum(jar.size for jar in files))}"
    if not published.new and not published.sent:
        report.say(f"{place.url(name)} is published already: {total}, nothing was uploaded")
        return
    left = len(files) - len(published.sent)
    rest = f"; {left} of them were there" if left else ""
    report.say(f"published {place.url(name)}: {total} in {seconds:.1f} s{rest}")


@contextmanager
def _told() -> Generator[None]:
    """As the other commands tell an error; exit code 1 also for a network or S3 that did not do
    its part. A broken pipe may be a connection's here, and is no reader who has seen enough."""
    try:
        with told():
            yield
    except Failed as error:
        stop(str(error), 1)
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; the same command goes on where this one ended\n")
        sys.stderr.flush()
        # Threads may sit in an upload for a minute; a release is safe however the process ends.
        os._exit(_INTERRUPTED)
