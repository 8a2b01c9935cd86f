"""The filler of a node's cache, over a plain folder in the mount's place: which releases it reads,
and that names in a bucket are data.

tests/tiers/node/test_fill.py runs it over FUSE, in a boot.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from userdata.render import FILES

_FILL = """
set -euo pipefail
shopt -s nullglob
mount_point="${FOLDER}/mount" state="${FOLDER}/state"
FILL_SECONDS=20 RELEASES_SECONDS=60
say() { printf 'spark-jars: %s\\n' "$*"; }
free_mib() { printf '%s' "${FREE_MIB}"; }
source "${SCRIPT}"
cd "${FOLDER}/elsewhere"
fill
"""
_RECORDED = """#!/bin/sh
printf '%s\\0' "$@" >"${FOLDER}/calls/${0##*/}.$$"
exec "/bin/${0##*/}" "$@"
"""


class Filler:
    """A folder in the mount's place, and all that the filler may read and write beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("mount", "state", "cache", "elsewhere", "calls", "bin"):
            (folder / name).mkdir()
        self.mount("run.1")
        for program in ("cat", "stat"):
            (folder / "bin" / program).write_text(_RECORDED)
            (folder / "bin" / program).chmod(0o755)

    def mount(self, run: str) -> None:
        """A new mount, with a cache of its own."""
        cache = self.folder / "cache" / run
        cache.mkdir()
        (cache / "mib").write_text("100")
        (self.folder / "state/run").write_text(str(cache))

    def put(self, path: str, size: int = 1, modified: int = 0) -> None:
        """A file below the mount."""
        file = self.folder / "mount" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(size))
        os.utime(file, (modified, modified))

    def look(self, releases: int = 1000, free_mib: int = 100_000) -> tuple[set[str], str]:
        """The files that one look reads, and what it says. Fails if the filler does."""
        for call in (self.folder / "calls").iterdir():
            call.unlink()
        values = {"FOLDER": self.folder, "SCRIPT": FILES / "cache.sh", "FREE_MIB": free_mib}
        done = subprocess.run(
            ["bash", "-c", _FILL],
            env={
                **os.environ,
                **{name: str(value) for name, value in values.items()},
                "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                "FILL_RELEASES": str(releases),
            },
            capture_output=True,
            check=False,
        )
        said, errors = (os.fsdecode(text) for text in (done.stdout, done.stderr))
        assert done.returncode == 0, errors
        assert list((self.folder / "elsewhere").iterdir()) == [], "a name was run as a command"
        list(self._read("stat"))
        return set(self._read("cat")), said

    def _read(self, program: str) -> Iterator[str]:
        """What a program read below the mount. Fails for anything else than the filler's state."""
        mount, own = f"{self.folder}/mount/", (f"{self.folder}/state/", f"{self.folder}/cache/")
        for call in (self.folder / "calls").glob(f"{program}.*"):
            arguments = os.fsdecode(call.read_bytes()).split("\0")[:-1]
            if "--" in arguments:
                arguments = arguments[arguments.index("--") + 1 :]
            for path in arguments:
                assert path.startswith((mount, *own)), f"{program} {path!r}"
                if path.startswith(mount):
                    yield path.removeprefix(mount)


@contextmanager
def a_filler() -> Iterator[Filler]:
    with TemporaryDirectory() as folder:
        yield Filler(Path(folder))


@pytest.fixture
def filler() -> Iterator[Filler]:
    with a_filler() as made:
        yield made


MIB = 1 << 20
HOSTILE = [
    *("-", "--", "-e", "--help", "--files0-from=x", "-exec", "3--x", "-1", "08", "a[0]", "seen"),
    *("a[$(touch pwned)]", "$(touch pwned)", "`touch pwned`", "; touch pwned", "| touch pwned"),
    *("'", '"', "\\", "\\n", "new\nline", "\n", " ", "  a  ", "a b", "\ttab", "\r", "*", "?", "["),
    *(
        "]",
        "{a,b}",
        "@",
        "!",
        "#",
        "~",
        "~root",
        "%s",
        "%n",
        "${HOME}",
        "=",
        "x.jar",
        "/",
        "..",
        ".",
    ),
    *("n" * 240, "ü" * 120, "名前", "\u202e", "\x1b[31m", "\x7f", "release.json", "filled 1 2"),
]
NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
).map(lambda name: name.replace("/", "|").lstrip(".")[:60] or "-")
"""Names of folders and files: what S3 allows in a key, and mount-s3 shows."""
KINDS = st.sampled_from(["release", "pending", "pending", "manifest is a folder", "a folder's JAR"])


