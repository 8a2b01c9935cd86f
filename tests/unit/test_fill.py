"""The filler of a node over a plain folder in the mount's place: which releases it copies, and that
names and lists in a bucket are data.

tests/tiers/node/test_fill.py and test_copies.py run it over FUSE, on a node.
"""

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from userdata.render import FILES

MIB = 1 << 20


def listed(name: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The content of a release.json."""
    entries = [
        {"name": one, "sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for one, body in files.items()
    ]
    return {"release": name, "jars": entries}


class Filler:
    """A folder in the mount's place, and all that the filler may write beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mount, self.copies = folder, folder / "state/s3", folder / "copies"
        for name in ("state/s3", "state/base", "state/parent/jars", "copies", "elsewhere"):
            (folder / name).mkdir(parents=True)
        self.remount("run.1")

    def remount(self, run: str) -> None:
        """What a new mount leaves: another name of its run."""
        (self.folder / "state/run").write_text(f"/cache/{run}")

    def put(self, path: str, body: bytes = b"x", modified: int = 0) -> None:
        """A file below the mount."""
        file = self.mount / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        os.utime(file, (modified, modified))

    def release(self, name: str, mib: int = 0, modified: int = 0) -> None:
        """A release of one JAR."""
        body = bytes(mib * MIB) or name.encode()
        self.put(f"{name}/x.jar", body, modified)
        self.put(
            f"{name}/release.json", json.dumps(listed(name, {"x.jar": body})).encode(), modified
        )

    def look(self, releases: int = 1000, cache_mib: int = 100) -> str:
        """What one look says. Fails if the filler does, or writes elsewhere."""
        before = self._others()
        numbers = (cache_mib, releases, 20, 60)
        arguments = (self.folder / "state", self.copies, *numbers, "x86_64")
        done = subprocess.run(
            [sys.executable, "-sEB", FILES / "fill.py", *map(str, arguments)],
            cwd=self.folder / "elsewhere",
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert self._others() == before
        return done.stdout.decode("ascii")

    def _others(self) -> set[Path]:
        own = (self.copies, self.folder / "state")
        found = {path for path in self.folder.rglob("*") if not path.is_relative_to(own[0])}
        return {path for path in found if path.parent != own[1] and path.parent.name != "base"}

    def names(self) -> set[str]:
        """The releases with a copy that is shown. Fails for another file beside them."""
        names = {path.name for path in self.copies.iterdir()}
        assert names == {path.name for path in (self.folder / "state/base").iterdir()}
        return names


@contextmanager
def a_filler() -> Iterator[Filler]:
    with TemporaryDirectory() as folder:
        yield Filler(Path(folder))


@pytest.fixture
def filler() -> Iterator[Filler]:
    with a_filler() as made:
        yield made


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
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-")


def is_name(name: str) -> bool:
    """Whether a release may have this name."""
    return set(name) <= PLAIN and name[0] not in "._+-"


# 10 examples of 50 names each.
@pytest.mark.table
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NAMES, KINDS), min_size=50, max_size=50, unique_by=lambda x: x[0]))
def test_names_in_a_bucket_are_data(folders: list[tuple[str, str]]) -> None:
    with a_filler() as filler:
        whole, tried = set(), 0
        for folder, kind in folders:
            if kind == "manifest is a folder":
                filler.put(f"{folder}/release.json/x")
            elif kind == "pending":
                filler.put(f"{folder}/x.jar")
            else:
                filler.release(folder)
                whole |= {folder} if is_name(folder) else set()
                if kind == "a folder's JAR":
                    filler.put(f"{folder}/folder.jar/x")
                    whole -= {folder}
            tried += kind != "pending"
        said = filler.look()
        assert filler.names() == whole
        assert said.count("filled: ") == len(whole)
        assert len(said.splitlines()) == tried
        assert filler.look() == "", "what was tried is tried once and said once"


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(HOSTILE)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(HOSTILE), inner),
    max_leaves=5,
)
PATHS = st.sampled_from(
    [
        "../pwned",
        "/tmp/pwned",
        "..",
        ".",
        "",
        "release.json",
        "archives",
        "x.jar",
        "a/b",
        "spark.jsa",
    ]
)


@pytest.mark.table
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_a_list_says_a_copy_is_whole_or_absent(data: st.DataObject) -> None:
    files = {"x.jar": b"one", "y.jar": b"two"}
    content = listed("r1", files)
    for _ in range(data.draw(st.integers(1, 2))):
        part: dict[str, Any] = data.draw(st.sampled_from([content, *content["jars"]]))
        part[data.draw(st.sampled_from(sorted(part)))] = data.draw(st.one_of(VALUES, PATHS))
        if not isinstance(content["jars"], list) or content["jars"] == []:
            break
        content["jars"] = [one for one in content["jars"] if isinstance(one, dict)] or [{}]
    with a_filler() as filler:
        for name, body in files.items():
            filler.put(f"r1/{name}", body)
        filler.put("r1/release.json", json.dumps(content).encode())
        said = filler.look()
        if filler.names():
            assert {
                path.name: path.read_bytes() for path in filler.copies.glob("r1/*.jar")
            } == files
        else:
            assert said.startswith("release r1 ")


