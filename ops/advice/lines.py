"""The lines of an event log, decompressed as they are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import zstandard

from ops.plan.errors import UserError

LONGEST = 8 * 1024 * 1024
"""Bytes of a line that is looked at. A task's end has some 5 KB, the environment 100 KB; plans of
SQL can be longer, and are not needed."""
_CHUNK = 256 * 1024
_DECOMPRESSED = 32 * 1024
"""Bytes that are decompressed at once, and lost where the stream is damaged."""
_LARGEST_WINDOW = 128 * 1024 * 1024
"""What zstd itself accepts without a further option."""
_ZSTD = b"\x28\xb5\x2f\xfd"
_UNREAD = {b"LZ4Block": "lz4", b"\x82SNAPPY\0": "snappy", b"ZV": "lzf"}
"""How the streams of Spark's other codecs begin."""


class NotRead(UserError):
    """A log that cannot be read: another codec, or no log."""


@dataclass
class Damage:
    """What was left out of a log."""

    long_lines: int = 0
    problems: list[str] = field(default_factory=list)


def lines(
    raw: BinaryIO, name: str, damage: Damage, advance: Callable[[int], None] = lambda count: None
) -> Iterator[bytes]:
    """The lines of a plain or zstd log. A line longer than LONGEST is left out; where the stream is
    damaged the lines before it are all.

    `advance` receives the number of compressed bytes that were read. Raises NotRead for another
    codec, and what reading `raw` raises.
    """
    counted = _Counted(raw, advance)
    try:
        yield from _split(_chunks(counted, name), damage)
    except zstandard.ZstdError as error:
        damage.problems.append(f"{name}: damaged, read up to there ({error})")


def _chunks(raw: "_Counted", name: str) -> Iterator[bytes]:
    head = raw.read(_CHUNK)
    if head.startswith(_ZSTD):
        raw.again(head)
        decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        # It calls `read`, and nothing else of a file.
        source = cast(BinaryIO, raw)
        reader = decompressor.stream_reader(source, read_size=_CHUNK, read_across_frames=True)
        while chunk := reader.read(_DECOMPRESSED):
            yield chunk
        return
    for magic, codec in _UNREAD.items():
        if head.startswith(magic):
            raise NotRead(
                f"{name}: is compressed with {codec}, which is not read: set "
                "spark.eventLog.compression.codec to zstd, or spark.eventLog.compress to false"
            )
    while head:
        yield head
        head = raw.read(_CHUNK)


def _split(chunks: Iterator[bytes], damage: Damage) -> Iterator[bytes]:
    kept: list[bytes] = []
    size = 0
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            if size + len(part) <= LONGEST:
                yield b"".join((*kept, part)) if kept else part
            else:
                damage.long_lines += 1
            kept, size = [], 0
        size += len(rest)
        # Of a line that is too long only the length counts.
        kept = [*kept, rest] if size <= LONGEST else []
    if 0 < size <= LONGEST:
        yield b"".join(kept)
    elif size > LONGEST:
        damage.long_lines += 1


class _Counted:
    """A stream that tells how much of it was read."""

    def __init__(self, raw: BinaryIO, advance: Callable[[int], None]) -> None:
        self._raw, self._advance = raw, advance
        self._head = b""

    def again(self, head: bytes) -> None:
        """The next read returns `head`, which was read to look at it."""
        self._head = head

    def read(self, size: int = -1) -> bytes:
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        read = self._raw.read(size)
        self._advance(len(read))
        return read
