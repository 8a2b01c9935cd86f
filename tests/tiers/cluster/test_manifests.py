"""Every manifest of every stack in every mount level is accepted by the API server and stored
unchanged; cases that show a permanent change, which `pulumi refresh` would show."""

import pytest

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.drift import changed_by_server
from tests.tiers.cluster.objects import apply_all, clear, identity


def test_the_server_takes_all_of_them_and_adds_defaults_only(live: Live) -> None:
    changes = {
        identity(one): changed
        for one, answer in zip(live.sent, live.answers, strict=True)
        if (changed := changed_by_server(one, answer))
    }
    assert not changes


def test_applying_them_again_changes_nothing(api: Api, live: Live) -> None:
    for one in live.sent:
        before, after = _apply_again(api, one)
        assert before == after, identity(one)


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
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "compared"}}
    objects = [namespace, _quota(sent)]
    try:
        *_, live = apply_all(api, objects)
    finally:
        clear(api, objects)
    assert changed_by_server(_quota(sent), live) == back


def _apply_again(api: Api, one: Object) -> tuple[str, str]:
    """The resource version before and after an apply.

    A controller may write a status in between, so a changed version is looked at again; what an
    apply itself changes, it changes each time.
    """
    for _ in range(5):
        before = api.get(one)["metadata"]["resourceVersion"]
        after = api.apply(one)["metadata"]["resourceVersion"]
        if before == after:
            break
    return before, after


def _quota(amount: object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota", "namespace": "compared"},
        "spec": {"hard": {"requests.cpu": amount}},
    }
