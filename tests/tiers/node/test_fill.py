"""What a node fills itself with: with any name in the bucket, and with its disk full."""

import time
from collections.abc import Callable

import pytest

from tests.tiers.node.conftest import METRICS, PREFIX, Render, make_ready, manifest, metric, publish
from tests.tiers.node.node import MOUNT, Node, wait_for
from tests.tiers.node.s3_server import S3Server

MIB = 1 << 20
WATCH = "spark-jars-watch.service"

Put = Callable[..., None]


Publish = Callable[..., None]


@pytest.fixture
def put(s3: S3Server, bucket: str) -> Put:
    """Puts objects below the JARs' prefix, which are no release."""

    def put(*keys: str) -> None:
        for key in keys:
            s3.put(bucket, PREFIX + key, b"{}")

    return put


@pytest.fixture
def release(s3: S3Server, bucket: str) -> Publish:
    """Publishes a release with these JARs, each of some MiB."""

    def release(name: str, *jars: str, mib: int = 0) -> None:
        publish(s3, bucket, name, {jar: bytes(mib * MIB) or b"{}" for jar in jars})

    return release


def said(machine: Node, text: str) -> int:
    """How many lines of the boot and of the watch contain a text."""
    lines = (machine.journal("cloud-final.service") + machine.journal(WATCH)).splitlines()
    return sum(text in line for line in lines)


HOSTILE = [
    *("-", "--help", "-e", "3--x", "a[$(poweroff)]", "$(poweroff)", "`poweroff`"),
    *("'", '"', "a b", " ", "*", "?", "\\", "back\\slash", "%s", "ü", "名前", "n" * 250),
    *("..", ".", "~", "@", "release.json", "x.jar"),
]
RELEASES = ("3--x", "release.json")
"""Those that may be names of releases; `x.jar` has a file that its release.json lacks."""


def test_names_in_the_bucket_end_no_boot(
    machine: Node, render: Render, bucket: str, put: Put, release: Publish
) -> None:
    for name in HOSTILE:
        release(name, "x.jar")
    put("pending/x.jar", "x.jar/y.jar", "/empty name/release.json", "../../release.json")
    time.sleep(1.1)
    # The newest: taken for grep's option, it ended a boot once.
    release("-v", "x.jar")
    make_ready(machine, render(bucket=bucket))
    wait_for("metrics", lambda: metric(machine, "spark_jars_filled_releases") == 2)
    assert said(machine, "filled: ") == 2
    # All of them, in a mount of its own.
    environment = machine.path("/etc/spark-jars/mount.env")
    environment.write_text(environment.read_text() + "FILL_RELEASES=100\n")
    with machine.replaced():
        machine.kill()
    machine.run("systemctl", "restart", WATCH)
    shown = len({*HOSTILE, "-v"} - {"..", "."})
    refused = shown - len(RELEASES)
    wait_for("all", lambda: metric(machine, "spark_jars_unfilled_releases") == refused)
    assert metric(machine, "spark_jars_filled_releases") == len(RELEASES)
    assert set(machine.shell("ls -A /var/cache/spark-jars/copies.*").split()) == set(RELEASES)
    assert not machine.is_off, "a name was run as a command"


def test_a_fault_of_the_filler_ends_no_boot(machine: Node, render: Render) -> None:
    files = render()
    (library,) = [file for file in files.files if file.path.endswith("copies.sh")]
    fault = library.content.replace("fill() {", 'fill() {\n  local name="--x"\n  : $((name[0--]))')
    assert fault != library.content
    broken = [
        file if file != library else type(file)(file.path, 0o644, fault) for file in files.files
    ]
    make_ready(machine, type(files)(broken))
    assert said(machine, "the node is not filled; going on") == 1
    wait_for("the watch", lambda: metric(machine, "spark_jars_up") == 1)
    assert machine.healthy()


def test_a_filler_that_hangs_ends_no_boot(machine: Node, render: Render) -> None:
    files = render()
    environment = files.environment.replace("FILL_SECONDS=120", "FILL_SECONDS=-28")
    assert environment != files.environment
    kept = [file for file in files.files if not file.path.endswith((".env", "copies.sh"))]
    (library,) = [file for file in files.files if file.path.endswith("copies.sh")]
    hangs = library.content.replace("fill() {", "fill() {\n  exec sleep infinity")
    again = type(library)(library.path, 0o644, hangs)
    settings = type(library)("/etc/spark-jars/mount.env", 0o644, environment)
    make_ready(machine, type(files)([*kept, again, settings]))
    assert said(machine, "the node is not filled yet; going on") == 1


def on_a_small_disk(machine: Node) -> None:
    """Moves the mount and its copies to a disk of 64 MiB; no release is copied yet."""
    machine.shell("mount -t tmpfs -o size=64m small /var/cache/spark-jars")
    with machine.replaced():
        machine.run("systemctl", "restart", "spark-jars.service")


def fill_disk(machine: Node) -> None:
    machine.shell("head --bytes=64M /dev/zero >/var/cache/spark-jars/filler", check=False)


