"""User data as text: the same bytes each time, small, and shell that a shell accepts.

tests/tiers/node tests the shell on a node.
"""

import ast
import email
import re
import subprocess
from bz2 import decompress
from email.message import Message
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.names import NODE_PARENT
from tests.plans import CLUSTER_AUTOSCALER, NODE, named, plan_of
from tests.user_data import STACKS, every_user_data, user_data_of
from userdata.render import (
    FILES,
    MountFiles,
    MountLimits,
    MountSource,
    boot_script,
    mime,
    mount_files,
    node_config,
    watch_files,
)

SHELLCHECK = Path(__file__).resolve().parents[2] / ".venv/bin/shellcheck"
SCRIPTS = ["spark-jars", "node.sh", "cache.sh", "copies.sh", "fence.sh", "boot.sh", "watch.sh"]
KARPENTERS_PART = 2478
"""Bytes that Karpenter 1.14.1 adds at most for staging's pools, as it writes them: the cluster's
endpoint and certificate (1.5 KiB), kubelet's settings, taints and labels."""
LONGER = 380
"""Bytes for longer names, prefixes and flags of other stacks."""


def files(bucket: str = "acme-jars", prefix: str = "spark/jars/", **more: str) -> MountFiles:
    source = MountSource(bucket, prefix, "us-west-2", "111122223333", **more)
    return mount_files(source, MountLimits(10240, 300), parent=NODE_PARENT, metrics_dir="/m")


def parts(user_data: str) -> list[Message]:
    return [part for part in email.message_from_string(user_data).walk() if not part.is_multipart()]


def boot_of(user_data: str) -> str:
    """The boot script in user data."""
    (shell,) = [one for one in parts(user_data) if "shell" in one.get_content_type()]
    return str(shell.get_payload())


