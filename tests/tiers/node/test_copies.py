"""Copies of releases on a node: what JVMs and pods see of them, whatever happens to the mount, the
bucket, the disk or the filler."""

import hashlib
import json
import platform
import random
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.tiers.node.conftest import PREFIX, Render, make_ready, manifest, metric, publish
from tests.tiers.node.node import MOUNT, Node, wait_for
from tests.tiers.node.pods import job_pod
from tests.tiers.node.s3_server import S3Server
from tests.tiers.node.test_fill import WATCH, said

COPIES = "/var/cache/spark-jars/copies.*"
ARCH = "arm64" if platform.machine() == "aarch64" else "amd64"


def jars(seed: str, count: int = 6, size: int = 300_000) -> dict[str, bytes]:
    """JARs with bytes of their own."""
    made = random.Random(seed)
    return {f"{seed}-{number}.jar": made.randbytes(size) for number in range(count)}


def is_copy(machine: Node, release: str) -> bool:
    """Whether pods see a copy of a release, not the mount."""
    shown = machine.run(
        "findmnt", "--noheadings", "--output=FSTYPE", f"{MOUNT}/{release}", check=False
    )
    return shown != "" and "fuse" not in shown


def right(files: Mapping[str, bytes], name: str, found: bytes | None) -> bool:
    """Whether a file has its bytes, or is not there."""
    return found is None or found == files[name]


@pytest.fixture
def filled(machine: Node, render: Render, s3: S3Server, bucket: str) -> Node:
    """A machine with copies of r1 and r2, of a bucket of its own."""
    publish(s3, bucket, "r1", jars("r1"))
    time.sleep(1.1)
    publish(s3, bucket, "r2", jars("r2"))
    make_ready(machine, render(bucket=bucket))
    wait_for("the copies", lambda: is_copy(machine, "r1") and is_copy(machine, "r2"))
    return machine


def test_a_copy_has_bytes_and_times_of_the_mount_and_nobody_can_write_it(
    filled: Node, s3: S3Server
) -> None:
    served = "/run/spark-jars/s3"
    times = "cd {}/r1 && stat --format='%n %s %Y' *"
    assert filled.shell(times.replace("{}", MOUNT)) == filled.shell(times.replace("{}", served))
    began = len(s3.requests)
    with job_pod(filled) as read:
        for name, content in jars("r1").items():
            assert read(f"jars/r1/{name}") == content
    asked = {request.operation for request in s3.requests[began:]} - {"ListObjectsV2"}
    assert asked == set(), "no byte of a copy comes from S3"
    pod = "mkdir -p /mnt/s3 && mount --rbind /run/spark-jars/parent /mnt/s3 && "
    for path in ("jars/r1/new", ".copies/r1/new", "jars/r1/r1-0.jar"):
        inside = ("unshare", "--mount", "bash", "-c", f"{pod} echo x >>/mnt/s3/{path}")
        done = filled.result(*inside)
        assert "Read-only file system" in done.stderr, path


def test_a_release_that_is_copied_later_arrives_in_running_pods(
    filled: Node, s3: S3Server, bucket: str
) -> None:
    with job_pod(filled) as read:
        files = jars("r3")
        publish(s3, bucket, "r3", files)
        assert read("jars/r3/r3-0.jar") == files["r3-0.jar"], "at once, through the mount"
        wait_for("the copy", lambda: is_copy(filled, "r3"))
        with s3.down():
            filled.kill("STOP")
            try:
                assert read("jars/r3/r3-1.jar") == files["r3-1.jar"]
            finally:
                filled.kill("CONT")


