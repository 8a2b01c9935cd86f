"""Publishes the JARs of the command line. Imports the AWS SDK, which the other commands avoid."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ops.plan.releases import Coordinate, release_name
from ops.publish import aws, destination, jars, wanted
from ops.publish.destination import Destination
from ops.publish.duplicates import refuse_duplicates
from ops.publish.errors import Refused
from ops.publish.jars import Jar
from ops.publish.maven import CENTRAL, Repository
from ops.publish.progress import Report, megabytes, reporting
from ops.publish.publish import Published, publish
from ops.publish.store import Store

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Request:
    """The options of `publish-jars`; empty text stands for an option that is not set."""

    words: Sequence[str]
    release: str
    stack: str
    jar_set: str
    to: str
    region: str
    owner: str
    allow_duplicates: bool
    repository: str
    cache: Path | None


def publish_jars(request: Request) -> str:
    """Publishes a release and returns the Spark configuration that uses it.

    Raises Refused for a wrong request, Failed for an error of the network or of S3.
    """
    with reporting() as report:
        name = release_name(request.release)
        asked = wanted.parse(request.words)
        maven = Repository(request.repository or CENTRAL, request.cache or ROOT / ".cache" / "jars")
        # Local files first: an error in them is reported before any request is sent.
        local = {item: jars.read(item) for item in asked if isinstance(item, Path)}
        place = _destination(request)
        store = Store(aws.client("s3", place.region), place)
        begin = time.monotonic()
        files = _read(asked, local, maven, report)
        if not request.allow_duplicates:
            refuse_duplicates([jar.path for jar in files])
        published = publish(name, files, store, place, report)
        _conclude(published, files, place, time.monotonic() - begin, report)
    return published.release.spark_conf()


def _destination(request: Request) -> Destination:
    stack, to, region, owner = request.stack, request.to, request.region, request.owner
    if bool(stack) == bool(to):
        raise Refused("no destination: use --stack or --to")
    if stack and (region or owner):
        raise Refused("--region and --bucket-owner need --to; a stack has its own")
    if stack:
        return destination.of_stack(ROOT, stack, request.jar_set, aws.account_in)
    region = region or aws.default_region()
    place = destination.from_url(to, region, owner)
    return place if owner else replace(place, owner=aws.account_in(region))


def _read(
    asked: Sequence[Coordinate | Path],
    local: Mapping[Path, Jar],
    maven: Repository,
    report: Report,
) -> list[Jar]:
    """The JARs in the requested order; those of Maven are downloaded."""
    fetched = maven.fetch_all([item for item in asked if isinstance(item, Coordinate)], report)
    return [local[i] if isinstance(i, Path) else jars.read(fetched[i]) for i in asked]


def _conclude(
    published: Published, files: Sequence[Jar], place: Destination, seconds: float, report: Report
) -> None:
    name = published.release.name
    total = f"{len(files)} JARs, {megabytes(sum(jar.size for jar in files))}"
    if not published.new and not published.sent:
        report.say(f"{place.url(name)} is already published: {total}, nothing was uploaded")
        return
    left = len(files) - len(published.sent)
    rest = f"; {left} of them were there" if left else ""
    report.say(f"published {place.url(name)}: {total} in {seconds:.1f} s{rest}")
