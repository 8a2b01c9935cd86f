"""Publishes the files of the command line. Imports the AWS SDK, which the other commands avoid."""

import time
from collections.abc import Sequence
from pathlib import Path

from ops.plan import aws
from ops.plan.archives import DESCRIPTION, FOLDER, PROCESSORS, complete_in
from ops.plan.releases import Coordinate, release_name
from ops.publish.archive import publish_archive, read_trained
from ops.publish.destination import ROOT, Destination, destination, image_of, sets_of
from ops.publish.docker import processor, pull, train_in
from ops.publish.files import File, read
from ops.publish.listing import Listed, listed
from ops.publish.maven import CENTRAL, Repository
from ops.publish.progress import Report, megabytes, reporting
from ops.publish.publish import Published, publish
from ops.publish.request import parse, refuse_duplicates
from ops.publish.store import Store

TRAINED = ("1", *PROCESSORS)
"""Values of --archive that are no folder: what is trained here."""


def publish_jars(
    words: Sequence[str],
    release: str,
    *,
    stack: str,
    jar_set: str,
    to: str,
    region: str,
    owner: str,
    allow_duplicates: bool,
    repository: str,
    cache: Path | None,
    archives: Sequence[str] = (),
    image: str = "",
) -> str:
    """Publishes a release and returns the Spark configuration that uses it. Empty text stands for
    an option that is not set.

    `archives` are folders of training runs for the same release, or processors (1: this machine's)
    for which one is trained here, in `image` or the stack's. Raises UserError for a wrong request,
    Failed for an error of the network, of S3 or of Docker.
    """
    with reporting() as report:
        name = release_name(release)
        asked = parse(words)
        maven = Repository(repository or CENTRAL, cache or ROOT / ".cache" / "jars")
        # Local files first: an error in them is reported before any request is sent.
        trained = [read_trained(Path(one), name) for one in archives if one not in TRAINED]
        local = {item: read(item) for item in asked if isinstance(item, Path)}
        place = destination(stack, jar_set, to, region, owner)
        client = aws.client("s3", place.region)
        store = Store(client, place)
        processors = dict.fromkeys(processor(one) for one in archives if one in TRAINED)
        there = complete_in(store.names(name)) if processors else ()
        absent = [arch for arch in processors if arch not in there]
        source = (image or image_of(stack)) if absent else ""
        images = [pull(source, arch) for arch in absent]
        begin = time.monotonic()
        fetched = maven.fetch_all([item for item in asked if isinstance(item, Coordinate)], report)
        files = [local[i] if isinstance(i, Path) else read(fetched[i]) for i in asked]
        if not allow_duplicates:
            refuse_duplicates([one.path for one in files if one.is_jar])
        published = publish(name, files, store, place, report)
        _conclude(published, files, place, time.monotonic() - begin, report)
        for one in images:
            folder = ROOT / ".cache" / "archives" / place.bucket / name / one.arch
            report.say(f"training an archive for {one.arch} in {one.name}: a minute or two")
            train_in(one, published.release, files, store.times(name), folder)
            trained.append(read_trained(folder, name))
        for one in trained:
            new = publish_archive(one, published.release, client, place, report)
            url = place.url(name, f"{FOLDER}/{one.archive.arch}/")
            report.say(
                f"{'published' if new else 'already published:'} {url}; jobs are made from "
                f"ARCHIVE={one.file.path.with_name(DESCRIPTION)}"
            )
        for arch in [one for one in processors if one in there]:
            report.say(f"already published: {place.url(name, f'{FOLDER}/{arch}/')}")
    return published.release.spark_conf()


def releases_of(root: Path, stack: str, team: str, names: Sequence[str]) -> list[Listed]:
    """Returns the releases in each of a stack's sets of JARs, or in the one of a team; with names,
    those, there or not. Raises UserError and Failed as `sets_of`."""
    wanted = [release_name(name) for name in names]
    return [
        one
        for name, place in sorted(sets_of(stack, team, root).items())
        for one in listed(name, Store(aws.client("s3", place.region), place), wanted)
    ]


def _conclude(
    published: Published, files: Sequence[File], place: Destination, seconds: float, report: Report
) -> None:
    name = published.release.name
    jars, size = sum(one.is_jar for one in files), sum(one.size for one in files)
    others = f" and {len(files) - jars} other files" if jars < len(files) else ""
    total = f"{jars} JARs{others}, {megabytes(size)}"
    if not published.new and not published.sent:
        report.say(f"{place.url(name)} is already published: {total}, nothing was uploaded")
        return
    left = len(files) - len(published.sent)
    rest = f"; {left} of them were there" if left else ""
    report.say(f"published {place.url(name)}: {total} in {seconds:.1f} s{rest}")
