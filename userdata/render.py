"""Renders the files of a node's mount, and user data as a MIME message."""

import ast
import bz2
import itertools
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent

SENTINEL = ".sentinel"
"""Object below the JARs' prefix that a mount must be able to read to count as healthy."""
SENTINEL_TEXT = "spark-on-eks"

USER_DATA_LIMIT = 16 * 1024
"""Bytes of user data before base64: docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html."""
ADDED = 2700
"""Bytes that Karpenter 1.14 and EKS may add: the cluster's endpoint and certificate (1.5 KiB),
kubelet's settings, taints and labels. 2478 for this project's stacks; names may be longer."""

KEY_FINGERPRINTS = (
    "8AEFE705EBE329C0948C75A66F1C3B3AEF4B030B",
    "673FE4061506BB469A0EF857BE397A52B086DA5A",
)
"""Keys that sign Mountpoint's releases, from 1.22.2 and before:
github.com/awslabs/mountpoint-s3, doc/INSTALL.md."""

_INSTALLED = {
    "node.sh": ("/usr/local/lib/spark-jars/node.sh", 0o644),
    "cache.sh": ("/usr/local/lib/spark-jars/cache.sh", 0o644),
    "copies.sh": ("/usr/local/lib/spark-jars/copies.sh", 0o644),
    "copies.py": ("/usr/local/lib/spark-jars/copies.py", 0o644),
    "fill.py": ("/usr/local/lib/spark-jars/fill.py", 0o644),
    "fence.sh": ("/usr/local/lib/spark-jars/fence.sh", 0o644),
    # After the files that it sources: the DaemonSet's pod copies them in this order.
    "spark-jars": ("/usr/local/sbin/spark-jars", 0o755),
    "spark-jars.service": ("/etc/systemd/system/spark-jars.service", 0o644),
    "spark-jars-pods.target": ("/etc/systemd/system/spark-jars-pods.target", 0o644),
    "spark-jars-do@.service": ("/etc/systemd/system/spark-jars-do@.service", 0o644),
    "spark-jars-watch.service": ("/etc/systemd/system/spark-jars-watch.service", 0o644),
}
_ENVIRONMENT = "/etc/spark-jars/mount.env"
_KUBELET_GATE = "/etc/systemd/system/kubelet.service.d/10-spark-jars.conf"

_COMMENT = re.compile(
    r'^ *# (?!shellcheck |TYPE ).*\n|  # ty:.*|^ *"""[^"]*"""\n+|^\n', re.MULTILINE
)
"""A node's files have no comments, docstrings and empty lines, a fifth of the user data; TYPE is
text of metrics."""

_TYPES = re.compile(r"^from (__future__|typing|collections\.abc) .*\n", re.MULTILINE)
_DIGITS, _FIRST = 94, ord("!")
_BOUNDARY = "spark-on-eks"
_FILES_MARK = "# FILES\n"


@dataclass(frozen=True)
class NodeFile:
    """A file on a node."""

    path: str
    mode: int
    content: str

    @property
    def key(self) -> str:
        """The file name as a config map key, which allows no @."""
        return self.path.rpartition("/")[2].replace("@", "")


@dataclass(frozen=True)
class MountFiles:
    """The files of one mount, the same for user data and for the DaemonSet."""

    files: Sequence[NodeFile]

    @property
    def environment(self) -> str:
        """Content of mount.env, the only file that differs between mounts."""
        return next(file.content for file in self.files if file.path == _ENVIRONMENT)


@dataclass(frozen=True)
class MountLimits:
    """Resources and timeouts of a mount."""

    cache_mib: int
    """Maximum size of the copies of releases and of mount-s3's cache together."""
    wait_seconds: int
    """Timeout of the first mount; a boot then fails."""
    memory_mib: int = 1024
    """MemoryMax of the mount's unit."""
    fill_seconds: int = 120
    """Timeout for copying one release."""
    fill_releases: int = 2
    """Number of newest releases to copy."""
    check_seconds: int = 5
    """Period of the health check, which the cache answers without a request to S3."""
    fence_seconds: int = 30
    """Time without an answer until the node removes its label."""
    releases_seconds: int = 60
    """Period of the check for new releases, one ListObjectsV2 request each."""


