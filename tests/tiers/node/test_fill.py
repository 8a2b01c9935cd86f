"""What a node reads into its cache: with any name in the bucket, and with its disk full."""

import secrets
import time
from collections.abc import Callable

import pytest

from tests.tiers.node.conftest import METRICS, PREFIX, Render, make_ready, metric
from tests.tiers.node.node import MOUNT, Node, wait_for
from tests.tiers.node.s3_server import S3Server
from userdata.render import SENTINEL, SENTINEL_TEXT

MIB = 1 << 20
WATCH = "spark-jars-watch.service"

Put = Callable[..., None]


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A bucket of this test alone, without a release."""
    name = f"jars-{secrets.token_hex(4)}"
    s3.create(name)
    s3.put(name, f"{PREFIX}{SENTINEL}", SENTINEL_TEXT.encode())
    return name


@pytest.fixture
def put(s3: S3Server, bucket: str) -> Put:
    """Puts objects below the JARs' prefix, each of some MiB."""

    def put(*keys: str, mib: int = 0) -> None:
        for key in keys:
            s3.put(bucket, PREFIX + key, bytes(mib * MIB) or b"{}")

    return put


def said(machine: Node, text: str) -> int:
    """How many lines of the boot and of the watch contain a text."""
    lines = (machine.journal("cloud-final.service") + machine.journal(WATCH)).splitlines()
    return sum(text in line for line in lines)


HOSTILE = [
    *("-", "--help", "-e", "3--x", "a[$(poweroff)]", "$(poweroff)", "`poweroff`"),
    *("'", '"', "a b", " ", "*", "?", "\\", "back\\slash", "%s", "ü", "名前", "n" * 250),
    *("..", ".", "~", "@", "release.json", "x.jar"),
]


def test_names_in_the_bucket_end_no_boot(
    machine: Node, render: Render, bucket: str, put: Put
) -> None:
    for name in HOSTILE:
        put(f"{name}/{name}.jar", f"{name}/release.json")
    put("pending/x.jar", "x.jar/y.jar", "/empty name/release.json", "../../release.json")
    time.sleep(1.1)
    # The newest: taken for grep's option, it ended a boot once.
    put("-v/x.jar", "-v/release.json")
    make_ready(machine, render(bucket=bucket))
    hidden = {"..", "."}
    shown = len({*HOSTILE, "-v"} - hidden)
    wait_for("metrics", lambda: metric(machine, "spark_jars_filled_releases") == 2)
    assert said(machine, "filled: ") == 2
    # All of them, in a mount of its own.
    environment = machine.path("/etc/spark-jars/mount.env")
    environment.write_text(environment.read_text() + "FILL_RELEASES=100\n")
    with machine.replaced():
        machine.kill()
    machine.run("systemctl", "restart", WATCH)
    wait_for("all", lambda: metric(machine, "spark_jars_filled_releases") == shown)
    assert metric(machine, "spark_jars_unfilled_releases") == 0
    assert not machine.is_off, "a name was run as a command"


def test_a_fault_of_the_filler_ends_no_boot(machine: Node, render: Render) -> None:
    files = render()
    (library,) = [file for file in files.files if file.path.endswith("cache.sh")]
    fault = library.content.replace("fill() {", 'fill() {\n  local name="--x"\n  : $((name[0--]))')
    assert fault != library.content
    broken = [
        file if file != library else type(file)(file.path, 0o644, fault) for file in files.files
    ]
    make_ready(machine, type(files)(broken))
    assert said(machine, "the cache is not filled; going on") == 1
    wait_for("the watch", lambda: metric(machine, "spark_jars_up") == 1)
    assert machine.healthy()


def test_a_filler_that_hangs_ends_no_boot(machine: Node, render: Render) -> None:
    files = render()
    environment = files.environment.replace("FILL_SECONDS=120", "FILL_SECONDS=-28")
    assert environment != files.environment
    kept = [file for file in files.files if not file.path.endswith((".env", "cache.sh"))]
    (library,) = [file for file in files.files if file.path.endswith("cache.sh")]
    hangs = library.content.replace("fill() {", "fill() {\n  exec sleep infinity")
    again = type(library)(library.path, 0o644, hangs)
    settings = type(library)("/etc/spark-jars/mount.env", 0o644, environment)
    make_ready(machine, type(files)([*kept, again, settings]))
    assert said(machine, "the cache is not filled yet; going on") == 1