def test_reads_of_a_copy_never_fail_while_the_mount_dies_and_returns(
    filled: Node, s3: S3Server, bucket: str
) -> None:
    """By path, from a pod that runs all the time; other releases may fail meanwhile."""
    old = jars("old")
    for name, content in old.items():
        s3.put(bucket, f"{PREFIX}old/{name}", content)
    files, reads, began = jars("r1"), 0, len(s3.requests)
    with job_pod(filled) as read:
        for _ in range(4):
            before = filled.main_pid()
            filled.kill()
            while filled.main_pid() in (0, before) or not filled.healthy():
                for name, content in files.items():
                    assert read(f"jars/r1/{name}") == content
                    reads += 1
                assert right(old, "old-0.jar", read("jars/old/old-0.jar"))
        wait_for("the mount", lambda: read("jars/old/old-0.jar") == old["old-0.jar"], 10)
        asked = {one.key for one in s3.requests[began:] if one.operation == "GetObject"}
        assert not asked & {f"{PREFIX}r1/{name}" for name in files}, "also not just after a mount"
        with s3.down():
            filled.kill()
            end = time.monotonic() + 6
            while time.monotonic() < end:
                assert all(read(f"jars/r1/{name}") == content for name, content in files.items())
    print("reads of a copy during four deaths:", reads)
    assert reads > 40


def test_jvms_on_a_copy_go_on_loading_classes_when_the_mount_is_killed(
    machine: Node, render: Render, s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    """Eight JVMs that open one JAR after the other, while mount-s3 is killed three times."""
    made = classes(tmp_path, 24)
    publish(s3, bucket, "r1", {path.name: path.read_bytes() for path in made})
    make_ready(machine, render(bucket=bucket))
    wait_for("the copy", lambda: is_copy(machine, "r1"))
    path = ":".join(f"/mnt/s3/jars/r1/{jar.name}" for jar in made)
    script = (
        "mkdir -p /mnt/s3 && mount --rbind /run/spark-jars/parent /mnt/s3 && "
        f"mount --make-rslave /mnt/s3 && exec java -Xshare:auto -Xmx64m -cp {path} Main {len(made)}"
    )
    command = machine.enter("unshare", "--mount", "--propagation", "slave", "bash", "-ec", script)
    jvms = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    try:
        for jvm in jvms:
            assert jvm.stdout is not None
            assert jvm.stdout.readline() == "1\n"
        for _ in range(3):
            with machine.replaced(90):
                machine.kill()
        texts = [jvm.communicate(timeout=120)[0] for jvm in jvms]
    finally:
        for jvm in jvms:
            jvm.kill()
    assert [jvm.returncode for jvm in jvms] == [0] * 8
    assert all(text.endswith(f"{len(made)}\n") for text in texts)


MAIN = """\
public class Main {
    public static void main(String[] given) throws Exception {
        for (int number = 1; number <= Integer.parseInt(given[0]); number++) {
            Class.forName("One" + number);
            System.out.println(number);
            Thread.sleep(500);
        }
    }
}
"""


def classes(folder: Path, count: int) -> list[Path]:
    """JARs with one class each; the first has the program, too."""
    (folder / "Main.java").write_text(MAIN)
    for number in range(1, count + 1):
        (folder / f"One{number}.java").write_text(f"public class One{number} {{}}\n")
    subprocess.run(["javac", *map(str, folder.glob("*.java"))], check=True)
    made = []
    for number in range(1, count + 1):
        jar = folder / f"{number:02}.jar"
        inside = [f"One{number}.class", *(["Main.class"] if number == 1 else [])]
        subprocess.run(["jar", "cf", jar, *inside], cwd=folder, check=True)
        made.append(jar)
    return made


def test_a_filler_that_is_killed_at_any_point_shows_no_half_release(
    machine: Node, render: Render, s3: S3Server, bucket: str
) -> None:
    """50 times, at points drawn with a seed."""
    drawn = random.Random(7)
    files = jars("r1", count=12)
    make_ready(machine, render(bucket=bucket))
    machine.run("systemctl", "stop", WATCH)
    publish(s3, bucket, "r1", files)
    fill = (
        "for at in $0; do setsid /usr/local/sbin/spark-jars fill >/dev/null & leader=$!; "
        "sleep $at; "
        "kill -KILL -- -$leader 2>/dev/null || true; wait $leader 2>/dev/null || true; "
        f"cd {MOUNT}/r1 && sha256sum --check --quiet /opt/sums || echo wrong; "
        f"findmnt --noheadings --output=FSTYPE {MOUNT}/r1; rm --force /run/spark-jars/marks.*; "
        "if ((RANDOM % 2)); then umount --lazy --recursive $PWD 2>/dev/null; cd /; "
        f"rm --force --recursive /run/spark-jars/base/r1 {COPIES}/r1; fi; done"
    )
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in files.items())
    machine.write("/opt/sums", sums)
    points = [f"{drawn.uniform(0.02, 1.0):.2f}" for _ in range(50)]
    said_of = machine.result("timeout", "170", "bash", "-c", f"RANDOM=7\n{fill}", " ".join(points))
    lines = said_of.stdout.split()
    assert "wrong" not in lines, said_of.stdout + said_of.stderr
    print("looks of 50 that saw a whole copy:", len(lines), "stderr:", said_of.stderr[-300:])
    machine.run("systemctl", "start", WATCH)
    wait_for("the copy", lambda: is_copy(machine, "r1"))
    for name, content in files.items():
        assert machine.reads(f"{MOUNT}/r1/{name}") == content
    assert machine.shell(f"ls -A {COPIES}").split() == ["r1"], "nothing is left of the tries"


