"""Shared by the tests of teams: the stacks, and the API server's rejections."""

import pytest

from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.combinations import combination

two_stacks = pytest.mark.parametrize(
    "live", [combination("dev", "pod"), combination("prod", "pod")], ids=str, indirect=True
)


def refusal(api: Api, manifest: Object) -> str:
    """Why the server rejects an object; empty if it accepts it."""
    try:
        api.create(manifest, dry_run=True)
    except Refused as refused:
        return str(refused)
    return ""
