"""The few calls of a Kubernetes API server that the DaemonSet's pod and a node make, over TLS."""

import json
import ssl
import threading
from typing import Any

import trustme
from werkzeug import Request, Response
from werkzeug.serving import make_server

from tests.names import MOUNT_DAEMONSET, MOUNT_NAMESPACE

TOKEN = "the-pods-token"
NODE_NAME = "ip-10-0-0-1.us-west-2.compute.internal"
_NODE = f"/api/v1/nodes/{NODE_NAME}"
_DAEMONSET = f"/apis/apps/v1/namespaces/{MOUNT_NAMESPACE}/daemonsets/{MOUNT_DAEMONSET}"


class KubeApi:
    """One node and one DaemonSet. What the account has no right to is answered 403."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.taints: list[dict[str, str]] = []
        self.daemonset: dict[str, Any] | None = {"metadata": {"name": MOUNT_DAEMONSET}}
        self.refused: list[str] = []
        """Calls that the account has no right to."""
        self.patches: list[Any] = []
        """Requested changes of the node."""
        self.available = True
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.certificate = authority.cert_pem.bytes().decode()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, ssl_context=context)
        self.port = self._server.port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, kind: str, body: Any) -> tuple[int, Any]:
        """Status and body of an answer."""
        if not self.available:
            return 503, {}
        if (method, path) == ("GET", _DAEMONSET):
            return (200, self.daemonset) if self.daemonset else (404, {})
        if (method, path) == ("PATCH", _NODE):
            return self._patch(kind, body)
        if (method, path) == ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"):
            user = {"username": f"system:node:{NODE_NAME}", "groups": ["system:nodes"]}
            return 201, {"kind": body["kind"], "status": {"userInfo": user}}
        self.refused.append(f"{method} {path}")
        return 403, {}

    def _patch(self, kind: str, body: Any) -> tuple[int, Any]:
        self.patches.append(body)
        if kind == "application/merge-patch+json":
            for key, value in body["metadata"]["labels"].items():
                self.labels.pop(key, None)
                if value is not None:
                    self.labels[key] = value
            return 200, self._node()
        test, remove = body
        index = int(test["path"].split("/")[3])
        assert (test["op"], remove["op"]) == ("test", "remove")
        if index >= len(self.taints) or self.taints[index]["key"] != test["value"]:
            return 422, {}
        del self.taints[int(remove["path"].split("/")[3])]
        return 200, self._node()

    def _node(self) -> Any:
        return {"metadata": {"labels": self.labels}, "spec": {"taints": self.taints}}

    @Request.application
    def _serve(self, request: Request) -> Response:
        status, answer = 401, {}
        if request.headers.get("Authorization") == f"Bearer {TOKEN}":
            text = request.get_data()
            body = json.loads(text) if text else None
            status, answer = self.answer(request.method, request.path, request.mimetype, body)
        return Response(json.dumps(answer), status)
