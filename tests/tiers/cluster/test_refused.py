"""The API server rejects manifests that would break the platform, with a message (refusals.py)."""

import re

import pytest

from tests.tiers.cluster.api import Api, Refused
from tests.tiers.cluster.combinations import ONE_WITH_ALL_KINDS
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.refusals import CHANGED, NEW, Case

pytestmark = pytest.mark.parametrize("live", ONE_WITH_ALL_KINDS, ids=str, indirect=True)

_NO = ("Invalid", "Forbidden", "BadRequest")


@pytest.mark.parametrize("case", NEW, ids=str)
def test_a_new_object_is_refused_with_the_reason(api: Api, live: Live, case: Case) -> None:
    manifest = case.manifest(live.sent)
    manifest["metadata"]["name"] = "as-new"
    with pytest.raises(Refused, match=re.escape(case.says)) as refusal:
        api.create(manifest, dry_run=True)
    assert refusal.value.reason in _NO


@pytest.mark.parametrize("case", CHANGED, ids=str)
def test_a_change_is_refused_with_the_reason(api: Api, live: Live, case: Case) -> None:
    with pytest.raises(Refused, match=re.escape(case.says)) as refusal:
        api.apply(case.manifest(live.sent), dry_run=True)
    assert refusal.value.reason in _NO


@pytest.mark.parametrize("name", sorted({(case.kind, case.name) for case in NEW}))
def test_the_same_objects_without_the_change_are_taken(
    api: Api, live: Live, name: tuple[str, str]
) -> None:
    case = next(case for case in NEW if (case.kind, case.name) == name)
    manifest = case._replace(path="metadata/labels", value={}).manifest(live.sent)
    manifest["metadata"]["name"] = "as-new"
    assert api.create(manifest, dry_run=True)["metadata"]["name"] == "as-new"
