"""A release interrupted at any request does not exist; a repeated run completes it."""

import hashlib
import json
from collections.abc import Callable

import pytest

from ops.plan.errors import Failed
from ops.publish.files import File
from ops.publish.publish import MANIFEST
from tests.ops.publish.conftest import Place
from tests.ops.publish.s3 import S3, Request

# 1 list, 2 JARs, 1 list, 2 checksums, release.json.
REQUESTS = 7
WRITES = 3
"""The JARs and release.json."""


@pytest.fixture
def files(jar: Callable[..., File]) -> list[File]:
    """Two JARs."""
    return [jar("a.jar", 100), jar("b.jar", 2500)]


def complete_or_absent(place: Place, files: list[File]) -> bool:
    """A node sees no release at all, or all its JARs with their checksums."""
    there = place.objects()
    if f"r1/{MANIFEST}" not in there:
        return False
    listed = json.loads(there[f"r1/{MANIFEST}"])["jars"]
    assert [one["name"] for one in listed] == [jar.name for jar in files]
    for one in listed:
        body = there[f"r1/{one['name']}"]
        assert (len(body), hashlib.sha256(body).hexdigest()) == (one["size"], one["sha256"])
    return True


def dies_before(number: int) -> Callable[[Request], None]:
    """From this request on nothing reaches S3, as when the process was killed."""

    def rule(request: Request) -> None:
        if request.number >= number:
            raise ConnectionError

    return rule


def test_an_uninterrupted_release_takes_these_requests(place: Place, files: list[File]) -> None:
    assert place.publish(files).new
    assert len(place.s3.requests) == REQUESTS
    assert place.s3.requests[-1].key.endswith(MANIFEST), "release.json is written last"
    assert complete_or_absent(place, files)


@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
@pytest.mark.parametrize("lost", ["request", "answer"])
def test_killed_at_any_request_and_repeated_it_is_complete_and_no_object_was_sent_twice(
    server: S3, files: list[File], number: int, lost: str
) -> None:
    place = Place(server)
    server.before = dies_before(number if lost == "request" else number + 1)
    if lost == "answer":
        server.after = dies_before(number)
    with pytest.raises(Failed):
        place.publish(files)
    taken = server.stored.copy()
    server.forget()
    written = number == REQUESTS and lost == "answer"
    assert complete_or_absent(place, files) is written

    server.forget()
    result = place.publish(files)
    taken += server.stored
    assert complete_or_absent(place, files)
    assert result.new is not written
    assert len(taken) == WRITES and set(taken.values()) == {1}
