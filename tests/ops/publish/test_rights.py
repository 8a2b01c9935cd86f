"""The permissions on the page are those that publishing needs, evaluated by moto's IAM."""

import itertools
import json
import re
from collections.abc import Callable, Generator, Iterable

import boto3
import pytest

from ops.plan.errors import Failed
from ops.publish.jars import Jar
from ops.publish.publish import publish
from ops.publish.store import Store
from tests.ops.publish.conftest import Place, Silent
from tests.ops.publish.s3 import ACCESS_KEY, REGION, S3, SECRET_KEY, Request
from tests.plans import ROOT

PAGE = (ROOT / "docs" / "publish-jars.md").read_text()
POLICY = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
ACTIONS = sorted(action for statement in POLICY["Statement"] for action in statement["Action"])

Grant = Callable[[Place, Iterable[str]], Store]
_users = itertools.count(1)


@pytest.fixture
def grant(server: S3, monkeypatch: pytest.MonkeyPatch) -> Generator[Grant]:
    """A publisher with the page's statements for a bucket, limited to these actions."""
    iam = boto3.client(
        "iam",
        region_name=REGION,
        endpoint_url=server.url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )

    def give(place: Place, actions: Iterable[str]) -> Store:
        monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", float("inf"))
        user = f"publisher-{next(_users)}"
        iam.create_user(UserName=user)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        text = json.dumps(_only(POLICY, set(actions))).replace("BUCKET", place.to.bucket)
        iam.put_user_policy(UserName=user, PolicyName="publish", PolicyDocument=text)
        client = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=server.url,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
        return Store(client, place.to)

    yield give
    iam.close()


def _only(policy: dict, actions: set[str]) -> dict:
    """The policy with these actions; a statement without one is left out."""
    kept = [
        {**statement, "Action": sorted(actions & set(statement["Action"]))}
        for statement in policy["Statement"]
    ]
    return {**policy, "Statement": [statement for statement in kept if statement["Action"]]}


def interrupted_and_finished(place: Place, store: Store, files: list[Jar]) -> None:
    """All requests of publishing: an interrupted run, a resumed one, a repeated one."""

    def breaks_off(request: Request) -> None:
        if request.key.endswith("y.jar"):
            raise ConnectionError

    place.s3.before = breaks_off
    with pytest.raises(Failed, match=r"Connection|refused|denied"):
        publish("r1", files, store, place.to, Silent())
    place.s3.before = lambda request: None
    publish("r1", files, store, place.to, Silent())
    assert not publish("r1", files, store, place.to, Silent()).new


@pytest.fixture
def files(jar: Callable[..., Jar]) -> list[Jar]:
    return [jar("x.jar", 100), jar("y.jar", 2500)]


def test_the_rights_on_the_page_are_enough(place: Place, grant: Grant, files: list[Jar]) -> None:
    interrupted_and_finished(place, grant(place, ACTIONS), files)


@pytest.mark.parametrize("missing", ACTIONS)
def test_without_any_single_permission_publishing_is_denied_and_refers_to_the_page(
    place: Place, grant: Grant, files: list[Jar], missing: str
) -> None:
    store = grant(place, [action for action in ACTIONS if action != missing])
    with pytest.raises(Failed, match=r"denied.*docs/publish-jars.md"):
        interrupted_and_finished(place, store, files)


def test_they_open_nothing_but_the_folder_of_releases(place: Place, grant: Grant) -> None:
    client = grant(place, ACTIONS)._s3
    for key in ("other/x.jar", "spark/x.jar", "spark/jarsx/x.jar"):
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.put_object(Bucket=place.to.bucket, Key=key, Body=b"")