def test_the_newest_releases_are_copied_and_a_newer_one_later(filler: Filler) -> None:
    filler.release("r1", 1, 100)
    filler.release("a2", 1, 300)
    filler.release("r3", 1, 200)
    filler.look(releases=2)
    assert filler.names() == {"a2", "r3"}
    assert filler.look(releases=2) == ""
    filler.release("b4", 1, 400)
    said = filler.look(releases=2)
    assert filler.names() == {"b4", "a2"}
    assert said.splitlines()[0] == "release r3: its copy is deleted, no process uses it"


def test_a_copy_has_the_times_of_the_mount_and_can_only_be_read(filler: Filler) -> None:
    filler.release("r1", 1, 123)
    filler.look()
    for name in ("x.jar", "release.json"):
        found = (filler.copies / "r1" / name).stat()
        assert (found.st_mtime_ns, found.st_mode & 0o777) == (123 * 10**9, 0o444)


def test_older_releases_that_fit_are_copied_if_the_newest_does_not(filler: Filler) -> None:
    filler.release("huge", 90, 400)
    filler.release("r3", 50, 300)
    filler.release("r2", 40, 200)
    filler.release("r1", 20, 100)
    said = filler.look(releases=3)
    assert filler.names() == {"r3", "r1"}
    assert "release huge of 90 MiB does not fit in the copies' 80 MiB" in said
    assert "release r2 of 40 MiB waits for room" in said
    assert filler.look(releases=3) == "", "said once"


def test_a_copy_that_is_held_open_stays(filler: Filler) -> None:
    for number in (1, 2, 3):
        filler.release(f"r{number}", 1, number)
        with (
            (filler.copies / "r1/x.jar").open()
            if number > 1
            else (filler.mount / "r1/x.jar").open()
        ):
            filler.look(releases=1)
    assert filler.names() == {"r1", "r3"}
    filler.look(releases=1)
    assert filler.names() == {"r3"}


def test_the_next_mount_finds_the_copies(filler: Filler) -> None:
    filler.release("r1", 1, 100)
    assert filler.look().startswith("filled: r1, 1 MiB")
    filler.remount("run.2")
    assert filler.look() == ""
    filler.put("r1/x.jar", b"other", 200)
    filler.put("r1/release.json", json.dumps(listed("r1", {"x.jar": b"other"})).encode(), 200)
    filler.remount("run.3")
    assert filler.look().startswith("filled: r1, 0 MiB")
    assert (filler.copies / "r1/x.jar").read_bytes() == b"other"


def test_without_an_answer_of_the_mount_no_copy_goes(filler: Filler) -> None:
    filler.release("r1")
    filler.look()
    (filler.mount / "r1").rename(filler.folder / "elsewhere/r1")
    assert filler.look() == ""
    assert filler.names() == {"r1"}


def test_a_folder_gets_its_release_json_later_and_is_looked_at_less_and_less(
    filler: Filler,
) -> None:
    filler.put("r1/x.jar")
    assert filler.look() == ""
    marks = filler.folder / "state/marks.run.1"
    _, first, due = json.loads(marks.read_text())["r1"]
    assert due - first == 60
    filler.release("r1")
    assert filler.look() == "", "not due yet"
    # Known for 5 minutes.
    marks.write_text(json.dumps({"r1": ["pending", first - 300, first]}))
    (filler.mount / "r1/release.json").unlink()
    assert filler.look() == ""
    assert json.loads(marks.read_text())["r1"][2] - first >= 360
    marks.write_text(json.dumps({"r1": ["pending", first - 300, first]}))
    filler.release("r1")
    assert filler.look().startswith("filled: r1")


def test_an_archive_is_looked_for_less_and_less_and_then_not_again(filler: Filler) -> None:
    filler.release("r1")
    filler.look()
    marks = filler.folder / "state/marks.run.1"
    known, modified, first, due = json.loads(marks.read_text())["r1"]
    assert (known, due - first) == ("filled", 60)
    body = b"archive"
    filler.put("r1/archives/amd64/spark.jsa", body)
    told = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
    filler.put("r1/archives/amd64/archive.json", json.dumps(told).encode())
    assert filler.look() == "", "not due yet"
    marks.write_text(json.dumps({"r1": [known, modified, first - 1000, first]}))
    assert filler.look() == "filled: the archive of r1\n"
    assert json.loads(marks.read_text())["r1"][3] == 0
    two = [filler.copies / "r1" / path for path in ("spark.jsa", "archives/amd64/spark.jsa")]
    assert two[0].samefile(two[1])
    assert two[0].read_bytes() == body


@pytest.mark.parametrize("name", ["fill.py", "copies.py"])
def test_the_nodes_python_can_read_it(name: str) -> None:
    """AL2023 has 3.9."""
    ast.parse((FILES / name).read_text(), feature_version=(3, 9))
