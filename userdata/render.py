"""Renders what runs on a node: the mount's environment file, and user data as MIME parts."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

FILES = Path(__file__).parent

SENTINEL = ".sentinel"
"""Object below the JARs' prefix that a mount must be able to read to count as healthy."""
SENTINEL_TEXT = "spark-on-eks"

USER_DATA_LIMIT = 16 * 1024
"""Bytes of user data before base64: docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html."""

_BOUNDARY = "spark-on-eks"


@dataclass(frozen=True)
class MountFiles:
    """The files of one mount, by their path on the node."""

    script: str
    unit: str
    environment: str

    def by_path(self) -> Mapping[str, tuple[str, str]]:
        """Path on the node to (mode, content)."""
        return {
            "/usr/local/sbin/spark-jars": ("0755", self.script),
            "/etc/systemd/system/spark-jars.service": ("0644", self.unit),
            "/etc/spark-jars/mount.env": ("0644", self.environment),
        }


def mount_files(
    *,
    bucket: str,
    prefix: str,
    region: str,
    owner: str,
    parent: str,
    cache_mib: int,
    wait_seconds: int,
) -> MountFiles:
    """The three files of a mount of `s3://bucket/prefix` at `<parent>/jars`.

    `cache_mib` bounds the cache on disk, `wait_seconds` the time until a boot counts as failed.
    """
    values = {
        "BUCKET": bucket,
        "PREFIX": prefix,
        "REGION": region,
        "OWNER": owner,
        "PARENT": parent,
        # Not /tmp: on AL2023 that is memory.
        "CACHE_DIR": "/var/cache/spark-jars",
        "CACHE_MIB": str(cache_mib),
        "SENTINEL": SENTINEL,
        "SENTINEL_TEXT": SENTINEL_TEXT,
        "WAIT_SECONDS": str(wait_seconds),
    }
    return MountFiles(
        script=read("spark-jars"),
        unit=read("spark-jars.service"),
        environment="".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items()),
    )


def read(name: str) -> str:
    """The text of a file in this folder."""
    return (FILES / name).read_text()


def boot_script(files: MountFiles) -> str:
    """One shell script that writes the files, then runs boot.sh."""
    lines = ["#!/usr/bin/env bash", "set -euo pipefail", "mkdir --parents /etc/spark-jars"]
    for path, (mode, content) in files.by_path().items():
        mark = path.rpartition("/")[2].upper().replace(".", "_").replace("-", "_")
        lines += [f"cat >{path} <<'{mark}'", content.rstrip("\n"), mark, f"chmod {mode} {path}"]
    body = read("boot.sh").split("\n", 1)[1]
    return "\n".join([*lines, body])


def node_config(*, local_disks: bool) -> str | None:
    """The nodeadm part that a managed group needs, or None where the defaults do.

    Local NVMe disks become one RAID0 under kubelet and containerd. Karpenter writes this part
    itself (`instanceStorePolicy`). JSON is YAML to nodeadm.
    """
    if not local_disks:
        return None
    return json.dumps(
        {
            "apiVersion": "node.eks.aws/v1alpha1",
            "kind": "NodeConfig",
            "spec": {"instance": {"localStorage": {"strategy": "RAID0"}}},
        },
        indent=2,
    )


def mime(scripts: Sequence[str], config: str | None = None) -> str:
    """User data: shell scripts and a nodeadm part in one MIME message.

    The parts carry no transfer encoding, because Karpenter keeps only their Content-Type. The
    same input gives the same bytes, or nodes would drift. Raises ValueError beyond EC2's limit
    and for text that is not ASCII.
    """
    parts = [("text/x-shellscript", script) for script in scripts]
    if config is not None:
        parts.append(("application/node.eks.aws", config))
    message = EmailMessage()
    message["MIME-Version"] = "1.0"
    message.make_mixed(boundary=_BOUNDARY)
    for content_type, text in parts:
        text.encode("ascii")
        part = EmailMessage()
        part["Content-Type"] = f'{content_type}; charset="us-ascii"'
        part.set_payload(text)
        message.attach(part)
    rendered = message.as_string()
    if len(rendered.encode()) > USER_DATA_LIMIT:
        raise ValueError(f"user data of {len(rendered)} bytes is over EC2's {USER_DATA_LIMIT}")
    return rendered
