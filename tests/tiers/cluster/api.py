"""A thin client of the API server: plain HTTPS, objects as dictionaries."""

import time
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import Any

import requests

Object = dict[str, Any]
_MANAGER = "pulumi-kubernetes"
_APPLY = "apply-patch+yaml"
_WAIT_SECONDS = 60


class Refused(Exception):
    """The API server rejected a request: `reason` is its reason (Invalid, Forbidden), the text its
    message."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        super().__init__(status.get("message", str(status)))
        self.reason = str(status.get("reason", ""))
        self.code = int(status.get("code", 0))


class Api:
    """One API server as its administrator; unknown fields are refused, as kubectl refuses them."""

    def __init__(self, url: str, token: str, authority: Path) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy for a server on loopback
        self._session.verify = str(authority)
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._kinds: dict[str, dict[str, Any]] = {}

    def as_account(self, namespace: str, name: str) -> "Api":
        """The same server with the rights of a service account and no others."""
        return self.as_user(f"system:serviceaccount:{namespace}:{name}")

    def as_user(self, name: str, group: str = "") -> "Api":
        """The same server with the rights of a user, in a group if one is given, and no others."""
        groups = {"Impersonate-Group": group} if group else {}
        return self._with({"Impersonate-User": name, **groups})

    def as_kubelet(self, node: str) -> "Api":
        """The same server with the rights of a node's kubelet."""
        user = {"Impersonate-User": f"system:node:{node}", "Impersonate-Group": "system:nodes"}
        return self._with(user)

    def as_pod(self, pod: Mapping[str, Any]) -> "Api":
        """The same server with the token that kubelet would give this pod."""
        metadata = pod["metadata"]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"]}
        bound["uid"] = metadata["uid"]
        account = pod["spec"]["serviceAccountName"]
        token = self.token_of(metadata["namespace"], account, boundObjectRef=bound)
        return self._with({"Authorization": f"Bearer {token}"})

    def _with(self, headers: Mapping[str, str]) -> "Api":
        other = copy(self)
        other._session = copy(self._session)
        other._session.headers = {**self._session.headers, **headers}
        return other

    def token_of(self, namespace: str, account: str, **spec: Any) -> str:
        """A token of a service account; `spec` is that of the TokenRequest."""
        metadata = {"name": account, "namespace": namespace}
        path = self._path({"kind": "ServiceAccount", "metadata": metadata})
        return self._send("POST", f"{path}/token", {"spec": spec})["status"]["token"]

    def is_ready(self) -> bool:
        """Whether the server is ready."""
        try:
            return self._session.get(f"{self._url}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    def apply(self, manifest: Mapping[str, Any], dry_run: bool = False) -> Object:
        """Server-side apply, as the Pulumi provider does it; returns the live object."""
        return self._send("PATCH", self._path(manifest), manifest, _APPLY, dry_run)

    def force(self, manifest: Mapping[str, Any]) -> Object:
        """Server-side apply of a part that another manager has set, as for a Patch resource with
        `pulumi.com/patchForce`."""
        manager = {"fieldManager": f"{_MANAGER}-patch", "force": "true"}
        return self._send("PATCH", self._path(manifest), manifest, _APPLY, parameters=manager)

    def create(self, manifest: Mapping[str, Any], dry_run: bool = False) -> Object:
        """Creates an object and returns it; `dry_run` only validates it."""
        return self._send("POST", self._collection(manifest), manifest, dry_run=dry_run)

    def patch(
        self,
        live: Mapping[str, Any],
        change: Any,
        form: str = "merge-patch+json",
        dry_run: bool = False,
    ) -> Object:
        """Changes an object: merges a mapping into it, or does a list of `json-patch+json`."""
        return self._send("PATCH", self._path(live), change, form, dry_run)

    def patch_status(self, live: Mapping[str, Any], status: Mapping[str, Any]) -> Object:
        """Changes an object's status, as its controller does."""
        path = f"{self._path(live)}/status"
        return self._send("PATCH", path, {"status": status}, "merge-patch+json")

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object, None where there is none."""
        target = {"kind": kind, "metadata": {"name": name, "namespace": namespace}}
        return self._unless_absent("GET", self._path(target))

    def get(self, manifest: Mapping[str, Any]) -> Object:
        """The live state of an object. Raises Refused where there is none."""
        return self._send("GET", self._path(manifest))

    def items(self, kind: str, namespace: str = "") -> list[Object]:
        """All objects of a kind, of one namespace where one is given."""
        found = self._send("GET", self._collection({"kind": kind, "metadata": {}}, namespace))
        return found["items"]

    def delete(
        self,
        manifest: Mapping[str, Any],
        grace_seconds: int | None = None,
        propagation: str = "Foreground",
        dry_run: bool = False,
    ) -> None:
        """Asks for a deletion, in the foreground as the Pulumi provider; absent is fine."""
        options: Object = {"propagationPolicy": propagation}
        if dry_run:
            options["dryRun"] = ["All"]
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        self._unless_absent("DELETE", self._path(manifest), options)

    def is_gone(self, manifest: Mapping[str, Any]) -> bool:
        """Whether an object of this kind and name is not there (any more)."""
        metadata = manifest["metadata"]
        return self.find(manifest["kind"], metadata["name"], metadata.get("namespace", "")) is None

    def wait(
        self,
        manifest: Mapping[str, Any],
        holds: Callable[[Object], Any],
        what: str,
        seconds: float = _WAIT_SECONDS,
    ) -> Object:
        """Waits until the live object fulfils `holds`. Raises TimeoutError with its state."""
        deadline = time.monotonic() + seconds
        while not holds(live := self.get(manifest)):
            if time.monotonic() > deadline:
                name = manifest["metadata"]["name"]
                raise TimeoutError(f"{name}: not {what} within {seconds:.0f} s: {live}")
            time.sleep(0.1)
        return live

    def resources(self, version: str) -> list[str]:
        """Names of the resources of a group version, `karpenter.sh/v1`; none if it is not
        served."""
        found = self._unless_absent("GET", f"/apis/{version}") or {"resources": []}
        return [one["name"] for one in found["resources"]]

    def forget_kinds(self) -> None:
        """Asks the server anew which kinds it has."""
        self._kinds.clear()

    def _path(self, manifest: Mapping[str, Any]) -> str:
        return f"{self._collection(manifest)}/{manifest['metadata']['name']}"

    def _collection(self, manifest: Mapping[str, Any], namespace: str = "") -> str:
        kind = self._kind(manifest["kind"])
        version = kind["groupVersion"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        namespace = namespace or manifest["metadata"].get("namespace", "")
        if kind["namespaced"] and namespace:
            return f"{root}/namespaces/{namespace}/{kind['name']}"
        return f"{root}/{kind['name']}"

    def _kind(self, kind: str) -> dict[str, Any]:
        if kind not in self._kinds:
            versions = ["v1"]
            for group in self._send("GET", "/apis")["groups"]:
                preferred = group["preferredVersion"]
                others = [one for one in group["versions"] if one != preferred]
                versions += [one["groupVersion"] for one in (preferred, *others)]
            # Core wins where two groups share a kind, and a group's preferred version.
            for version in reversed(versions):
                root = "/apis/" if "/" in version else "/api/"
                for one in self._send("GET", root + version)["resources"]:
                    if "/" not in one["name"]:
                        self._kinds[one["kind"]] = {**one, "groupVersion": version}
        if kind not in self._kinds:
            raise Refused({"reason": "NotFound", "message": f"the server has no kind {kind}"})
        return self._kinds[kind]

    def _unless_absent(self, method: str, path: str, body: Any = None) -> Object | None:
        try:
            return self._send(method, path, body)
        except Refused as refusal:
            if refusal.code == requests.codes.not_found:
                return None
            raise

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "json",
        dry_run: bool = False,
        parameters: Mapping[str, str] | None = None,
    ) -> Object:
        sent = {"dryRun": "All"} if dry_run else {}
        if method in ("POST", "PATCH"):
            sent["fieldValidation"] = "Strict"
        if content_type == _APPLY:
            sent["fieldManager"] = _MANAGER
        sent |= parameters or {}
        answer = self._session.request(
            method,
            self._url + path,
            json=body,
            params=sent,
            headers={"Content-Type": f"application/{content_type}"},
            timeout=30,
        )
        if not answer.ok:
            raise Refused(_status(answer))
        return answer.json()


def _status(answer: requests.Response) -> Mapping[str, Any]:
    """The server's Status; paths without a handler return plain text."""
    try:
        return answer.json()
    except requests.JSONDecodeError:
        return {"code": answer.status_code, "message": f"{answer.url}: {answer.text.strip()}"}
