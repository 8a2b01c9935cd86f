"""The stand-in refuses what mount-s3 1.24.0 was seen to refuse; against MOUNT_S3, so does that."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.tiers.node.conftest import BUCKET
from tests.tiers.node.s3_server import S3Server


def mount(s3: S3Server, bucket: str, point: Path, *flags: str) -> tuple[int, str]:
    """The exit code and output of a mount that fails."""
    done = subprocess.run(
        s3.mount_command(bucket, point, *flags),
        env={**os.environ, **s3.environment()},
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
        ["--memory-target", "256"],
        ["--no-such-flag"],
        ["--metadata-ttl", "soon"],
    ],
    ids=" ".join,
)
def test_bad_flags_exit_2(s3: S3Server, flags: list[str], tmp_path: Path) -> None:
    assert mount(s3, BUCKET, tmp_path, *flags)[0] == 2


def test_what_fails_at_mount_exits_1(s3: S3Server, tmp_path: Path) -> None:
    empty, full, absent = (tmp_path / name for name in ("empty", "full", "absent"))
    empty.mkdir()
    (full / "file").mkdir(parents=True)
    for reason, bucket, point, *flags in (
        ("does not exist", BUCKET, absent),
        ("not empty", BUCKET, full),
        ("failed to create cache directory", BUCKET, empty, "--cache", f"{absent}/cache"),
        ("initial ListObjectsV2 failed", "no-such-bucket", empty),
    ):
        code, said = mount(s3, bucket, point, *flags)
        assert code == 1, reason
        assert reason in said
