"""Jobs with one mistake each: their outcome, and the message for the user.

To add a case: one line in the list of how it ends, with the path, the value, and a part of the
message. `ABSENT` removes the field. The messages are shown in docs/testing-operator.md.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.objects import ABSENT, with_value
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import why_pending
from tests.tiers.operator.applications import applied, pods_of, state_of, why_failed
from tests.tiers.operator.cases import PODS_OF, Wanted, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.programs import ROOT


class Violation(NamedTuple):
    """`path` in the SparkApplication set to `value`; `says` is a part of the message."""

    name: str
    path: str
    value: Any
    says: str

    def manifest(self, application: Object) -> Object:
        """The application with the mistake, under a name of its own."""
        renamed = with_value(application, "metadata/name", f"broken-{self.name}")
        return with_value(renamed, self.path, self.value)


_SPARK_CONF = "spec/sparkConf"
_IMAGE = "spark.kubernetes.container.image"
_ACCOUNT = "spark.kubernetes.authenticate.driver.serviceAccountName"
_HOST_PATH = {"name": "spark-jars", "hostPath": {"path": "/mnt/spark-jars"}}
_ELSEWHERE = {"spark-on-eks/pool": "x"}
_NO_MATCH = "didn't match Pod's node affinity/selector"
_CLAIM = "spec/volumes/0/persistentVolumeClaim/claimName"

REFUSED = [
    Violation("name", "metadata/name", "2026-taxi", "DNS-1035"),
    Violation("image", f"{_SPARK_CONF}/{_IMAGE}", "x:y", _IMAGE),
    Violation("account-twice", f"{_SPARK_CONF}/{_ACCOUNT}", "spark-driver", _ACCOUNT),
    Violation("typo", "spec/driver/priorityClass", "spark-driver", "unknown field"),
    Violation("selectors", "spec/nodeSelector", _ELSEWHERE, "cannot be defined at both"),
    Violation("client", "spec/mode", "client", "spec.mode must be cluster"),
    Violation("type", "spec/type", "Pyhton", "Unsupported value"),
]
"""By `kubectl apply`."""

FAILED = [
    Violation("account", "spec/driver/serviceAccount", "unknown", 'unknown" not found'),
    Violation("priority", "spec/driver/priorityClassName", "urgent", "PriorityClass"),
    Violation("quota", "spec/driver/memory", "2000g", "exceeded quota: "),
    Violation("privileged", "spec/driver/securityContext", {"privileged": True}, "privileged"),
    Violation("unsafe", "spec/driver/securityContext", ABSENT, "PodSecurity"),
    Violation("host-path", "spec/volumes/0", _HOST_PATH, "hostPath"),
]
"""Accepted, and then rejected by the API server when spark-submit creates the driver."""

PENDING = [
    Violation("toleration", "spec/driver/tolerations", ABSENT, "untolerated taint"),
    Violation("pool", "spec/driver/nodeSelector", _ELSEWHERE, _NO_MATCH),
    Violation("claim", _CLAIM, "jars", 'persistentvolumeclaim "jars" not found'),
]
"""Accepted, but the driver fits on no node, and the application stays SUBMITTED."""

UNWATCHED = Violation("namespace", "metadata/namespace", "default", "")
"""Accepted, in a namespace that the operator does not watch."""

BROKEN = [*REFUSED, *FAILED, *PENDING, UNWATCHED]

_PAGE = ROOT / "docs" / "testing-operator.md"
_SECONDS = 900
_LOST_MOUNT = "lost-mount"

pytestmark = pytest.mark.parametrize("live", PODS_OF[:1], ids=str, indirect=True)


@pytest.fixture(scope="module")
def good(live: Stack) -> Wanted:
    """The job without a mistake."""
    return job_of(live.combination, live.spark_teams[0], "pi")


@pytest.fixture(scope="module")
def sent(api: Api, live: Stack, good: Wanted) -> Iterator[dict[str, Object]]:
    """All jobs that are accepted, in the cluster at once; by name of the mistake."""
    accepted = [*FAILED, *PENDING, UNWATCHED]
    made = {one.name: one.manifest(good.application) for one in accepted}
    made[_LOST_MOUNT] = _without_the_volume(good.application)
    team = good.team
    with applied(
        api,
        [Wanted(one["metadata"].get("namespace", team), "pi", [], one) for one in made.values()],
    ):
        yield made


@pytest.mark.parametrize("case", BROKEN, ids=lambda one: one.name)
def test_its_message_is_in_the_documents(live: Stack, case: Violation) -> None:
    assert case.says in _PAGE.read_text()


@pytest.mark.parametrize("case", REFUSED, ids=lambda one: one.name)
def test_it_is_refused_at_once(api: Api, good: Wanted, case: Violation) -> None:
    with pytest.raises(Refused, match=re.escape(case.says)) as refusal:
        api.create(case.manifest(good.application), dry_run=True)
    print(f"{case.name}: {refusal.value}")


@pytest.mark.parametrize("case", FAILED, ids=lambda one: one.name)
def test_it_is_accepted_and_fails_with_the_reason(
    api: Api, sent: dict[str, Object], case: Violation
) -> None:
    application = sent[case.name]
    wait_until(lambda: bool(why_failed(api, application)), "it failed", seconds=_SECONDS)
    said = message_of(why_failed(api, application))
    print(f"{case.name}: {said}")
    assert case.says in said


@pytest.mark.parametrize("case", PENDING, ids=lambda one: one.name)
def test_it_is_accepted_and_its_driver_stays_pending_with_the_reason(
    api: Api, sent: dict[str, Object], case: Violation
) -> None:
    application = sent[case.name]
    said = why_pending(api, _driver(api, application))
    wait_until(lambda: state_of(api, application) == "SUBMITTED", "submitted", seconds=_SECONDS)
    print(f"{case.name}: {said}")
    assert case.says in said


def test_nothing_happens_in_a_namespace_that_is_not_a_teams(
    api: Api, sent: dict[str, Object]
) -> None:
    for name in sent.keys() - {UNWATCHED.name}:
        done = partial(_is_looked_at, api, sent[name])
        wait_until(done, "the operator is done with the others", seconds=_SECONDS)
    assert state_of(api, sent[UNWATCHED.name]) == ""


def test_a_mount_without_its_volume_is_dropped_without_a_word(
    api: Api, sent: dict[str, Object]
) -> None:
    driver = _driver(api, sent[_LOST_MOUNT])
    (container,) = driver["spec"]["containers"]
    assert not [one for one in container["volumeMounts"] if one["mountPath"] == "/mnt/s3"]


def _without_the_volume(application: Object) -> Object:
    volumes = [one for one in application["spec"]["volumes"] if one["name"] != "spark-jars"]
    renamed = with_value(application, "metadata/name", _LOST_MOUNT)
    return with_value(renamed, "spec/volumes", volumes)


def message_of(trace: str) -> str:
    """The cause in the Java stack trace that the operator keeps of a failed spark-submit."""
    found = re.search(r"Message: (.*?)(?: Received status:|\n)", trace)
    return found[1] if found else trace


def _driver(api: Api, application: Object) -> Object:
    wait_until(lambda: bool(pods_of(api, application, "driver")), "a driver", seconds=_SECONDS)
    return {**pods_of(api, application, "driver")[0], "kind": "Pod"}


def _is_looked_at(api: Api, application: Object) -> bool:
    return state_of(api, application) not in ("", "NEW")
