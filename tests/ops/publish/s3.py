"""moto's S3 on loopback, behind a proxy that logs, rejects and drops requests as S3 and networks
do.

The proxy adds behaviour of S3 that moto lacks and publishing needs: a body with another SHA-256
than announced is rejected (BadDigest), and a bucket of another account is denied.
"""

import base64
import hashlib
import io
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

REGION = "us-west-2"
OWNER = "123456789012"
"""moto's account."""
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI-not-a-secret"

_OPERATIONS = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject"}


@dataclass(frozen=True)
class Request:
    """One request of the client: `number` counts from 1."""

    number: int
    operation: str
    key: str


class Refuse(Exception):
    """Raised by a rule: S3 answers with this error."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(code)


class _Handler(WSGIRequestHandler):
    """Logs nothing, and closes the connection without a response if a rule says so."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass

    def handle_expect_100(self) -> bool:
        # werkzeug itself sends "100 Continue": a second one is an answer to the SDK's Netty client.
        return True

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True


def nothing(request: Request) -> None:
    """The rule that accepts every request."""


class S3:
    """The server. Rules are called before and after each request to S3, and may raise: with Refuse
    the server returns an error, with ConnectionError it closes the connection."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self.forget()
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Handler)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.client = self.client_with(attempts=1)

    def close(self) -> None:
        """Ends the server."""
        self.client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def client_with(self, attempts: int) -> Any:
        """A client with this maximum number of attempts per request."""
        return boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
        )

    def forget(self) -> None:
        """Removes all rules and counts from zero."""
        self.before: Callable[[Request], None] = nothing
        self.after: Callable[[Request], None] = nothing
        self.reported = ""
        """A wrong checksum to report for each object; empty to report the real ones."""
        self.requests: list[Request] = []
        self.stored: Counter[str] = Counter()
        """How often S3 took an object, by key."""

    def count(self, operation: str) -> int:
        """How many requests of this kind there were."""
        return sum(request.operation == operation for request in self.requests)

    def environment(self) -> dict[str, str]:
        """Environment that makes the publisher's clients use this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._moto(environ, start_response)
        return self._answer(environ, start_response)

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = self._logged(environ)
        try:
            self.before(request)
            # One at a time: moto checks and writes in two steps, S3 atomically.
            with self._turn:
                self._refuse(request, environ)
                body, (status, headers) = self._pass_on(environ)
                if request.operation == "PutObject" and status.startswith("200"):
                    self.stored[request.key] += 1
            self.after(request)
        except Refuse as refusal:
            text = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            empty = request.operation == "HeadObject"
            start_response(f"{refusal.status} x", [("Content-Type", "application/xml")])
            return [] if empty else [text.encode()]
        if self.reported and request.operation == "PutObject":
            named = {name.lower(): value for name, value in headers}
            headers = list({**named, "x-amz-checksum-sha256": self.reported}.items())
        start_response(status, headers)
        return [body]

    def _logged(self, environ: dict[str, Any]) -> Request:
        method = environ["REQUEST_METHOD"]
        key = unquote(environ["PATH_INFO"]).partition("/")[2].partition("/")[2]
        operation = _OPERATIONS.get(method, method) if key else f"{method} bucket"
        if "list-type" in parse_qs(environ["QUERY_STRING"]):
            operation = "ListObjectsV2"
        with self._lock:
            request = Request(len(self.requests) + 1, operation, key)
            self.requests.append(request)
        return request

    def _refuse(self, request: Request, environ: dict[str, Any]) -> None:
        if environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", OWNER) != OWNER:
            raise Refuse(403, "AccessDenied", "Access Denied")
        if request.operation == "PutObject":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
            announced = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
            if announced and announced != sha256(body):
                raise Refuse(400, "BadDigest", "The SHA256 you specified did not match")

    def _pass_on(self, environ: dict[str, Any]) -> tuple[bytes, tuple[str, list[Any]]]:
        answers: list[tuple[str, list[Any]]] = []
        body = self._moto(environ, lambda status, headers, *_: answers.append((status, headers)))
        return b"".join(body), answers[0]


def sha256(body: bytes) -> str:
    """In base64, as S3 has it."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
