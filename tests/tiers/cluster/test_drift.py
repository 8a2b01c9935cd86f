"""The comparison that replaces `pulumi refresh`: cases that show a permanent change."""

import pytest

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.drift import changed_by_server
from tests.tiers.cluster.objects import apply_all, clear


def _namespace() -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "compared"}}


def _quota(amount: object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota", "namespace": "compared"},
        "spec": {"hard": {"requests.cpu": amount}},
    }


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ("1000m", ["spec.hard.requests.cpu: '1000m' was sent, '1' came back"]),
        (1, ["spec.hard.requests.cpu: 1 was sent, '1' came back"]),
        ("1", []),
    ],
)
def test_a_quantity_must_be_written_as_the_server_writes_it(
    api: Api, sent: object, back: list[str]
) -> None:
    objects = [_namespace(), _quota(sent)]
    try:
        *_, live = apply_all(api, objects)
    finally:
        clear(api, objects)
    assert changed_by_server(_quota(sent), live) == back


@pytest.mark.parametrize(
    ("sent", "live", "expected"),
    [
        ({"a": 1}, {"a": 1, "status": {}}, []),
        ({"a": ""}, {}, ["a: '' was sent and is not there"]),
        (
            {"a": [1, 2]},
            {"a": [2, 1]},
            ["a[0]: 1 was sent, 2 came back", "a[1]: 2 was sent, 1 came back"],
        ),
        ({"a": [1]}, {"a": [1, 2]}, ["a: [1] was sent, [1, 2] came back"]),
        ({"a": True}, {"a": 1}, ["a: True was sent, 1 came back"]),
        ({"a": {"b": "x"}}, {"a": {"b": "x", "c": "default"}}, []),
    ],
)
def test_only_additions_are_no_change(sent: Object, live: Object, expected: list[str]) -> None:
    assert changed_by_server(sent, live) == expected
