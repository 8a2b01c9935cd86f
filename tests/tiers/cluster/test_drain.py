"""A cluster that takes no new jobs, on the real API server: what is refused, and what still works
for the applications that run."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.names import OPERATOR_ACCOUNT, SPARK_OPERATOR_NAMESPACE
from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.combinations import Combination
from tests.tiers.cluster.conftest import install
from tests.tiers.cluster.objects import apply_all, clear, named
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import driver, executor

TEAM, EXEMPT = "team-a", "platform-oncall"
DRAINED = (
    "jarMount={level: pod}",
    "spark.acceptJobs=false",
    "spark.submitTo=[prod-b, prod-c]",
    f"spark.exemptGroup={EXEMPT}",
)
NO_JOBS = "this cluster takes no new jobs: submit to prod-b or prod-c"
AGAIN = f"{NO_JOBS}; one that is changed or resumed starts again"
NOT_REPLACED = f"{NO_JOBS}; the run of a schedule that is there is not replaced"

_SPEC: Object = {
    "type": "Python",
    "mode": "cluster",
    "mainApplicationFile": "local:///opt/spark/examples/src/main/python/pi.py",
    "sparkVersion": "4.0.4",
    "driver": {"cores": 1},
    "executor": {"cores": 1, "instances": 1},
    "arguments": ["1"],
}
_OWNER = {
    "apiVersion": "sparkoperator.k8s.io/v1beta2",
    "kind": "ScheduledSparkApplication",
    "name": "nightly",
    "uid": "0",
}


def application(name: str, namespace: str = TEAM, **spec: Any) -> Object:
    """A SparkApplication."""
    return {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**_SPEC, **spec},
    }


def schedule(name: str, **spec: Any) -> Object:
    """A ScheduledSparkApplication."""
    return {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "ScheduledSparkApplication",
        "metadata": {"name": name, "namespace": TEAM},
        "spec": {"schedule": "@hourly", "template": _SPEC, **spec},
    }


def run_of_schedule(name: str, state: str = "") -> tuple[Object, str]:
    """A run that a schedule created, and its state."""
    one = application(name)
    one["metadata"]["ownerReferences"] = [_OWNER]
    return one, state


class Users(NamedTuple):
    """The same server as each of them; all have every right by RBAC."""

    person: Api
    operator: Api
    exempt: Api


Request = Callable[[Users], Any]


def _patched(who: str, name: str, change: Object, kind: str = "SparkApplication") -> Request:
    live = {"kind": kind, "metadata": {"name": name, "namespace": TEAM}}
    return lambda users: getattr(users, who).patch(live, change, dry_run=True)


def _created(who: str, one: Object) -> Request:
    return lambda users: getattr(users, who).create(one, dry_run=True)


def _deleted(who: str, name: str, kind: str = "SparkApplication") -> Request:
    one = {"kind": kind, "metadata": {"name": name, "namespace": TEAM}}
    return lambda users: getattr(users, who).delete(one, dry_run=True)


def _with_status(name: str, kind: str = "SparkApplication") -> Request:
    live = {"kind": kind, "metadata": {"name": name, "namespace": TEAM}}
    status = {"applicationState": {"state": "PENDING_RERUN"}, "executionAttempts": 1}
    if kind != "SparkApplication":
        status = {"scheduleState": "Scheduled"}
    return lambda users: users.operator.patch_status(live, status)


_SCHEDULE = "ScheduledSparkApplication"
_RESUME: Object = {"spec": {"suspend": False}}
_LABEL: Object = {"metadata": {"labels": {"a": "b"}}}

REQUESTS: dict[str, tuple[Request, str]] = {
    "a person submits": (_created("person", application("new")), NO_JOBS),
    "the operator creates a schedule's run": (_created("operator", application("new")), NO_JOBS),
    "a person submits one that is suspended": (
        _created("person", application("new", suspend=True)),
        NO_JOBS,
    ),
    "a person creates a schedule": (_created("person", schedule("new")), NO_JOBS),
    "a person resumes a job": (_patched("person", "suspended", _RESUME), AGAIN),
    "a person resumes a job by removing the key": (
        _patched("person", "suspended", {"spec": {"suspend": None}}),
        AGAIN,
    ),
    "a person resumes a schedule": (_patched("person", "halted", _RESUME, _SCHEDULE), AGAIN),
    "a person changes a job": (
        _patched("person", "running", {"spec": {"arguments": ["10"]}}),
        AGAIN,
    ),
    "a person changes a job deep inside": (
        _patched("person", "running", {"spec": {"executor": {"instances": 2}}}),
        AGAIN,
    ),
    "a person removes a key of a job": (
        _patched("person", "finished", {"spec": {"arguments": None}}),
        AGAIN,
    ),
    "the operator replaces a schedule's run": (_deleted("operator", "hourly-1"), NOT_REPLACED),
    "the operator replaces a run that was not seen yet": (
        _deleted("operator", "hourly-0"),
        NOT_REPLACED,
    ),
    "someone of the group submits": (_created("exempt", application("new")), ""),
    "someone of the group creates a schedule": (_created("exempt", schedule("new")), ""),
    "someone of the group resumes a job": (_patched("exempt", "suspended", _RESUME), ""),
    "a person suspends a job": (
        _patched("person", "running", {"spec": {"suspend": True}}),
        "",
    ),
    "a person suspends a schedule": (
        _patched("person", "nightly", {"spec": {"suspend": True}}, _SCHEDULE),
        "",
    ),
    "a person changes when a schedule runs": (
        _patched("person", "nightly", {"spec": {"schedule": "@daily"}}, _SCHEDULE),
        "",
    ),
    "a person sets how long a job is kept": (
        _patched("person", "running", {"spec": {"timeToLiveSeconds": 60}}),
        "",
    ),
    "a person labels a job": (_patched("person", "running", _LABEL), ""),
    "a controller sets a finalizer": (
        _patched("operator", "running", {"metadata": {"finalizers": ["a.b/c"]}}),
        "",
    ),
    "the operator starts a job's retry": (_with_status("running"), ""),
    "the operator sees a schedule": (_with_status("nightly", _SCHEDULE), ""),
    "a person deletes a job that runs": (_deleted("person", "running"), ""),
    "a person deletes a schedule's run": (_deleted("person", "hourly-1"), ""),
    "a person deletes a schedule": (_deleted("person", "nightly", _SCHEDULE), ""),
    "the operator deletes a job after its time": (_deleted("operator", "finished"), ""),
    "the operator deletes a schedule's old run": (_deleted("operator", "hourly-2"), ""),
    "the operator deletes a schedule's failed run": (_deleted("operator", "hourly-3"), ""),
    "spark-submit creates a driver": (
        lambda users: users.operator.create(driver("driver", TEAM, "drivers"), dry_run=True),
        "",
    ),
    "a driver asks for an executor": (
        lambda users: users.person.create(executor("executor", TEAM, "default"), dry_run=True),
        "",
    ),
    "a person submits in a namespace of no team": (
        _created("person", application("new", "default")),
        "",
    ),
}


@pytest.fixture(scope="module")
def users(api: Api) -> Iterator[Users]:
    """A drained stack, with applications from before, and who asks."""
    sent = Combination("dev", "drained", DRAINED).objects
    operator = {"kind": "ServiceAccount", "name": OPERATOR_ACCOUNT}
    everything = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "drain-test"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [
            {**operator, "namespace": SPARK_OPERATOR_NAMESPACE},
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jo"},
        ],
    }
    schedules = _definition_of_schedules(api)
    before = [
        (application("running"), "RUNNING"),
        (application("suspended", suspend=True), "SUSPENDED"),
        (application("finished"), "COMPLETED"),
        run_of_schedule("hourly-0"),
        run_of_schedule("hourly-1", "RUNNING"),
        run_of_schedule("hourly-2", "COMPLETED"),
        run_of_schedule("hourly-3", "FAILED"),
        (schedule("nightly"), ""),
        (schedule("halted", suspend=True), ""),
    ]
    found = Users(
        api.as_user("jo"),
        api.as_account(SPARK_OPERATOR_NAMESPACE, OPERATOR_ACCOUNT),
        api.as_user("jo", EXEMPT),
    )
    try:
        install(api, [schedules])
        apply_all(api, [*sent, everything])
        for one, state in before:
            live = found.exempt.create(one)
            if state:
                status = {"applicationState": {"state": state}, "driverInfo": {}}
                api.patch_status(live, status)
        wait_until(lambda: _refusal(REQUESTS["a person submits"][0], found), "it drains")
        yield found
    finally:
        clear(api, [one for one, _ in before])
        clear(api, [everything, *sent, schedules])
        api.forget_kinds()


def _definition_of_schedules(api: Api) -> Object:
    """The CRD of schedules, whose template is an application's spec."""
    name = {"name": "sparkapplications.sparkoperator.k8s.io"}
    made = copy.deepcopy(api.get({"kind": "CustomResourceDefinition", "metadata": name}))
    given = made["metadata"]["annotations"]
    annotations = {key: text for key, text in given.items() if key.startswith("api-approved")}
    made["metadata"] = {"name": f"scheduled{name['name']}", "annotations": annotations}
    made["spec"]["names"] = {"kind": _SCHEDULE, "plural": "scheduledsparkapplications"}
    (version,) = made["spec"]["versions"]
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    properties["spec"] = {
        "type": "object",
        "properties": {
            "schedule": {"type": "string"},
            "suspend": {"type": "boolean"},
            "template": properties["spec"],
        },
    }
    properties["status"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {key: made[key] for key in ("apiVersion", "kind", "metadata", "spec")}


def _refusal(request: Request, users: Users) -> str:
    try:
        request(users)
    except Refused as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_is_admitted_or_told_where_to_go(users: Users, case: str) -> None:
    request, says = REQUESTS[case]
    assert _refusal(request, users).endswith(f"denied request: {says}" if says else ""), case
    assert bool(_refusal(request, users)) == bool(says)


def test_what_the_policy_cannot_evaluate_is_refused(api: Api, users: Users) -> None:
    policy = api.get({"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "spark-drain"}})
    request = _patched("person", "running", _LABEL)
    broken = {"spec": {"validations": [{"expression": "object.spec.absent == 1"}]}}
    try:
        api.patch(policy, broken)
        wait_until(lambda: _refusal(request, users), "it is refused", seconds=20)
        assert "no such key: absent" in _refusal(request, users)
    finally:
        api.patch(policy, {"spec": policy["spec"]})
        wait_until(lambda: not _refusal(request, users), "it is admitted again", seconds=20)


def test_without_the_key_jobs_are_accepted(api: Api, users: Users) -> None:
    sent = Combination("dev", "drained", DRAINED).objects
    kinds = ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy")
    drain = [named(sent, kind, "spark-drain") for kind in kinds]
    request, _ = REQUESTS["a person submits"]
    try:
        clear(api, drain)
        wait_until(lambda: not _refusal(request, users), "it is admitted", seconds=20)
    finally:
        apply_all(api, drain)
        wait_until(lambda: _refusal(request, users), "it drains again", seconds=20)
