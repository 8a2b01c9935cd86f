"""Every manifest of every stack in every mount level is accepted by the API server and stored
unchanged."""

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.drift import changed_by_server
from tests.tiers.cluster.objects import identity


def test_the_server_takes_all_of_them(live: Live) -> None:
    assert [identity(one) for one in live.answers] == [identity(one) for one in live.sent]
    kinds = {one["kind"] for one in live.answers}
    assert {"Namespace", "PersistentVolume", "PersistentVolumeClaim"} <= kinds


def test_live_objects_differ_from_manifests_by_defaults_only(live: Live) -> None:
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