@contextmanager
def held(machine: Node, path: str) -> Iterator[None]:
    """A process of a pod that has a file mapped, and no file open."""
    script = (
        "mkdir -p /mnt/s3 && mount --rbind /run/spark-jars/parent /mnt/s3 && "
        "mount --make-rslave /mnt/s3 && exec python3 -c 'import mmap, sys, time\n"
        f'with open("/mnt/s3/jars/{path}") as file: held = mmap.mmap(file.fileno(), 0, prot=1)\n'
        "print(len(held), flush=True); time.sleep(1000)'"
    )
    command = machine.enter("unshare", "--mount", "--propagation", "slave", "bash", "-ec", script)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    try:
        yield
    finally:
        machine.result("pkill", "-KILL", "-f", "held = mmap")
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=5)


def test_the_oldest_copy_goes_when_no_process_uses_it(
    filled: Node, s3: S3Server, bucket: str
) -> None:
    with held(filled, "r1/r1-3.jar"):
        publish(s3, bucket, "r3", jars("r3"))
        wait_for("the newest", lambda: is_copy(filled, "r3"))
        time.sleep(5)
        assert is_copy(filled, "r1"), "it is in use"
        assert is_copy(filled, "r2")
        inner = filled.shell(f"echo {COPIES}/r1") + "/inner"
        filled.shell(f"mkdir {inner}; mount -t tmpfs inner {inner}; touch {inner}/file")
    time.sleep(5)
    filled.run("ls", f"{inner}/file")
    assert is_copy(filled, "r1"), "a foreign mount is on it"
    filled.run("umount", inner)
    wait_for("the deletion", lambda: said(filled, "release r1: its copy is deleted") == 1)
    assert sorted(filled.shell(f"ls {COPIES}").split()) == ["r2", "r3"]
    assert filled.reads(f"{MOUNT}/r1/r1-0.jar") == jars("r1")["r1-0.jar"], "from the mount"
    assert metric(filled, "spark_jars_filled_releases") == 2


def test_a_release_that_is_removed_from_the_bucket_stays_whole_for_who_uses_it(
    filled: Node, s3: S3Server, bucket: str
) -> None:
    files = jars("r1")
    with held(filled, "r1/r1-3.jar"):
        for name in (*files, "release.json"):
            s3.client.delete_object(Bucket=bucket, Key=f"{PREFIX}r1/{name}")
        time.sleep(6)
        for name, content in files.items():
            assert filled.reads(f"{MOUNT}/r1/{name}") == content
    wait_for("the deletion", lambda: said(filled, "release r1: its copy is deleted") == 1)
    assert filled.shell(f"ls {COPIES}").split() == ["r2"]
    with filled.replaced():
        filled.kill()
    assert filled.reads(f"{MOUNT}/r1/r1-0.jar") is None, "what the mount says"
    assert filled.reads(f"{MOUNT}/r2/r2-0.jar") == jars("r2")["r2-0.jar"]


