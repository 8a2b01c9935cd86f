"""moto's S3 on loopback behind a proxy that counts, delays and rejects requests as S3 would."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

REGION = "us-west-2"
OWNER = "123456789012"
"""moto's account."""
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "secret"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class S3Server:
    """S3 on loopback. `stop` refuses connections, `start` answers again, with all objects kept."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer | None = None
        self._port = 0
        self.requests: Counter[str] = Counter()
        """Number of requests by kind: GET, HEAD, LIST, and bytes under "bytes"."""
        self.delay: Callable[[str], float] = lambda kind: 0.0
        """Seconds to wait before an answer, by kind of request."""
        self.denied: set[str] = set()
        """Buckets that deny all access."""
        self.start()
        self.client = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}),
        )

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Answers, on the same port as before."""
        self._server = make_server(
            "127.0.0.1", self._port, self, threaded=True, request_handler=_Quiet
        )
        self._port = self._server.port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Refuses connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def create(self, bucket: str) -> None:
        """A bucket of the server's region."""
        where = {"LocationConstraint": REGION}
        self.client.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)  # ty: ignore

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """An object."""
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def release(self, bucket: str, name: str, jars: dict[str, bytes], prefix: str) -> None:
        """A release as it is published: its JARs, and release.json last."""
        for jar, body in jars.items():
            self.put(bucket, f"{prefix}{name}/{jar}", body)
        self.put(bucket, f"{prefix}{name}/release.json", b"{}")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        bucket = environ["PATH_INFO"].split("/")[1]
        kind = (
            "LIST" if "list-type" in environ.get("QUERY_STRING", "") else environ["REQUEST_METHOD"]
        )
        self.requests[kind] += 1
        time.sleep(self.delay(kind))
        refused = self._refusal(bucket, environ)
        if refused is not None:
            status, code = refused
            body = f"<Error><Code>{code}</Code></Error>".encode()
            start_response(status, [("Content-Length", str(len(body)))])
            return [] if kind == "HEAD" else [body]
        return self._counted(self._app(environ, start_response), kind)

    def _refusal(self, bucket: str, environ: dict[str, Any]) -> tuple[str, str] | None:
        signed = environ.get("HTTP_AUTHORIZATION", "")
        scope = signed.partition("Credential=")[2].split("/")
        if len(scope) > 2 and scope[2] != REGION:
            return "400 Bad Request", "AuthorizationHeaderMalformed"
        owner = environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", OWNER)
        if bucket in self.denied or owner != OWNER:
            return "403 Forbidden", "AccessDenied"
        return None

    def _counted(self, body: Iterable[bytes], kind: str) -> Iterable[bytes]:
        for part in body:
            if kind == "GET":
                self.requests["bytes"] += len(part)
            yield part