def unpacked(script: str) -> dict[str, tuple[int, str]]:
    """The files inside a boot script, by path, with their modes."""
    packed = re.search(r"<<'FILES'.*?\n(.*?)FILES\n", script, re.DOTALL)
    assert packed
    number = 0
    for digit in "".join(packed[1].split()).encode():
        number = number * 94 + digit - 33
    content = decompress(number.to_bytes((number.bit_length() + 7) // 8, "big"))
    fields = iter(content.decode().split("\0"))
    found = {
        path: (int(mode), text) for path, mode, text in zip(fields, fields, fields, strict=True)
    }
    environment = re.search(r"<<'ENVIRONMENT'\n(.*?)ENVIRONMENT\n", script, re.DOTALL)
    assert environment
    return {**found, "/etc/spark-jars/mount.env": (0o644, environment[1])}


def test_only_the_environment_differs_between_two_buckets() -> None:
    one, other = unpacked(boot_script(files())), unpacked(boot_script(files(bucket="other")))
    assert [path for path in one if one[path] != other[path]] == ["/etc/spark-jars/mount.env"]


def test_user_data_leaves_room_for_karpenters_part() -> None:
    for name, text in every_user_data().items():
        assert len(text.encode()) + KARPENTERS_PART + LONGER <= 16384, name


def test_too_much_user_data_is_refused() -> None:
    with pytest.raises(ValueError, match="over EC2's 16384"):
        mime(["#!/bin/bash\n" + "# padding\n" * 1370])


def test_each_part_reads_back_as_it_was_written() -> None:
    script, config = boot_script(files()), node_config(local_disks=True)
    shell, nodeadm = parts(mime([script], config))
    assert shell.get_payload() == script
    assert shell.get_content_type() == "text/x-shellscript"
    assert nodeadm.get_payload() == config
    assert nodeadm.get_content_type() == "application/node.eks.aws"


def test_a_part_carries_nothing_but_its_content_type() -> None:
    """Karpenter writes the parts anew with this one header."""
    for text in every_user_data().values():
        for part in parts(text):
            assert part.keys() == ["Content-Type"]
            assert part.get_payload(decode=True) == str(part.get_payload()).encode()


def test_text_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        mime(["#!/bin/bash\necho ä\n"])


@pytest.mark.parametrize("stack", STACKS, ids=" ".join)
def test_the_rendered_shell_passes_bash_and_shellcheck(stack: tuple[str, ...]) -> None:
    rendered = user_data_of(*stack)
    assert rendered
    for name, text in rendered.items():
        boot = boot_of(text)
        inside = {path: content for path, (_, content) in unpacked(boot).items()}
        installed = [path for path in inside if path.startswith("/usr/local/")]
        scripts = [path for path in installed if not path.endswith(".py")]
        assert (len(installed), len(scripts)) == (7, 5), name
        assert complaints(("/boot", boot)) == "", name
        assert complaints(*((path, inside[path]) for path in scripts)) == "", name


@cache
def complaints(*scripts: tuple[str, str]) -> str:
    """What bash and shellcheck find in scripts, given with their paths on a node. Runs once for
    the files that all nodes share: 1 s."""
    with TemporaryDirectory() as folder:
        files = [Path(folder + path) for path, _ in scripts]
        for file, (_, content) in zip(files, scripts, strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            subprocess.run(["bash", "-n", file], check=True)
        # The libraries' paths in `source=` are those of this repository.
        found = subprocess.run(
            [SHELLCHECK, "--shell=bash", "--external-sources", *files],
            cwd=FILES.parent,
            capture_output=True,
            text=True,
            check=False,
        )
    assert found.returncode in (0, 1), found.stderr
    return found.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_stops_at_its_first_error(name: str) -> None:
    text = (FILES / name).read_text()
    assert "set -euo pipefail" in text or "Sourced by spark-jars" in text


def test_nothing_is_deleted_in_depth_where_a_mount_may_be() -> None:
    """Two places delete a folder: the caches of earlier starts, and a download's."""
    for name in SCRIPTS:
        for line in (FILES / name).read_text().splitlines():
            if re.search(r"\brm\b.*(--recursive|\s-[a-z]*r)", line):
                assert "--one-file-system" in line
                assert re.search(r'"\$\{folder\}"', line)


@pytest.mark.parametrize("name", ["copies.py", "fill.py"])
def test_python_on_a_node_is_the_same_without_its_types_and_words(name: str) -> None:
    (installed,) = [one for one in files().files if one.path.endswith(f"/{name}")]
    assert " -> " not in installed.content
    assert '"""' not in installed.content

    def code(text: str) -> list[str]:
        """Names and constants that the compiled functions use, without annotations."""
        parts = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        return [ast.unparse(one) for one in parts]

    assert code(installed.content) == code((FILES / name).read_text())


def test_all_doors_install_the_same_bytes() -> None:
    groups, classes = user_data_of("dev", *NODE, *CLUSTER_AUTOSCALER), user_data_of("staging")
    data = named(plan_of("existing"), "ConfigMap", "jar-mount-files").inputs["data"]
    daemonset = {}
    for line in data["table"].splitlines():
        key, path, mode = line.split()
        daemonset[path] = (int(mode, 8), data[key])
    others = [unpacked(boot_of(next(iter(found.values())))) for found in (groups, classes)]
    shared = set(daemonset) - {"/etc/spark-jars/mount.env"}
    assert len(shared) == 11
    for path in shared:
        assert daemonset[path] == others[0][path] == others[1][path], path


def test_the_daemonsets_map_has_keys_that_kubernetes_allows() -> None:
    for key in watch_files(files()):
        assert re.fullmatch(r"[-._a-zA-Z0-9]+", key)


def test_a_value_cannot_break_out_of_the_environment() -> None:
    text = unpacked(boot_script(files(version="1'; reboot #")))["/etc/spark-jars/mount.env"][1]
    shown = subprocess.run(
        ["bash", "-euc", f'{text}\nprintf %s "${{MOUNTPOINT_VERSION}}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "1'; reboot #"
