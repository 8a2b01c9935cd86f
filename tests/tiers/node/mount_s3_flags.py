"""The command line of mount-s3 1.24.0, limited to flags of a read-only mount."""

import argparse
import re
import sys
from collections.abc import Callable

VERSION = "1.24.0"
BLOCK = 1024 * 1024
"""Bytes of a block of the cache."""


class Parser(argparse.ArgumentParser):
    """Refuses with exit 2, as clap does."""

    def error(self, message: str) -> None:
        print(f"error: {message}\n\nFor more information, try '--help'.", file=sys.stderr)
        raise SystemExit(2)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The flags, checked. Exits 2 for what mount-s3 refuses before it tries anything."""
    parser = Parser(prog="mount-s3", allow_abbrev=False)
    parser.add_argument("bucket")
    parser.add_argument("mount_point")
    parser.add_argument("-V", "--version", action="version", version=f"mount-s3 {VERSION}-standin")
    for flag in (
        *("read-only", "allow-other", "allow-root", "allow-delete", "allow-overwrite"),
        *("auto-unmount", "force-path-style", "dual-stack", "requester-pays", "no-sign-request"),
        *("transfer-acceleration", "log-metrics", "no-log", "debug-crt", "incremental-upload"),
    ):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("-f", "--foreground", action="store_true")
    parser.add_argument("-d", "--debug", action="store_true")
    for flag in (
        *("region", "endpoint-url", "expected-bucket-owner", "profile", "cache", "ca-bundle"),
        *("otlp-endpoint", "cache-xz", "bucket-type", "storage-class", "sse", "log-directory"),
    ):
        parser.add_argument(f"--{flag}")
    parser.add_argument("--prefix", default="")
    for flag in ("metadata-ttl", "negative-metadata-ttl"):
        parser.add_argument(f"--{flag}", type=_ttl)
    for flag, least in (("uid", 1), ("gid", 1), ("max-threads", 1), ("max-cache-size", 0)):
        parser.add_argument(f"--{flag}", type=_at_least(least))
    parser.add_argument("--memory-target", type=_at_least(512))
    parser.add_argument("--read-part-size", "--part-size", type=_at_least(5 * BLOCK))
    parser.add_argument("--otlp-export-interval", type=_at_least(1))
    parser.add_argument("--maximum-throughput-gbps", type=float)
    for flag in ("file-mode", "dir-mode"):
        parser.add_argument(f"--{flag}", type=_mode)
    given = parser.parse_args(arguments)
    if given.bucket.startswith("s3://"):
        if given.prefix:
            parser.error("the argument '--prefix' cannot be used with an s3:// URI")
        given.bucket, _, given.prefix = given.bucket.removeprefix("s3://").partition("/")
    if given.prefix and not given.prefix.endswith("/"):
        parser.error(f"invalid value '{given.prefix}' for '--prefix': must end in '/'")
    if given.allow_other and given.allow_root:
        parser.error("'--allow-root' cannot be used with '--allow-other'")
    if given.max_cache_size is not None and given.cache is None:
        parser.error("'--max-cache-size' needs '--cache'")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", given.bucket):
        parser.error(f"invalid value '{given.bucket}' for '<BUCKET_NAME>'")
    return given


def _at_least(least: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        if (value := int(text)) < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return check


def _ttl(text: str) -> float:
    return {"indefinite": float("inf"), "minimal": 0.1}.get(text) or float(int(text))


def _mode(text: str) -> int:
    if not re.fullmatch(r"[0-7]{3,4}", text) or int(text, 8) > 0o777:
        raise argparse.ArgumentTypeError("must be octal, at most 0777")
    return int(text, 8)