def test_a_full_disk_is_said_once_and_costs_no_request(
    machine: Node, render: Render, s3: S3Server, bucket: str, release: Publish
) -> None:
    make_ready(machine, render(bucket=bucket))
    on_a_small_disk(machine)
    wait_for("metrics", lambda: metric(machine, "spark_jars_cache_disk_full") == 0)
    fill_disk(machine)
    release("r1", "a.jar", "b.jar", "c.jar", mib=8)
    wait_for("the try", lambda: said(machine, "release r1 of 24 MiB does not fit") == 1)
    wait_for("metrics", lambda: metric(machine, "spark_jars_unfilled_releases") == 1)
    wait_for("the disk", lambda: metric(machine, "spark_jars_cache_disk_full") == 1)
    read = s3.count("GetObject")
    time.sleep(10)
    assert s3.count("GetObject") == read
    assert said(machine, "disk is full") == 1
    assert said(machine, "release r1 of 24 MiB does not fit") == 1
    assert machine.console().count("disk is full") == 1
    assert int(machine.shell(f"cat {MOUNT}/r1/*.jar | wc --bytes")) == 24 * MIB, "it still serves"
    assert machine.healthy()


def test_a_disk_that_fills_up_during_the_fill_ends_it_for_this_mount(
    machine: Node, render: Render, s3: S3Server, bucket: str, release: Publish
) -> None:
    """Marks are not on the cache's disk: what was tried is known, and is not read again."""
    make_ready(machine, render(bucket=bucket))
    on_a_small_disk(machine)
    with s3.slow(0.3):
        release("r1", "a.jar", "b.jar", "c.jar", mib=8)
        copying = "ls /var/cache/spark-jars/copies.*/.[!.]*/*.jar"
        wait_for("the copy", lambda: machine.shell(copying, check=False))
        fill_disk(machine)
        wait_for("the end", lambda: said(machine, "r1 does not fit on the cache's disk") == 1)
    wait_for("the disk", lambda: metric(machine, "spark_jars_cache_disk_full") == 1)
    read = s3.count("GetObject")
    time.sleep(10)
    assert s3.count("GetObject") == read
    assert machine.shell("ls -A /var/cache/spark-jars/copies.*") == "", "no part of it stays"
    assert int(machine.shell(f"cat {MOUNT}/r1/*.jar | wc --bytes")) == 24 * MIB, "it still serves"


def test_a_look_costs_one_list_whatever_lies_there(
    machine: Node, render: Render, s3: S3Server, bucket: str, put: Put, release: Publish
) -> None:
    release("r1", "x.jar")
    put("a file", "readme.txt/inner")
    pending = [f"pending-{number}" for number in range(4)]
    put(*(f"{name}/x.jar" for name in pending))
    make_ready(machine, render(bucket=bucket))
    wait_for("the watch", lambda: metric(machine, "spark_jars_filled_releases") == 1)
    requests = len(s3.requests)
    time.sleep(12)
    asked = [request.operation for request in s3.requests[requests:]]
    assert set(asked) == {"ListObjectsV2"}
    # 6 looks, 2 s apart, each for r1's archive, too; and as often as a folder gets twice as old.
    assert len(asked) <= 2 * 7 + 3 * (len(pending) + 1)
    time.sleep(14)
    requests = len(s3.requests)
    time.sleep(10)
    # A tenth of its time is 3 s by now.
    assert len(s3.requests) - requests <= 6 + 4 + len(pending) + 1


def test_a_release_that_cannot_be_read_whole_is_tried_once_and_said_once(
    machine: Node, render: Render, s3: S3Server, bucket: str, put: Put, release: Publish
) -> None:
    release("whole", "x.jar")
    put("r1/folder.jar/x", "r2/release.json/x", "r2/x.jar")
    s3.put(bucket, f"{PREFIX}r1/release.json", manifest("r1", {"folder.jar": b"{}"}))
    make_ready(machine, render(bucket=bucket))
    wait_for("the watch", lambda: metric(machine, "spark_jars_unfilled_releases") == 2)
    requests = len(s3.requests)
    time.sleep(7)
    assert {request.operation for request in s3.requests[requests:]} == {"ListObjectsV2"}
    assert said(machine, "release r1 cannot be read whole") == 1
    assert said(machine, "release r2 cannot be read whole: release.json") == 1
    assert metric(machine, "spark_jars_filled_releases") == 1


def test_an_older_release_is_filled_if_the_newest_does_not_fit(
    machine: Node, render: Render, s3: S3Server, bucket: str, release: Publish
) -> None:
    release("r1", "x.jar", mib=3)
    time.sleep(1.1)
    release("r2", "x.jar", mib=20)
    make_ready(machine, render(bucket=bucket, cache_mib=10))
    assert said(machine, "release r2 of 20 MiB does not fit in the copies' 8 MiB") == 1
    assert said(machine, "filled: r1, 3 MiB") == 1
    wait_for("metrics", lambda: machine.reads(METRICS))
    counted = s3.count("GetObject")
    assert machine.shell(f"cat {MOUNT}/r1/x.jar | wc --bytes") == str(3 * MIB)
    assert s3.count("GetObject") == counted