def test_after_a_reboot_the_copies_are_made_again(filled: Node, s3: S3Server, bucket: str) -> None:
    # As a loss of power may leave it.
    filled.shell(f"truncate --size=5 {COPIES}/r2/r2-0.jar")
    publish(s3, bucket, "r3", jars("r3"))
    filled.reboot()
    wait_for("kubelet", filled.kubelet_runs)
    wait_for("the copies", lambda: is_copy(filled, "r2") and is_copy(filled, "r3"))
    for name, content in jars("r2").items() | jars("r3").items():
        assert filled.reads(f"{MOUNT}/{name[:2]}/{name}") == content
    wait_for("the sweep", lambda: len(filled.shell(f"ls -d {COPIES}").split()) == 1)


def test_another_bucket_shows_no_copy_of_the_one_before(
    filled: Node, s3: S3Server, render: Render
) -> None:
    other = "other-jars"
    s3.create(other)
    s3.put(other, f"{PREFIX}.sentinel", b"spark-on-eks")
    files = {name: content[::-1] for name, content in jars("r1").items()}
    publish(s3, other, "r1", files)
    (settings,) = [one for one in render(bucket=other).files if one.path.endswith("mount.env")]
    filled.path(settings.path).write_text(settings.content)
    with filled.replaced():
        # On a busy machine systemd in a container may find no control group for the first try, and
        # says so: the unit starts again by itself.
        filled.run("/usr/local/sbin/spark-jars", "refresh", check=False)
    for name, content in files.items():
        assert filled.reads(f"{MOUNT}/r1/{name}") == content
    assert filled.reads(f"{MOUNT}/r2/r2-0.jar") is None
    wait_for("the copy", lambda: is_copy(filled, "r1"))
    assert filled.reads(f"{MOUNT}/r1/r1-0.jar") == files["r1-0.jar"]


def test_an_archive_is_added_to_a_copy_after_it_was_published(
    filled: Node, s3: S3Server, bucket: str
) -> None:
    archive, other = random.Random(1).randbytes(400_000), b"another processor's"
    for arch, body in ((ARCH, archive), ("another", other)):
        told = {
            "sha256": hashlib.sha256(body).hexdigest(),
            "size": len(body),
            "image": "x@sha256:y",
        }
        s3.put(bucket, f"{PREFIX}r2/archives/{arch}/spark.jsa", body)
        s3.put(bucket, f"{PREFIX}r2/archives/{arch}/archive.json", json.dumps(told).encode())
    with job_pod(filled) as read:
        wait_for("the archive", lambda: read("jars/r2/spark.jsa"), 20)
        assert read("jars/r2/spark.jsa") == archive
        assert read(f"jars/r2/archives/{ARCH}/spark.jsa") == archive
    same = f"stat --format=%i {MOUNT}/r2/spark.jsa {MOUNT}/r2/archives/{ARCH}/spark.jsa"
    assert len(set(filled.shell(same).split())) == 1, "one file, mapped once"
    assert filled.shell(f"ls {MOUNT}/r2/archives") == ARCH
    assert filled.reads(f"{MOUNT}/r1/spark.jsa") is None
    publish(s3, bucket, "r3", jars("r3"))
    publish(s3, bucket, "r4", jars("r4"))
    wait_for("the deletion, with the archive", lambda: said(filled, "release r2: its copy is") == 1)


def test_an_archive_with_other_bytes_is_not_added(filled: Node, s3: S3Server, bucket: str) -> None:
    s3.put(bucket, f"{PREFIX}r2/archives/{ARCH}/spark.jsa", b"bytes")
    told = {"sha256": hashlib.sha256(b"other").hexdigest(), "size": 5}
    s3.put(bucket, f"{PREFIX}r2/archives/{ARCH}/archive.json", json.dumps(told).encode())
    wait_for("the word", lambda: said(filled, "release r2: its archive is not copied") == 1, 20)
    assert filled.reads(f"{MOUNT}/r2/spark.jsa") is None
    assert is_copy(filled, "r2")


