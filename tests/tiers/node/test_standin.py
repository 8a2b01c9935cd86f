"""The stand-in refuses what mount-s3 1.24.0 was seen to refuse; against MOUNT_S3, so does that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiers.node.conftest import BUCKET
from tests.tiers.node.s3_server import ACCESS_KEY, REGION, SECRET_KEY, S3Server

COMMAND = (
    [os.environ["MOUNT_S3"]]
    if "MOUNT_S3" in os.environ
    else [
        sys.executable,
        str(Path(__file__).parent / "mount_s3.py"),
    ]
)


def mount(*arguments: str) -> tuple[int, str]:
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **keys},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "flags",
    [
        ["--prefix", "no-slash"],
        ["--max-cache-size", "100"],
        ["--uid", "0"],
        ["--memory-target", "256"],
        ["--no-such-flag"],
        ["--allow-other", "--allow-root"],
        ["--metadata-ttl", "soon"],
    ],
    ids=" ".join,
)
def test_bad_flags_exit_2(flags: list[str], tmp_path: Path) -> None:
    assert mount(BUCKET, str(tmp_path), "--foreground", *flags)[0] == 2


def test_what_fails_at_mount_exits_1(s3: S3Server, tmp_path: Path) -> None:
    endpoint = ["--foreground", f"--endpoint-url={s3.url}", "--force-path-style"]
    endpoint += ["--region", REGION, "--read-only"]
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    full.mkdir()
    (full / "file").touch()
    absent = str(tmp_path / "absent")
    cases = {
        "does not exist": [BUCKET, absent],
        "not empty": [BUCKET, str(full)],
        "failed to create cache directory": [BUCKET, str(empty), "--cache", f"{absent}/cache"],
        "initial ListObjectsV2 failed": ["no-such-bucket", str(empty)],
    }
    for reason, arguments in cases.items():
        code, said = mount(*arguments, *endpoint)
        assert code == 1, arguments
        assert reason in said
