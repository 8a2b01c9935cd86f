"""A Maven repository on loopback: files by path, and configured failures."""

import hashlib
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class MavenServer:
    """Serves `files`. `failing` has the paths that answer an error, and how often; `short` those
    whose body breaks off, and how often; `moved` those that redirect, and where to."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.failing: dict[str, tuple[int, int]] = {}
        self.short: Counter[str] = Counter()
        self.moved: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        """GETs by path."""
        self.authorized: list[str] = []
        """The Authorization headers that came."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def do_HEAD(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/maven2"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, path: str, jar: Path, *algorithms: str) -> None:
        """An artifact with these checksums published."""
        body = jar.read_bytes()
        self.files[path] = body
        for algorithm in algorithms:
            self.files[f"{path}.{algorithm}"] = hashlib.new(algorithm, body).hexdigest().encode()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.removeprefix("/maven2/")
        if handler.command == "GET":
            self.asked[path] += 1
        if "Authorization" in handler.headers:
            self.authorized.append(handler.headers["Authorization"])
        status, times = self.failing.get(path, (0, 0))
        if times:
            self.failing[path] = (status, times - 1)
            return handler.send_error(status)
        if path in self.moved:
            handler.send_response(302)
            handler.send_header("Location", self.moved[path])
            return handler.end_headers()
        body = self.files.get(path)
        if body is None:
            return handler.send_error(404)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command == "HEAD":
            return None
        if self.short[path]:
            self.short[path] -= 1
            body = body[: len(body) // 2]
        handler.wfile.write(body)
        return None
