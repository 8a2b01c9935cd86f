"""A pinned release of Mountpoint: installed only when a pinned key signed it."""

import platform
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tiers.node.conftest import Render, start
from tests.tiers.node.node import Node, wait_for
from tests.tiers.node.s3_server import S3Server
from userdata.render import KEY_FINGERPRINTS, MountFiles

VERSION = "1.24.0"
ARCH = "arm64" if platform.machine() == "aarch64" else "x86_64"
PACKAGE = f"mount-s3-{VERSION}-{ARCH}.rpm"
SITE = "mountpoint-s3-release"
PINNED, OTHER = "releases@example.com", "other@example.com"

Boot = Callable[[bytes, bytes, str], None]


@pytest.fixture
def boot(machine: Node, render: Render, s3: S3Server, tmp_path: Path) -> Iterator[Boot]:
    """Boots the machine with a pinned release: its content, and what a signer signed."""
    tmp_path.chmod(0o700)

    def gpg(*arguments: str) -> str:
        command = ["gpg", "--homedir", tmp_path, "--batch", "--yes", "--passphrase", ""]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def boot_with(content: bytes, signed: bytes, signer: str) -> None:
        for name in (PINNED, OTHER):
            gpg("--pinentry-mode=loopback", "--quick-generate-key", name, "ed25519", "sign")
        listed = gpg("--with-colons", "--list-keys", PINNED).splitlines()
        pinned = next(line for line in listed if line.startswith("fpr")).split(":")[9]
        package = tmp_path / PACKAGE
        package.write_bytes(signed)
        sign = ("--local-user", signer, "--armor", "--detach-sign", "--output", "-", str(package))
        path = f"{VERSION}/{ARCH}/{PACKAGE}"
        if SITE not in [one["Name"] for one in s3.client.list_buckets()["Buckets"]]:
            s3.create(SITE)
        for key, body in (
            (path, content),
            (f"{path}.asc", gpg(*sign)),
            ("public_keys/KEYS", gpg("--armor", "--export")),
        ):
            s3.client.put_object(Bucket=SITE, Key=key, Body=body, ACL="public-read")
        *others, environment = render(version=VERSION, wait_seconds=20).files
        text = environment.content.replace("https://s3.amazonaws.com", s3.url)
        text = text.replace(" ".join(KEY_FINGERPRINTS), f"{KEY_FINGERPRINTS[0]} {pinned}")
        start(machine, MountFiles([*others, replace(environment, content=text)]))

    yield boot_with
    subprocess.run(["gpgconf", "--homedir", tmp_path, "--kill", "all"], check=False)


def test_a_signed_release_is_installed(machine: Node, boot: Boot) -> None:
    content = machine.path("/opt/node/mount-s3").read_bytes()
    boot(content, content, PINNED)
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.path("/opt/node/dnf.calls").read_text().rstrip().endswith(f"install ./{PACKAGE}")


@pytest.mark.parametrize(
    ("content", "signer"),
    [(b"#!/bin/bash\n", PINNED), (b"#!/bin/sh\n", OTHER)],
    ids=["changed", "another key"],
)
def test_a_release_that_no_pinned_key_signed_is_refused_at_once(
    machine: Node, boot: Boot, content: bytes, signer: str
) -> None:
    boot(content, b"#!/bin/sh\n", signer)
    wait_for("the node to go down", lambda: machine.is_off)
    assert f"{PACKAGE} is not signed by a pinned key" in machine.console()
    assert not machine.path("/opt/node/dnf.calls").exists()
