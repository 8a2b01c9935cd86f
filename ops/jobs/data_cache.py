"""A job's input from the stack's cache of data: the folder of a volume in place of one in S3."""

from typing import Any

from ops.jobs.team import CachedData, Team

LOCAL_FILES = "fs.file.impl"
RAW = "org.apache.hadoop.fs.RawLocalFileSystem"
"""Hadoop's default for `file:` looks for a checksum file beside each file that it opens, which on
the mount is a request to S3: org.apache.hadoop.fs.ChecksumFileSystem."""


def cached(team: Team, url: str) -> CachedData | None:
    """The team's volume that has all below `s3a://bucket/folder/`; None without one."""
    folder = f"{url.rstrip('/')}/"
    return next((one for one in team.data if folder.startswith(one.url)), None)


def place(team: Team, url: str) -> str:
    """Where a job with `cache: true` finds the folder: in the volume, or as it was in S3."""
    found = cached(team, url)
    if found is None:
        return url
    folder = f"{url.rstrip('/')}/".removeprefix(found.url)
    there = f"file://{found.path}/{folder}"
    return there if url.endswith("/") else there.rstrip("/")


def add(spec: dict[str, Any], team: Team, url: str) -> None:
    """Mounts the volume that has the folder in driver and executors, if the team has one."""
    found = cached(team, url)
    if found is None:
        return
    spec["volumes"] = [
        *spec["volumes"],
        {
            "name": found.claim,
            "persistentVolumeClaim": {"claimName": found.claim, "readOnly": True},
        },
    ]
    for role in ("driver", "executor"):
        mount = {"name": found.claim, "mountPath": found.path, "readOnly": True}
        spec[role]["volumeMounts"] = [*spec[role]["volumeMounts"], mount]
    spec["hadoopConf"] = {**spec.get("hadoopConf", {}), LOCAL_FILES: RAW}
