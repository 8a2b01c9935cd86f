"""Those who submit for a team, on the real API server: what each may do, and what not."""

from collections.abc import Iterator

import pytest

from tests.tiers.cluster.api import Api
from tests.tiers.cluster.combinations import OPEN
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.teams import is_allowed

pytestmark = pytest.mark.parametrize("live", [OPEN], ids=str, indirect=True)

_APPLICATIONS = (
    "sparkapplications.sparkoperator.k8s.io",
    "scheduledsparkapplications.sparkoperator.k8s.io",
)
_VERBS = ("create", "get", "list", "watch", "delete", "update", "patch", "deletecollection")
_SUBMIT = ("create", "get", "list", "watch", "delete")
_WORKER = "system:serviceaccount:airflow:worker"

# (who, user, groups): an orchestrator in the cluster, people, a role by its access entry.
OF_A = {
    "orchestrator": (_WORKER, ("system:serviceaccounts", "system:serviceaccounts:airflow")),
    "person": ("jo", ("people",)),
    "role": ("arn:aws:sts::111122223333:assumed-role/deploy/x", ("spark-on-eks:submitters:a",)),
}
OF_B = ("arn:aws:sts::111122223333:assumed-role/deploy/x", ("spark-on-eks:submitters:b",))
STRANGERS = {
    "another account of the namespace": ("system:serviceaccount:airflow:default", ()),
    "the same name elsewhere": ("system:serviceaccount:other:worker", ()),
    "anybody": ("x", ()),
}

ALLOWED = {
    *((verb, kind) for verb in _SUBMIT for kind in _APPLICATIONS),
    ("get", "pods"),
    ("get", "pods/log"),
}
ASKED = ALLOWED | {
    *((verb, kind) for verb in _VERBS for kind in _APPLICATIONS),
    *((verb, "sparkapplications/status.sparkoperator.k8s.io") for verb in ("update", "patch")),
    *((verb, "pods") for verb in _VERBS),
    *((verb, kind) for verb in _VERBS for kind in ("secrets", "configmaps", "services")),
    *((verb, "persistentvolumeclaims") for verb in _VERBS),
    ("create", "pods/exec"),
    ("create", "pods/attach"),
    ("create", "pods/portforward"),
    ("create", "pods/eviction"),
    ("create", "serviceaccounts/token"),
    ("impersonate", "serviceaccounts"),
    ("create", "rolebindings.rbac.authorization.k8s.io"),
    ("escalate", "roles.rbac.authorization.k8s.io"),
    ("bind", "roles.rbac.authorization.k8s.io"),
    ("delete", "networkpolicies.networking.k8s.io"),
    ("update", "resourcequotas"),
    ("create", "deployments.apps"),
    ("create", "jobs.batch"),
}
"""Verb and resource, each asked in the team's namespace and elsewhere."""


def _rows() -> Iterator[tuple[str, str, tuple[str, ...], str, set[tuple[str, str]]]]:
    for who, (user, groups) in OF_A.items():
        yield who, user, groups, "a", ALLOWED
        for elsewhere in ("b", "default", "kube-system", "spark-operator", "airflow", ""):
            yield who, user, groups, elsewhere, set()
    yield "a role of b", *OF_B, "b", ALLOWED
    yield "a role of b", *OF_B, "a", set()
    for who, (user, groups) in STRANGERS.items():
        for where in ("a", "b"):
            yield who, user, groups, where, set()


def test_each_submitter_may_submit_for_its_team_and_do_nothing_else(api: Api, live: Live) -> None:
    assert live.namespaces == ["a", "b"]
    for who, user, groups, namespace, allowed in _rows():
        found = {row for row in ASKED if is_allowed(api, user, groups, *row, namespace)}
        assert found == allowed, (who, namespace)