@dataclass(frozen=True)
class MountSource:
    """The bucket and prefix to mount, and the Mountpoint release that mounts them."""

    bucket: str
    prefix: str
    """Ends with a slash."""
    region: str
    owner: str
    """Account that must own the bucket."""
    version: str = ""
    """Release of Mountpoint; empty for the package of the machine image's repository."""
    flags: Sequence[str] = field(default_factory=tuple)
    """Additional flags of mount-s3, each without blanks."""


def mount_files(
    source: MountSource, limits: MountLimits, *, parent: str, metrics_dir: str, fence: str = ""
) -> MountFiles:
    """The files that mount `source` at `<parent>/jars` and write metrics to `metrics_dir`.

    `fence` is the label, as key=value, that the node removes from itself while the mount does not
    answer; empty if the DaemonSet does that.
    """
    values = {
        "BUCKET": source.bucket,
        "PREFIX": source.prefix,
        "REGION": source.region,
        "OWNER": source.owner,
        "PARENT": parent,
        "FLAGS": " ".join(source.flags),
        # Not /tmp, which is tmpfs on AL2023.
        "CACHE_DIR": "/var/cache/spark-jars",
        # Where nodeadm mounts the instance store's RAID0.
        "ARRAY": "/mnt/k8s-disks/0",
        "CACHE_MIB": str(limits.cache_mib),
        "MEMORY_MIB": str(limits.memory_mib),
        "SENTINEL": SENTINEL,
        "SENTINEL_TEXT": SENTINEL_TEXT,
        "WAIT_SECONDS": str(limits.wait_seconds),
        "FILL_SECONDS": str(limits.fill_seconds),
        "FILL_RELEASES": str(limits.fill_releases),
        "CHECK_SECONDS": str(limits.check_seconds),
        "FENCE": fence,
        "FENCE_SECONDS": str(limits.fence_seconds),
        "RELEASES_SECONDS": str(limits.releases_seconds),
        "METRICS_DIR": metrics_dir,
        "MOUNTPOINT_VERSION": source.version,
    }
    if source.version:
        values["RELEASES_URL"] = "https://s3.amazonaws.com/mountpoint-s3-release"
        values["KEY_FINGERPRINTS"] = " ".join(KEY_FINGERPRINTS)
    environment = "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
    installed = [
        NodeFile(path, mode, _bare(_untyped(read(name)) if name.endswith(".py") else read(name)))
        for name, (path, mode) in _INSTALLED.items()
    ]
    return MountFiles([*installed, NodeFile(_ENVIRONMENT, 0o644, environment)])


def read(name: str) -> str:
    """The text of a file in this folder."""
    return (FILES / name).read_text()


def _bare(text: str) -> str:
    return _COMMENT.sub("", text)


def _untyped(text: str) -> str:
    """Python without annotations and what only they need: a fifteenth of it."""
    starts = [0, *itertools.accumulate(map(len, text.splitlines(keepends=True)))]

    def end(node: Any) -> int:
        return starts[node.end_lineno - 1] + node.end_col_offset

    cuts: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.arg) and node.annotation:
            begin = starts[node.lineno - 1] + node.col_offset + len(node.arg)
            cuts.append((begin, end(node.annotation)))
        elif isinstance(node, ast.AnnAssign):
            cuts.append((end(node.target), end(node.annotation)))
        elif isinstance(node, ast.FunctionDef) and node.returns:
            cuts.append((text.rindex(" ->", 0, end(node.returns)), end(node.returns)))
    for begin, after in sorted(cuts, reverse=True):
        text = text[:begin] + text[after:]
    return _TYPES.sub("", text)


