"""Pages of metrics that tests make themselves, served to Prometheus."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.tiers.cluster.api import Object
from tests.tiers.metrics.alerting import static

Series = tuple[str, Mapping[str, str], float]
"""Name, labels and value."""


def written(series: Iterable[Series]) -> str:
    """The page with these series."""
    lines = []
    for name, labels, value in series:
        pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{pairs}}} {value}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@contextmanager
def serving(job: str, page: Callable[[], str]) -> Iterator[Object]:
    """Serves a page for the block; the scrape job of it, which honors its labels."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            yield static(job, url, honor_labels=True)
        finally:
            server.shutdown()
            thread.join()