def test_a_newer_release_waits_for_room_that_copies_in_use_take(
    machine: Node, render: Render, s3: S3Server, bucket: str
) -> None:
    """4 of the 5 MiB are the copies'."""
    publish(s3, bucket, "r1", jars("r1", 2, 1_100_000))
    make_ready(machine, render(bucket=bucket, cache_mib=5))
    wait_for("the copy", lambda: is_copy(machine, "r1"))
    environment = machine.path("/etc/spark-jars/mount.env")
    environment.write_text(environment.read_text() + "FILL_RELEASES=1\n")
    with held(machine, "r1/r1-1.jar"):
        publish(s3, bucket, "r2", jars("r2", 2, 1_100_000))
        machine.run("systemctl", "restart", WATCH)
        wait_for("the word", lambda: said(machine, "release r2 of 2 MiB waits for room") == 1)
        time.sleep(5)
        assert said(machine, "waits for room") == 1
        assert not is_copy(machine, "r2")
        assert machine.reads(f"{MOUNT}/r2/r2-0.jar") == jars("r2", 2, 1_100_000)["r2-0.jar"]
    wait_for("the copy", lambda: is_copy(machine, "r2"))


LISTED = manifest("r1", {"x.jar": b"{}"}).decode()
WRONG = {
    "a path": (LISTED.replace("x.jar", "../x.jar"), "no file can have the name '../x.jar'"),
    "a parent": (LISTED.replace("x.jar", ".."), "no file can have the name '..'"),
    "a line": (LISTED.replace("x.jar", "x\\ny.jar"), "no file can have the name 'x\\ny.jar'"),
    "no sha256": (LISTED.replace("sha256", "md5"), "x.jar has no SHA-256 or no size"),
    "size as text": (LISTED.replace(": 2", ': "2"'), "x.jar has no SHA-256 or no size"),
    "another size": (LISTED.replace(": 2", ": 3"), "x.jar has another size or SHA-256"),
    "another sha256": (LISTED.replace('"sha256": "4', '"sha256": "5'), "another size or SHA-256"),
    "long sha256": (LISTED.replace('"sha256": "', '"sha256": "0'), "x.jar has no SHA-256"),
    "another release": (LISTED.replace("r1", "r2"), "release.json is not one of this release"),
    "deep": ("[" * 100_000, "release.json is no JSON object below 1 MiB"),
    "no object": ("[]", "release.json is no JSON object below 1 MiB"),
    "nothing": ("{}", "release.json is not one of this release"),
    "many": (
        json.dumps({"release": "r1", "jars": [{"name": str(one)} for one in range(40_000)]}),
        "release.json lists no file, or over 1000",
    ),
    "large": (json.dumps({"release": "r1", "jars": ["x" * (1 << 20)]}), "below 1 MiB"),
    "stray": (LISTED, "release.json lacks 'stray.jar'"),
}


def test_a_release_json_that_is_not_right_is_not_followed(
    machine: Node, render: Render, s3: S3Server, bucket: str
) -> None:
    """Its release is read through the mount, and nothing is written but a line that says why."""
    names = {case: f"w{number}" for number, case in enumerate(WRONG)}
    for case, (text, _) in WRONG.items():
        folder = f"{PREFIX}{names[case]}"
        s3.put(bucket, f"{folder}/x.jar", b"{}")
        if case == "stray":
            s3.put(bucket, f"{folder}/stray.jar", b"{}")
        s3.put(bucket, f"{folder}/release.json", text.replace('"r1"', f'"{names[case]}"').encode())
    publish(s3, bucket, "good", jars("good"))
    make_ready(machine, render(bucket=bucket))
    wait_for("the copy", lambda: is_copy(machine, "good"))
    wait_for("all", lambda: metric(machine, "spark_jars_unfilled_releases") == len(WRONG))
    for case, (_, why) in WRONG.items():
        lines = machine.journal("cloud-final.service").splitlines()
        (line,) = [line for line in lines if f"release {names[case]} " in line]
        assert why in line, case
        assert machine.reads(f"{MOUNT}/{names[case]}/x.jar") == b"{}"
    assert machine.shell(f"ls -A {COPIES}") == "good"
    written = "find / -xdev -newer /opt/node/ran -name '*.jar' -not -path '/var/cache/*/good/*'"
    assert machine.shell(written, check=False) == ""