def boot_script(files: MountFiles) -> str:
    """boot.sh with the files and kubelet's drop-in.

    The environment is not packed, so that a diff of user data shows changed settings.
    """
    gate = NodeFile(_KUBELET_GATE, 0o644, _bare(read("kubelet-gate.conf")))
    packed = _unpack([*(file for file in files.files if file.path != _ENVIRONMENT), gate])
    folder = _ENVIRONMENT.rpartition("/")[0]
    environment = (
        f"mkdir --parents {folder}\ncat >{_ENVIRONMENT} <<'ENVIRONMENT'\n"
        f"{files.environment}ENVIRONMENT\nchmod 0644 {_ENVIRONMENT}\n"
    )
    before, _, after = read("boot.sh").partition(_FILES_MARK)
    return f"{_bare(before)}{environment}{packed}{_bare(after)}"


def watch_files(files: MountFiles) -> Mapping[str, str]:
    """The DaemonSet's config map: the files, the table of their paths, and watch.sh."""
    table = "".join(f"{file.key} {file.path} {file.mode:04o}\n" for file in files.files)
    contents = {file.key: file.content for file in files.files}
    return {**contents, "watch.sh": read("watch.sh"), "table": table}


def _unpack(files: Sequence[NodeFile]) -> str:
    """Shell code that unpacks the files; uncompressed they exceed the limit of user data.

    bzip2, because its output is the same everywhere: zlib's depends on the zlib that Python was
    built with, and another output would replace every node. No tar: its headers are 300 bytes more.
    Digits are all of ASCII that can be seen: 280 bytes less than base85.
    """
    fields = [part for file in files for part in (file.path, str(file.mode), file.content)]
    number = int.from_bytes(bz2.compress("\0".join(fields).encode("ascii"), 9), "big")
    digits = bytearray()
    while number:
        number, digit = divmod(number, _DIGITS)
        digits.append(digit + _FIRST)
    packed = digits[::-1].decode()
    lines = "\n".join(packed[at : at + 900] for at in range(0, len(packed), 900))
    # cloud-init needs Python, so the node has it; the bzip2 program may be missing.
    unpack = (
        "import bz2, os, sys\n"
        "number = 0\n"
        'for digit in "".join(sys.stdin.read().split()).encode():\n'
        f"  number = number * {_DIGITS} + digit - {_FIRST}\n"
        'packed = number.to_bytes((number.bit_length() + 7) // 8, "big")\n'
        'fields = iter(bz2.decompress(packed).decode().split("\\0"))\n'
        "for path, mode, text in zip(fields, fields, fields):\n"
        "  os.makedirs(os.path.dirname(path), exist_ok=True)\n"
        '  print(text, end="", file=open(path, "w"))\n'
        "  os.chmod(path, int(mode))"
    )
    return f"unpack='{unpack}'\npython3 -c \"${{unpack}}\" <<'FILES'\n{lines}\nFILES\n"


def node_config(*, local_disks: bool) -> str | None:
    """The nodeadm part of a managed node group, or None if nodeadm's defaults suffice.

    Local NVMe disks become one RAID0 array under kubelet and containerd. Karpenter writes this
    part itself (`instanceStorePolicy`). nodeadm accepts JSON as YAML.
    """
    if not local_disks:
        return None
    return json.dumps(
        {
            "apiVersion": "node.eks.aws/v1alpha1",
            "kind": "NodeConfig",
            "spec": {"instance": {"localStorage": {"strategy": "RAID0"}}},
        }
    )


def mime(scripts: Sequence[str], config: str | None = None) -> str:
    """User data: shell scripts and a nodeadm part in one MIME message.

    No part has a transfer encoding, because Karpenter keeps only the Content-Type. The output is
    deterministic, or nodes would drift. Raises ValueError for text above EC2's limit, less what is
    added to it, or outside ASCII.
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
    if len(rendered) + ADDED > USER_DATA_LIMIT:
        raise ValueError(
            f"user data of {len(rendered)} bytes, and {ADDED} that EKS or Karpenter add, are over "
            f"EC2's {USER_DATA_LIMIT}: shorter jarMount.node.flags or prefixes, or "
            "jarMount.method: daemonset"
        )
    return rendered
