"""A pinned release of Mountpoint: installed only when a pinned key signed it."""

import platform
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tiers.node.conftest import parts_of
from tests.tiers.node.node import Node, wait_for
from userdata.render import KEY_FINGERPRINTS, MountFiles

VERSION = "1.24.0"
ARCH = "arm64" if platform.machine() == "aarch64" else "x86_64"
PACKAGE = f"mount-s3-{VERSION}-{ARCH}.rpm"


class Releases:
    """A site of releases, and the key that signs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "site"
        self.package = self.folder / VERSION / ARCH / PACKAGE
        self.package.parent.mkdir(parents=True)
        self._home = folder / "keys"
        self._home.mkdir(mode=0o700)
        self.fingerprint = self.create_key("releases@example.com")

    def gpg(self, *arguments: str) -> str:
        command = ["gpg", "--homedir", str(self._home), "--batch", "--yes", "--passphrase", ""]
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def create_key(self, name: str) -> str:
        self.gpg("--pinentry-mode=loopback", "--quick-generate-key", name, "ed25519", "sign")
        shown = self.gpg("--with-colons", "--list-keys", name)
        return next(line for line in shown.splitlines() if line.startswith("fpr")).split(":")[9]

    def publish(self, content: bytes, signer: str = "releases@example.com") -> None:
        self.package.write_bytes(content)
        self.gpg("--local-user", signer, "--armor", "--detach-sign", str(self.package))
        keys = self.folder / "public_keys" / "KEYS"
        keys.parent.mkdir(exist_ok=True)
        keys.write_text(self.gpg("--armor", "--export"))


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[Releases]:
    made = Releases(tmp_path)
    yield made
    subprocess.run(["gpgconf", "--homedir", str(tmp_path / "keys"), "--kill", "all"], check=False)


@pytest.fixture
def start(
    machine: Node, releases: Releases, render: Callable[..., MountFiles]
) -> Iterator[Callable[[], None]]:
    """Boots the machine with the release pinned, from the site."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = partial(Quiet, directory=str(releases.folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def boot() -> None:
        files = render(version=VERSION, wait_seconds=20)
        *others, environment = files.files
        text = environment.content.replace(
            "https://s3.amazonaws.com/mountpoint-s3-release",
            f"http://127.0.0.1:{server.server_address[1]}",
        ).replace(" ".join(KEY_FINGERPRINTS), f"{KEY_FINGERPRINTS[0]} {releases.fingerprint}")
        machine.user_data(parts_of(MountFiles([*others, replace(environment, content=text)])))
        machine.boot()

    yield boot
    server.shutdown()
    server.server_close()


def test_a_signed_release_is_installed(
    machine: Node, releases: Releases, start: Callable[[], None]
) -> None:
    releases.publish(machine.path("/opt/node/mount-s3").read_bytes())
    start()
    wait_for("kubelet", machine.kubelet_runs)
    assert machine.path("/opt/node/dnf.calls").read_text().rstrip().endswith(f"install ./{PACKAGE}")


@pytest.mark.parametrize("case", ["changed", "another key"])
def test_a_release_that_no_pinned_key_signed_is_refused_at_once(
    machine: Node, releases: Releases, start: Callable[[], None], case: str
) -> None:
    signer = "releases@example.com"
    if case == "another key":
        signer = "other@example.com"
        releases.create_key(signer)
    releases.publish(b"#!/bin/sh\n", signer)
    if case == "changed":
        releases.package.write_bytes(b"#!/bin/bash\n")
    start()
    wait_for("the node to go down", lambda: machine.is_off)
    assert f"{PACKAGE} is not signed by a pinned key" in machine.console()
    assert not machine.path("/opt/node/dnf.calls").exists()
