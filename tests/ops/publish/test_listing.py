"""The releases of a bucket, and what makes one incomplete."""

import json
from collections.abc import Callable

from ops.plan.command import Format
from ops.publish.files import File
from ops.publish.listing import Listed, as_text, listed
from ops.publish.publish import MANIFEST
from ops.publish.store import Store
from tests.ops.publish.conftest import Place


def test_each_release_is_listed_with_its_state(place: Place, jar: Callable[..., File]) -> None:
    files = [jar("a.jar", 2_000_000), jar("b.jar")]
    for name in ("whole", "lacks", "other"):
        place.publish(files, name)
    place.put("half/a.jar", b"x")
    place.put(f"foreign/{MANIFEST}", b"{}")
    place.put("other/b.jar", b"x")
    place.put("whole/archives/arm64/archive.json", b"{}")
    # Not finished.
    place.put("whole/archives/amd64/spark.jsa", b"x")
    bucket, key = place.to.bucket, place.to.key("lacks", "b.jar")
    place.s3.client.delete_object(Bucket=bucket, Key=key)
    store, size = Store(place.s3.client, place.to), sum(one.size for one in files)
    found = listed("jars", store)
    assert found == [
        Listed(
            "jars", "foreign", wrong=f"the {MANIFEST} of foreign was not written by this command"
        ),
        Listed("jars", "half", wrong=f"unfinished: it has no {MANIFEST}"),
        Listed("jars", "lacks", 2, size, "missing: b.jar"),
        Listed("jars", "other", 2, size, "of another size: b.jar"),
        Listed("jars", "whole", 2, size, archives=("arm64",)),
    ]
    assert listed("jars", store, ["whole", "none"]) == [
        Listed("jars", "whole", 2, size, archives=("arm64",)),
        Listed("jars", "none", wrong="not published"),
    ]
    lines = as_text(Format.text, found).splitlines()
    assert lines[0].split() == ["set", "release", "JARs", "size", "archives", "state"]
    assert lines[5].split() == ["jars", "whole", "2", "2.0", "MB", "arm64", "complete"]
    assert json.loads(as_text(Format.json, found))["releases"][4] == {
        "jar_set": "jars", "name": "whole", "jars": 2, "size": size, "wrong": "",
        "archives": ["arm64"],
    }  # fmt: skip


def test_a_bucket_without_a_release_says_so(place: Place) -> None:
    assert as_text(Format.text, listed("jars", Store(place.s3.client, place.to))) == "no release\n"
