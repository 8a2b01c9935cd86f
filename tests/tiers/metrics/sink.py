"""What Prometheus and Alertmanager send to: a server that keeps the requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Request:
    """A POST that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Sink:
    """A server on loopback that answers every POST with success."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def to(self, path: str) -> list[Request]:
        """The requests to a path."""
        return [one for one in list(self.requests) if one.path == path]


@contextmanager
def sink() -> Iterator[Sink]:
    """Runs one for the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept.requests.append(Request(self.path, dict(self.headers.items()), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Sink(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
