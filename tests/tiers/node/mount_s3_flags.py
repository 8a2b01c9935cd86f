"""The command line of mount-s3 1.24.0, limited to the flags that a node sets and that users may."""

import argparse
import re
import sys
from collections.abc import Callable

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
    parser.add_argument("-V", "--version", action="version", version="mount-s3 1.24.0-standin")
    for flag in (
        *("foreground", "read-only", "allow-other", "force-path-style"),
        *("dual-stack", "requester-pays", "log-metrics", "debug"),
    ):
        parser.add_argument(f"--{flag}", action="store_true")
    for flag in (
        *("region", "endpoint-url", "expected-bucket-owner", "cache", "ca-bundle"),
        "otlp-endpoint",
    ):
        parser.add_argument(f"--{flag}")
    parser.add_argument("--prefix", default="")
    for flag in ("metadata-ttl", "negative-metadata-ttl"):
        parser.add_argument(f"--{flag}", type=_ttl, default=60.0)
    for flag, least in (
        *(("max-threads", 1), ("max-cache-size", 0), ("memory-target", 512)),
        *(("read-part-size", 5 * BLOCK), ("otlp-export-interval", 1)),
    ):
        parser.add_argument(f"--{flag}", type=_at_least(least))
    parser.add_argument("--maximum-throughput-gbps", type=float)
    for flag in ("file-mode", "dir-mode"):
        parser.add_argument(f"--{flag}", type=_mode)
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.error(f"unexpected argument '{unknown[0]}' found")
    if given.prefix and not given.prefix.endswith("/"):
        parser.error(f"invalid value '{given.prefix}' for '--prefix': must end in '/'")
    if given.max_cache_size is not None and given.cache is None:
        parser.error("'--max-cache-size' needs '--cache'")
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
