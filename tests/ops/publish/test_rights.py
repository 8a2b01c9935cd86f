"""The permissions on the page are those that publishing needs."""

import json
import re
from collections.abc import Callable

import pytest

from ops.plan.errors import Failed
from ops.publish.files import File
from tests.ops.publish.conftest import Place
from tests.ops.publish.s3 import Request
from tests.plans import ROOT
from tests.rights import allowed

PAGE = (ROOT / "docs" / "publish-jars.md").read_text()
STATEMENTS = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])["Statement"]
ACTION_OF = {
    "ListObjectsV2": "s3:ListBucket",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
}
"""docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""


def test_the_pages_rights_suffice_and_each_is_needed(
    place: Place, jar: Callable[..., File]
) -> None:
    """All requests of publishing: an interrupted run, a resumed one, a repeated one."""

    def breaks_off(request: Request) -> None:
        if request.key.endswith("y.jar"):
            raise ConnectionError

    files = [jar("x.jar", 100), jar("y.jar", 2500)]
    place.s3.before = breaks_off
    with pytest.raises(Failed, match=r"Connection|refused|denied"):
        place.publish(files)
    place.s3.before = lambda request: None
    assert place.publish(files).new and not place.publish(files).new
    asked = {(ACTION_OF[one.operation], one.key) for one in place.s3.requests}
    for action, key in asked:
        assert allowed(STATEMENTS, action, f"arn:aws:s3:::BUCKET/{key}".rstrip("/"), {}), key
    assert {action for action, _ in asked} == {
        action for one in STATEMENTS for action in one["Action"]
    }


@pytest.mark.parametrize("key", ["other/x.jar", "spark/x.jar", "spark/jarsx/x.jar"])
def test_they_open_nothing_but_the_folder_of_releases(key: str) -> None:
    for action in set(ACTION_OF.values()):
        assert not allowed(STATEMENTS, action, f"arn:aws:s3:::BUCKET/{key}", {})
