"""A pod's volumes and environment, as kubelet makes them from its spec and the API server, and the
shell lines that make its root, mount its volumes and start its container in it."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tiers.cluster.api import Api, Object

ENTRYPOINT = Path(__file__).with_name("entrypoint.sh")
SPARK = "/opt/spark"
FOLDERS = ("root", "over/up", "over/work", "spark/up", "spark/work", "volumes")
"""Entries that must exist in a pod's folder."""
OWN_DISK = ("over/up", "spark/up")
"""Folder for a container's writes outside of its volumes."""
JARS_FOLDER = "/mnt/spark-jars"


@dataclass
class PodFiles:
    """Makes volumes below `folder`. `mounted` is the folder that stands for every JAR volume, of
    the CSI driver's and of the node's own, `data` every volume of cached data; `edit` may change a
    file of a ConfigMap."""

    api: Api
    folder: Path
    mounted: Path
    edit: Callable[[str, str], str]
    data: Path | None = None

    def volume(self, pod: Object, volume: Object) -> Path:
        """Where a volume's content is. Raises NotImplementedError for a kind it does not know."""
        (kind,) = set(volume) - {"name"}
        source = volume[kind] or {}
        if kind == "persistentVolumeClaim":
            return self._claim(pod, source["claimName"])
        place = self.folder / volume["name"]
        place.mkdir(mode=0o777)
        place.chmod(0o777)
        namespace = pod["metadata"]["namespace"]
        match kind:
            case "emptyDir":
                pass
            case "configMap":
                self._write(place, self._config_map(namespace, source))
            case "projected":
                for one in source["sources"]:
                    self._write(place, self._projected(pod, one))
            case _:
                raise NotImplementedError(f"a volume of kind {kind}")
        return place

    def environment(self, pod: Object, container: Object, address: str) -> dict[str, str]:
        """The container's variables. Raises NotImplementedError for a source it does not know."""
        found: dict[str, str] = {}
        for one in container.get("env", []):
            if "valueFrom" not in one:
                found[one["name"]] = one.get("value", "")
                continue
            field = one["valueFrom"].get("fieldRef", {}).get("fieldPath", "")
            if field == "status.podIP":
                found[one["name"]] = address
            elif field.startswith("metadata."):
                found[one["name"]] = pod["metadata"][field.removeprefix("metadata.")]
            else:
                raise NotImplementedError(f"a variable from {one['valueFrom']}")
        return found

    def _claim(self, pod: Object, name: str) -> Path:
        namespace = pod["metadata"]["namespace"]
        claim = self.api.find("PersistentVolumeClaim", name, namespace) or {}
        volume = self.api.find("PersistentVolume", claim["spec"]["volumeName"]) or {}
        source = volume["spec"].get("hostPath") or volume["spec"]["csi"]
        assert source.get("path") == JARS_FOLDER or source.get("driver") == "s3.csi.aws.com"
        if source.get("volumeAttributes", {}).get("authenticationSource") == "pod":
            assert self.data is not None
            return self.data
        return self.mounted

    def _config_map(self, namespace: str, source: Object) -> dict[str, str]:
        """The files of a ConfigMap: all of them, or the requested items."""
        data = (self.api.find("ConfigMap", source["name"], namespace) or {})["data"]
        items = source.get("items") or [{"key": key, "path": key} for key in data]
        return {one["path"]: data[one["key"]] for one in items}

    def _projected(self, pod: Object, source: Object) -> dict[str, str]:
        namespace = pod["metadata"]["namespace"]
        if token := source.get("serviceAccountToken"):
            account = pod["spec"]["serviceAccountName"]
            return {token["path"]: self.api.token_of(namespace, account)}
        if wanted := source.get("configMap"):
            return self._config_map(namespace, wanted)
        items = source["downwardAPI"]["items"]
        return {
            one["path"]: pod["metadata"][one["fieldRef"]["fieldPath"].removeprefix("metadata.")]
            for one in items
        }

    def _write(self, place: Path, files: dict[str, Any]) -> None:
        for name, text in files.items():
            (place / name).write_text(self.edit(name, text))
            (place / name).chmod(0o644)


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


def command(folder: Path, spec: Object, container: Object) -> str:
    """The container's command, with its user and no more rights than its security context has."""
    context = {**spec.get("securityContext", {}), **container.get("securityContext", {})}
    rights = [f"--reuid={context.get('runAsUser', 0)}", f"--regid={context.get('runAsGroup', 0)}"]
    rights.append("--clear-groups")
    if context.get("capabilities", {}).get("drop") == ["ALL"]:
        rights.append("--bounding-set=-all")
    if not context.get("allowPrivilegeEscalation", True):
        rights.append("--no-new-privs")
    given = [*container.get("command", ["/opt/entrypoint.sh"]), *container.get("args", [])]
    inner = f". /opt/environment; cd {SPARK}/work-dir; exec {shlex.join(given)}"
    return shlex.join(["chroot", f"{folder}/root", "setpriv", *rights, "/bin/sh", "-c", inner])


def start(folder: Path, spec: Object, container: Object) -> Iterator[str]:
    """Runs the init containers one after the other, then the container. They share its root, its
    variables and its mounts."""
    for first in spec.get("initContainers", []):
        extra = [one for one in first["volumeMounts"] if one not in container["volumeMounts"]]
        if extra:
            raise NotImplementedError(f"mounts of an init container alone: {extra}")
        yield command(folder, spec, first)
    # No exec: the kernel forgets whom to end with its parent when a process changes its user, so a
    # shell stays before it as the first of the pod's processes, with which all others end.
    yield f"{command(folder, spec, container)}\nexit $?"


def exports(environment: Mapping[str, str]) -> str:
    """Variables as a shell reads them."""
    return "".join(f"export {key}={shlex.quote(value)}\n" for key, value in environment.items())


def _overlay(below: str, disk: str, target: str) -> str:
    options = f"lowerdir={below},upperdir={disk}/up,workdir={disk}/work"
    return f"mount -t overlay -o {options} pod {target}"
