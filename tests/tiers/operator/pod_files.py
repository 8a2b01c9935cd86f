"""A pod's volumes and environment, as kubelet makes them from its spec and the API server."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tiers.cluster.api import Api, Object

JARS_FOLDER = "/mnt/spark-jars"


@dataclass
class PodFiles:
    """Makes volumes below `folder`. `mounted` is the folder that stands for every JAR volume, of
    the CSI driver's and of the node's own; `edit` may change a file of a ConfigMap."""

    _api: Api
    _folder: Path
    _mounted: Path
    _edit: Callable[[str, str], str]

    def volume(self, pod: Object, volume: Object) -> Path:
        """Where a volume's content is. Raises NotImplementedError for a kind it does not know."""
        (kind,) = set(volume) - {"name"}
        source = volume[kind] or {}
        if kind == "persistentVolumeClaim":
            return self._claim(pod, source["claimName"])
        place = self._folder / volume["name"]
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
        claim = self._api.find("PersistentVolumeClaim", name, namespace) or {}
        volume = self._api.find("PersistentVolume", claim["spec"]["volumeName"]) or {}
        source = volume["spec"].get("hostPath") or volume["spec"]["csi"]
        assert source.get("path") == JARS_FOLDER or source.get("driver") == "s3.csi.aws.com"
        return self._mounted

    def _config_map(self, namespace: str, source: Object) -> dict[str, str]:
        """The files of a ConfigMap: all of them, or the requested items."""
        data = (self._api.find("ConfigMap", source["name"], namespace) or {})["data"]
        items = source.get("items") or [{"key": key, "path": key} for key in data]
        return {one["path"]: data[one["key"]] for one in items}

    def _projected(self, pod: Object, source: Object) -> dict[str, str]:
        namespace = pod["metadata"]["namespace"]
        if token := source.get("serviceAccountToken"):
            account = pod["spec"]["serviceAccountName"]
            return {token["path"]: self._api.token_of(namespace, account)}
        if wanted := source.get("configMap"):
            return self._config_map(namespace, wanted)
        items = source["downwardAPI"]["items"]
        return {
            one["path"]: pod["metadata"][one["fieldRef"]["fieldPath"].removeprefix("metadata.")]
            for one in items
        }

    def _write(self, place: Path, files: dict[str, Any]) -> None:
        for name, text in files.items():
            (place / name).write_text(self._edit(name, text))
            (place / name).chmod(0o644)