# 10 examples of 50 names each.
@pytest.mark.table
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NAMES, NAMES, KINDS), min_size=50, max_size=50, unique_by=lambda x: x[0]))
def test_names_in_a_bucket_are_data(folders: list[tuple[str, str, str]]) -> None:
    with a_filler() as filler:
        whole, tried = set(), set()
        for folder, jar, kind in folders:
            files = {f"{folder}/{jar}.jar"}
            filler.put(f"{folder}/{jar}.jar")
            if kind == "manifest is a folder":
                filler.put(f"{folder}/release.json/x")
            elif kind != "pending":
                filler.put(f"{folder}/release.json")
                files.add(f"{folder}/release.json")
                if kind == "a folder's JAR":
                    filler.put(f"{folder}/a-folder.jar/x")
                    files.add(f"{folder}/a-folder.jar")
                else:
                    whole |= {folder}
                tried |= files
        read, said = filler.look()
        assert read == tried
        assert said.count("filled: ") == len(whole)
        assert filler.look() == (set(), ""), "what was tried is tried once and said once"


def release(filler: Filler, name: str, mib: int, modified: int) -> set[str]:
    """A release of one JAR. Its files."""
    filler.put(f"{name}/x.jar", mib * MIB, modified)
    filler.put(f"{name}/release.json", 2, modified)
    return {f"{name}/x.jar", f"{name}/release.json"}


def test_the_newest_releases_are_filled_and_a_newer_one_later(filler: Filler) -> None:
    release(filler, "r1", 1, 100)
    newest = release(filler, "a2", 1, 300) | release(filler, "r3", 1, 200)
    assert filler.look(releases=2)[0] == newest
    assert filler.look(releases=2) == (set(), "")
    newer = release(filler, "b4", 1, 400)
    assert filler.look(releases=2)[0] == newer


def test_older_releases_that_fit_are_filled_if_the_newest_does_not(filler: Filler) -> None:
    release(filler, "huge", 90, 400)
    first, second = release(filler, "r3", 50, 300), release(filler, "r1", 20, 100)
    release(filler, "r2", 40, 200)
    read, said = filler.look(releases=2)
    assert read == first | second
    assert "release huge of 90 MiB does not fit in the cache's 80 MiB" in said
    assert "release r2 of 40 MiB does not fit in the cache's 29 MiB" in said
    assert filler.look(releases=2) == (set(), ""), "said once"


def test_a_release_that_the_disk_has_no_room_for_is_not_read_at_all(filler: Filler) -> None:
    release(filler, "large", 24, 200)
    small = release(filler, "small", 2, 100)
    read, said = filler.look(free_mib=5)
    assert read == small
    assert "release large of 24 MiB does not fit on the cache's disk: 5 MiB left" in said
    assert filler.look(free_mib=100_000) == (set(), ""), "not before the next mount"


def test_the_next_mount_fills_again(filler: Filler) -> None:
    files = release(filler, "r1", 1, 100)
    assert filler.look()[0] == files
    assert filler.look()[0] == set()
    filler.mount("run.2")
    assert filler.look()[0] == files


def test_a_folder_gets_its_release_json_later_and_is_looked_at_less_and_less(
    filler: Filler,
) -> None:
    filler.put("r1/x.jar")
    assert filler.look() == (set(), "")
    (marks,) = (filler.folder / "state").glob("marks.*")
    pending, first, due = marks.read_text().partition("/")[0].split()
    assert (pending, int(due) - int(first)) == ("pending", 60)
    filler.put("r1/release.json")
    assert filler.look() == (set(), ""), "not due yet"
    # Known for 5 minutes.
    marks.write_text(f"pending {int(first) - 300} {int(first)}/r1\0")
    (filler.folder / "mount/r1/release.json").unlink()
    assert filler.look() == (set(), "")
    *_, last = marks.read_text().split("\0")[:-1]
    _, _, due = last.partition("/")[0].split()
    assert int(due) - int(first) >= 360
    marks.write_text(f"pending {int(first) - 300} {int(first)}/r1\0")
    filler.put("r1/release.json")
    assert filler.look()[0] == {"r1/x.jar", "r1/release.json"}
