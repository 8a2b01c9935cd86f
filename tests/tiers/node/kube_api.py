"""The few calls of a Kubernetes API server that the DaemonSet's pod and a node make, over TLS."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

TOKEN = "the-pods-token"


class KubeApi:
    """One node and one DaemonSet. What the account has no right to is answered 403."""

    def __init__(self, folder: Path, node: str, namespace: str, daemonset: str) -> None:
        self._node = node
        self._node_path = f"/api/v1/nodes/{node}"
        self._set_path = f"/apis/apps/v1/namespaces/{namespace}/daemonsets/{daemonset}"
        self.labels: dict[str, str] = {}
        self.taints: list[dict[str, str]] = []
        self.daemonset: dict[str, Any] | None = {"metadata": {"name": daemonset}}
        self.refused: list[str] = []
        """Calls that the account has no right to."""
        self.patches: list[Any] = []
        """Requested changes of the node."""
        self.available = True
        certificate, server = _certificate(folder)
        self.certificate = certificate.read_text()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, kind: str, body: Any) -> tuple[int, Any]:
        """Status and body of an answer."""
        if not self.available:
            return 503, {}
        if (method, path) == ("GET", self._set_path):
            return (200, self.daemonset) if self.daemonset else (404, {})
        if (method, path) == ("PATCH", self._node_path):
            return self._patch(kind, body)
        if (method, path) == ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"):
            user = {"username": f"system:node:{self._node}", "groups": ["system:nodes"]}
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
            return 200, {}
        test, remove = body
        index = int(test["path"].split("/")[3])
        assert (test["op"], remove["op"]) == ("test", "remove")
        if index >= len(self.taints) or self.taints[index]["key"] != test["value"]:
            return 422, {}
        del self.taints[int(remove["path"].split("/")[3])]
        return 200, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = 401, {}
                if self.headers["Authorization"] == f"Bearer {TOKEN}":
                    kind = self.headers.get("Content-Type", "")
                    body = json.loads(text) if text else None
                    status, answer = api.answer(self.command, self.path, kind, body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            do_GET = do_PATCH = do_POST = do_DELETE = do_PUT = _serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def _certificate(folder: Path) -> tuple[Path, Path]:
    """The authority's certificate, and the server's key and certificate in one file."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(folder / "server.pem")
    )
    return folder / "ca.crt", folder / "server.pem"
