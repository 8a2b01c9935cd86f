"""Permissions of a team's accounts, tested on the real API server."""

from tests.names import DRIVER_ACCOUNT, EXECUTOR_ACCOUNT
from tests.tiers.cluster.api import Api
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.teams import is_allowed, two_stacks

_MANAGED = ("pods", "services", "configmaps", "persistentvolumeclaims")
_MANAGE = ("create", "get", "list", "watch", "delete", "deletecollection")

# (account, verb, resource, namespace): `own` and `other` are teams' namespaces, "" the cluster.
ALLOWED = {
    *((DRIVER_ACCOUNT, verb, what, "own") for verb in _MANAGE for what in _MANAGED),
    (DRIVER_ACCOUNT, "patch", "pods", "own"),
}
DENIED = {
    *((DRIVER_ACCOUNT, verb, what, "other") for verb in _MANAGE for what in _MANAGED),
    *((EXECUTOR_ACCOUNT, verb, what, "own") for verb in _MANAGE for what in _MANAGED),
    *(
        (account, verb, what, where)
        for account in (DRIVER_ACCOUNT, EXECUTOR_ACCOUNT, "default")
        for where in ("own", "other", "kube-system", "spark-operator")
        for verb, what in (
            ("get", "secrets"),
            ("list", "secrets"),
            ("create", "secrets"),
            ("get", "pods/log"),
            ("create", "pods/exec"),
            ("create", "pods/portforward"),
            ("create", "serviceaccounts/token"),
            ("create", "serviceaccounts"),
            ("create", "roles.rbac.authorization.k8s.io"),
            ("create", "rolebindings.rbac.authorization.k8s.io"),
            ("update", "resourcequotas"),
            ("delete", "resourcequotas"),
            ("delete", "limitranges"),
            ("delete", "networkpolicies.networking.k8s.io"),
            ("create", "deployments.apps"),
            ("create", "sparkapplications.sparkoperator.k8s.io"),
            ("create", "pods/eviction"),
        )
    ),
    *(
        (DRIVER_ACCOUNT, verb, what, "")
        for verb, what in (
            ("list", "pods"),
            ("list", "secrets"),
            ("list", "namespaces"),
            ("patch", "namespaces"),
            ("list", "nodes"),
            ("get", "nodes/proxy"),
            ("create", "persistentvolumes"),
            ("create", "priorityclasses.scheduling.k8s.io"),
            ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
            ("impersonate", "serviceaccounts"),
        )
    ),
}


@two_stacks
def test_each_account_of_each_team_has_its_rights_and_no_others(api: Api, live: Live) -> None:
    teams = live.namespaces
    assert len(teams) == 2
    for own, other in (teams, teams[::-1]):
        namespaces = {"own": own, "other": other}
        allowed = {
            row
            for row in ALLOWED | DENIED
            if _is_allowed(api, own, *row[:3], namespaces.get(row[3], row[3]))
        }
        assert allowed == ALLOWED, own


def _is_allowed(
    api: Api, team: str, account: str, verb: str, resource: str, namespace: str
) -> bool:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{team}")
    user = f"system:serviceaccount:{team}:{account}"
    return is_allowed(api, user, groups, verb, resource, namespace)
