"""The body of a remote write of version 1, read: Snappy's block format around a WriteRequest.

Sources: google/snappy, format_description.txt; prometheus/prometheus, prompb/remote.proto and
types.proto; protobuf.dev/programming-guides/encoding.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One value of a series."""

    labels: Mapping[str, str]
    value: float

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.labels["__name__"]


def samples(body: bytes) -> Iterator[Sample]:
    """The samples of a request. Raises ValueError for another format."""
    for number, series in _fields(_plain(body)):
        if number != 1:
            continue
        labels: dict[str, str] = {}
        values = []
        for part, content in _fields(series):
            found = dict(_fields(content))
            if part == 1:
                labels[found[1].decode()] = found[2].decode()
            elif part == 2:
                (value,) = struct.unpack("<d", found.get(1, bytes(8)))
                values.append(value)
        yield from (Sample(labels, value) for value in values)


def _plain(packed: bytes) -> bytes:
    length, at = _number(packed, 0)
    plain = bytearray()
    while at < len(packed):
        tag = packed[at]
        at += 1
        if tag & 3 == 0:
            size = tag >> 2
            if (more := size - 59) > 0:
                size = int.from_bytes(packed[at : at + more], "little")
                at += more
            plain += packed[at : at + size + 1]
            at += size + 1
            continue
        if tag & 3 == 1:
            size, offset = (tag >> 2 & 7) + 4, tag >> 5 << 8 | packed[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            size, offset = (tag >> 2) + 1, int.from_bytes(packed[at : at + width], "little")
            at += width
        # A copy may reach into what it writes.
        for _ in range(size):
            plain.append(plain[-offset])
    if len(plain) != length:
        raise ValueError(f"{len(plain)} bytes unpacked, {length} announced")
    return bytes(plain)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each field; that of a varint is left out."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        match key & 7:
            case 0:
                _, at = _number(message, at)
                continue
            case 1:
                size = 8
            case 2:
                size, at = _number(message, at)
            case other:
                raise ValueError(f"wire type {other}")
        yield key >> 3, message[at : at + size]
        at += size


def _number(message: bytes, at: int) -> tuple[int, int]:
    """A varint and where it ends."""
    found = shift = 0
    while True:
        byte = message[at]
        found |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return found, at
