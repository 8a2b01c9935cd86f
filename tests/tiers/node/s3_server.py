"""S3 on loopback for nodes: the publisher's, which can also go away and deny a bucket or region."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from tests.ops.publish.s3 import OWNER, REGION, S3, Refuse, Request, nothing

JARS_PREFIX = "spark/jars/"
_STAND_IN = Path(__file__).with_name("mount_s3.py")


class S3Server(S3):
    """Keeps JARs that were read in memory: moto reads all of an object for a part of it."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.denied: set[str] = set()
        """Buckets that deny all access."""
        super().__init__()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuses connections for the block, then answers on the same port with all objects."""
        port, handler = self._server.port, self._server.RequestHandlerClass
        self._server.shutdown()
        self._server.server_close()
        try:
            yield
        finally:
            self._server = make_server(
                "127.0.0.1", port, self, threaded=True, request_handler=handler
            )
            serve = self._server.serve_forever
            self._thread = threading.Thread(target=serve, args=(0.05,), daemon=True)
            self._thread.start()

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Waits before each answer during the block."""
        self.before = lambda request: time.sleep(seconds)
        try:
            yield
        finally:
            self.before = nothing

    def mount_command(self, bucket: str, point: Path, *flags: str) -> list[str | Path]:
        """The command line of a read-only mount of a bucket: of $MOUNT_S3, or of the stand-in."""
        real = os.environ.get("MOUNT_S3")
        return [
            *([real] if real else [sys.executable, _STAND_IN]),
            *(bucket, point, "--foreground", "--read-only", "--region", REGION),
            *(f"--endpoint-url={self.url}", "--force-path-style", *flags),
        ]

    def node_mount(self, bucket: str, point: Path, cache: Path, *flags: str) -> list[str | Path]:
        """The same with a node's own flags (userdata/spark-jars) and a folder for its cache."""
        return self.mount_command(
            *(bucket, point, "--allow-other", "--prefix", JARS_PREFIX),
            *("--expected-bucket-owner", OWNER, "--cache", str(cache), "--max-cache-size", "4096"),
            *("--metadata-ttl", "indefinite", "--negative-metadata-ttl", "minimal"),
            *("--file-mode", "0444", "--dir-mode", "0555", *flags),
        )

    def s3a(self) -> dict[str, str]:
        """Spark's configuration of an S3A that uses this server, with credentials of the
        environment: for a role's token there is no STS."""
        keys = {
            "endpoint": self.url,
            "endpoint.region": REGION,
            "path.style.access": "true",
            "connection.ssl.enabled": "false",
            "aws.credentials.provider": (
                "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"
            ),
        }
        return {f"spark.hadoop.fs.s3a.{key}": value for key, value in keys.items()}

    def create(self, bucket: str) -> None:
        """An empty bucket of the server's region. Servers of one process share their buckets, also
        those of a server that is closed."""
        where = {"LocationConstraint": REGION}
        try:
            self.client.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        except self.client.exceptions.BucketAlreadyOwnedByYou:
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for one in page.get("Contents", ()):
                    self.client.delete_object(Bucket=bucket, Key=one["Key"])

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """An object."""
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def _refuse(self, request: Request, environ: dict[str, Any]) -> None:
        scope = environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].split("/")
        if scope[2] != REGION:
            raise Refuse(400, "AuthorizationHeaderMalformed")
        if environ["PATH_INFO"].split("/")[1] in self.denied:
            raise Refuse(403, "AccessDenied", "Access Denied")
        super()._refuse(request, environ)

    def _pass_on(self, environ: dict[str, Any]) -> tuple[bytes, tuple[str, list[Any]]]:
        wanted, path = environ.get("HTTP_RANGE", ""), environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "GET" or not wanted or not path.endswith(".jar"):
            return super()._pass_on(environ)
        if path not in self._read:
            whole = {key: value for key, value in environ.items() if key != "HTTP_RANGE"}
            body, answer = super()._pass_on(whole)
            if not answer[0].startswith("200"):
                return body, answer
            self._read[path] = body, dict(answer[1])
        body, headers = self._read[path]
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        part = body[int(first) : int(last) + 1]
        place = f"bytes {first}-{int(first) + len(part) - 1}/{len(body)}"
        changed = {"Content-Length": str(len(part)), "Content-Range": place}
        kept = {name: text for name, text in headers.items() if "checksum" not in name.lower()}
        return part, ("206 Partial Content", list({**kept, **changed}.items()))