def test_a_full_disk_is_said_once_and_costs_no_request(
    machine: Node, render: Render, s3: S3Server, bucket: str, put: Put
) -> None:
    make_ready(machine, render(bucket=bucket))
    machine.shell("mount -t tmpfs -o size=64m small /var/cache/spark-jars")
    with machine.replaced():
        machine.run("systemctl", "restart", "spark-jars.service")
    wait_for("metrics", lambda: metric(machine, "spark_jars_cache_disk_full") == 0)
    machine.shell("head --bytes=64M /dev/zero >/var/cache/spark-jars/filler", check=False)
    put("r1/a.jar", "r1/b.jar", "r1/c.jar", mib=8)
    put("r1/release.json")
    began = s3.count("GetObject")
    wait_for("the try", lambda: metric(machine, "spark_jars_unfilled_releases") == 1)
    wait_for("the disk", lambda: metric(machine, "spark_jars_cache_disk_full") == 1)
    time.sleep(10)
    assert s3.count("GetObject") == began
    assert said(machine, "disk is full") == 1
    assert said(machine, "release r1 of 24 MiB does not fit on the cache's disk: 0 MiB left") == 1
    assert machine.console().count("disk is full") == 1
    assert int(machine.shell(f"cat {MOUNT}/r1/*.jar | wc --bytes")) == 24 * MIB, "it still serves"
    assert machine.healthy()


def test_a_disk_that_fills_up_during_the_fill_ends_it_for_this_mount(
    machine: Node, render: Render, s3: S3Server, bucket: str, put: Put
) -> None:
    """Marks are not on the cache's disk: what was tried is known, and is not read again."""
    make_ready(machine, render(bucket=bucket))
    machine.shell("mount -t tmpfs -o size=64m small /var/cache/spark-jars")
    with machine.replaced():
        machine.run("systemctl", "restart", "spark-jars.service")
    machine.slow_down("timeout")
    put("r1/a.jar", "r1/b.jar", "r1/c.jar", mib=8)
    put("r1/release.json")
    wait_for("the try", lambda: b"failed" in (machine.reads(marks(machine)) or b""))
    machine.shell("head --bytes=64M /dev/zero >/var/cache/spark-jars/filler", check=False)
    wait_for("the disk", lambda: metric(machine, "spark_jars_cache_disk_full") == 1)
    wait_for("the end", lambda: said(machine, "does not fit on the cache's disk") == 1)
    read = s3.count("GetObject")
    time.sleep(10)
    assert s3.count("GetObject") == read
    assert said(machine, "disk is full") == 1


def marks(machine: Node) -> str:
    return machine.shell("ls /run/spark-jars/marks.* | tail -n 1", check=False)


def test_a_look_costs_one_list_whatever_lies_there(
    machine: Node, render: Render, s3: S3Server, bucket: str, put: Put
) -> None:
    put("r1/x.jar", "r1/release.json", "a file", "readme.txt/inner")
    pending = [f"pending-{number}" for number in range(4)]
    put(*(f"{name}/x.jar" for name in pending))
    make_ready(machine, render(bucket=bucket))
    wait_for("the watch", lambda: metric(machine, "spark_jars_filled_releases") == 1)
    requests = len(s3.requests)
    time.sleep(12)
    asked = [request.operation for request in s3.requests[requests:]]
    assert set(asked) == {"ListObjectsV2"}
    # 6 looks, 2 s apart, and as often as a folder becomes twice as old.
    assert len(asked) <= 7 + 3 * (len(pending) + 1)
    time.sleep(14)
    requests = len(s3.requests)
    time.sleep(10)
    assert len(s3.requests) - requests <= 6 + len(pending) + 1


def test_a_release_that_cannot_be_read_whole_is_tried_once_and_said_once(
    machine: Node, render: Render, s3: S3Server, bucket: str, put: Put
) -> None:
    put("whole/x.jar", "whole/release.json")
    put("r1/release.json", "r1/folder.jar/x", "r1/x.jar")
    put("r2/release.json/x", "r2/x.jar")
    make_ready(machine, render(bucket=bucket))
    wait_for("the watch", lambda: metric(machine, "spark_jars_unfilled_releases") == 2)
    requests = len(s3.requests)
    time.sleep(7)
    assert {request.operation for request in s3.requests[requests:]} == {"ListObjectsV2"}
    assert said(machine, "release r1 cannot be read whole") == 1
    assert said(machine, "release r2 cannot be read: its release.json is no file") == 1
    assert metric(machine, "spark_jars_filled_releases") == 1


def test_an_older_release_is_filled_if_the_newest_does_not_fit(
    machine: Node, render: Render, s3: S3Server, bucket: str, put: Put
) -> None:
    put("r1/x.jar", mib=3)
    put("r1/release.json")
    time.sleep(1.1)
    put("r2/x.jar", mib=20)
    put("r2/release.json")
    make_ready(machine, render(bucket=bucket, cache_mib=10))
    assert said(machine, "release r2 of 20 MiB does not fit in the cache's 8 MiB") == 1
    assert said(machine, "filled: r1, 1 JARs, 3 MiB") == 1
    wait_for("metrics", lambda: machine.reads(METRICS))
    counted = s3.count("GetObject")
    assert machine.shell(f"cat {MOUNT}/r1/x.jar | wc --bytes") == str(3 * MIB)
    assert s3.count("GetObject") == counted
