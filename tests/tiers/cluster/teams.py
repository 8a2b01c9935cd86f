"""What the tests of teams ask alike: of which stacks, and what the API server refuses."""

import pytest

from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.combinations import combination

two_stacks = pytest.mark.parametrize(
    "live", [combination("dev", "pod"), combination("prod", "pod")], ids=str, indirect=True
)


def refusal(api: Api, manifest: Object) -> str:
    """Why the server would not take an object; empty where it would."""
    try:
        api.create(manifest, dry_run=True)
    except Refused as refused:
        return str(refused)
    return ""
