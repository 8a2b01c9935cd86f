"""The shell lines that make a pod's root, mount its volumes and start its container in it."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.tiers.cluster.api import Object

ENTRYPOINT = Path(__file__).with_name("entrypoint.sh")
SPARK = "/opt/spark"
FOLDERS = ("root", "over/up", "over/work", "spark/up", "spark/work", "volumes")
"""Entries that must exist in a pod's folder."""
OWN_DISK = ("over/up", "spark/up")
"""Folder for a container's writes outside of its volumes."""


def root(folder: Path, spark_home: Path) -> Iterator[str]:
    """A copy-on-write view of this machine, with a distribution of Spark where images have it.

    The folder has the files `hosts` and `environment`.
    """
    target = f"{folder}/root"
    yield _overlay("/", f"{folder}/over", target)
    for name in ("proc", "dev", "sys"):
        yield f"mount --rbind /{name} {target}/{name}"
    yield f"cp {ENTRYPOINT} {target}/opt/entrypoint.sh"
    yield f"cp {folder}/environment {target}/opt/environment"
    yield f"cp {folder}/hosts {target}/etc/hosts"
    # A link to a folder of the machine's, where a mount would end up.
    yield f"rm -f {target}/var/run && mkdir -p {target}/var/run"
    # Spark's images have this user.
    yield f"echo 'spark:x:185:185::/home/spark:/bin/sh' >> {target}/etc/passwd"
    yield f"mkdir -p --mode=0777 {target}/home/spark {target}{SPARK}"
    yield _overlay(str(spark_home), f"{folder}/spark", f"{target}{SPARK}")
    yield f"mkdir --mode=0777 {target}{SPARK}/work-dir"


def mount(folder: Path, source: str, wanted: Object) -> Iterator[str]:
    """One of a container's volumeMounts, with the propagation that it asks for."""
    target = f"{folder}/root{wanted['mountPath']}"
    yield f"mkdir -p {target}"
    if wanted.get("mountPropagation") == "HostToContainer":
        yield f"mount --rbind {source} {target} && mount --make-rslave {target}"
    else:
        yield f"mount --bind {source} {target} && mount --make-private {target}"
    if wanted.get("readOnly"):
        yield f"mount -o remount,bind,ro {target}"


def start(folder: Path, spec: Object, container: Object) -> str:
    """The container's command, with its user and no more rights than its security context has."""
    context = {**spec.get("securityContext", {}), **container.get("securityContext", {})}
    rights = [f"--reuid={context.get('runAsUser', 0)}", f"--regid={context.get('runAsGroup', 0)}"]
    rights.append("--clear-groups")
    if context.get("capabilities", {}).get("drop") == ["ALL"]:
        rights.append("--bounding-set=-all")
    if not context.get("allowPrivilegeEscalation", True):
        rights.append("--no-new-privs")
    command = [*container.get("command", ["/opt/entrypoint.sh"]), *container.get("args", [])]
    inner = f". /opt/environment; cd {SPARK}/work-dir; exec {shlex.join(command)}"
    words = ["chroot", f"{folder}/root", "setpriv", *rights, "/bin/sh", "-c", inner]
    # No exec: the kernel forgets whom to end with its parent when a process changes its user, so a
    # shell stays before it as the first of the pod's processes, with which all others end.
    return f"{shlex.join(words)}\nexit $?"


def exports(environment: Mapping[str, str]) -> str:
    """Variables as a shell reads them."""
    return "".join(f"export {key}={shlex.quote(value)}\n" for key, value in environment.items())


def _overlay(below: str, disk: str, target: str) -> str:
    options = f"lowerdir={below},upperdir={disk}/up,workdir={disk}/work"
    return f"mount -t overlay -o {options} pod {target}"
