"""Shared by the tests of teams: the stacks, and the API server's rejections."""

from collections.abc import Sequence

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


def is_allowed(
    api: Api, user: str, groups: Sequence[str], verb: str, resource: str, namespace: str
) -> bool:
    """Whether a user may: `get` on `pods/log` or `roles.rbac.authorization.k8s.io`; the namespace
    is empty for the cluster."""
    name, _, group = resource.partition(".")
    name, _, subresource = name.partition("/")
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {
            "user": user,
            "groups": [*groups, "system:authenticated"],
            "resourceAttributes": {
                "namespace": namespace,
                "verb": verb,
                "group": group,
                "resource": name,
                "subresource": subresource,
            },
        },
    }
    return api.create(review)["status"]["allowed"]
