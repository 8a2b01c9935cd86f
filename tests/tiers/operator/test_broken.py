"""Jobs with one mistake each: their outcome, and the message for the user.

To add a case: one line in BROKEN with the path, the value, how it ends, and a part of the message.
`ABSENT` removes the field. The messages are shown in docs/testing-operator.md.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pytest

from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.objects import ABSENT, with_value
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import why_pending
from tests.tiers.operator.applications import applied, pods_of, state_of, why_failed
from tests.tiers.operator.cases import PODS_OF, Wanted, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.programs import ROOT

End = Literal["refused", "failed", "pending", "unwatched"]
"""`refused` by `kubectl apply`; `failed`: accepted, then FAILED with a reason; `pending`: no node
takes the driver, and the application stays SUBMITTED; `unwatched`: the operator does not watch its
namespace."""


class Violation(NamedTuple):
    """`path` in the SparkApplication set to `value`; `says` is a part of the message."""

    name: str
    path: str
    value: Any
    end: End
    says: str

    def manifest(self, application: Object) -> Object:
        """The application with the mistake, under a name of its own."""
        renamed = with_value(application, "metadata/name", f"broken-{self.name}")
        return with_value(renamed, self.path, self.value)


_HOST_PATH = {"name": "spark-jars", "hostPath": {"path": "/mnt/spark-jars"}}

BROKEN = [
    # Refused at once
    Violation("name", "metadata/name", "2026-taxi", "refused", "DNS-1035"),
    Violation(
        "image",
        "spec/sparkConf/spark.kubernetes.container.image",
        "x:y",
        "refused",
        "use the image field",
    ),
    Violation(
        "account-twice",
        "spec/sparkConf/spark.kubernetes.authenticate.driver.serviceAccountName",
        "spark-driver",
        "refused",
        "configure the service account via the CRD",
    ),
    Violation("typo", "spec/driver/priorityClass", "spark-driver", "refused", "unknown field"),
    Violation(
        "selectors",
        "spec/nodeSelector",
        {"spark-on-eks/pool": "x"},
        "refused",
        "cannot be defined at both",
    ),
    Violation("type", "spec/type", "Pyhton", "refused", "Unsupported value"),
    # Accepted, and then rejected by the API server when spark-submit creates the driver
    Violation("account", "spec/driver/serviceAccount", "unknown", "failed", 'unknown" not found'),
    Violation("priority", "spec/driver/priorityClassName", "urgent", "failed", "PriorityClass"),
    Violation("quota", "spec/driver/memory", "2000g", "failed", "exceeded quota: team"),
    Violation(
        "privileged", "spec/driver/securityContext", {"privileged": True}, "failed", "privileged"
    ),
    Violation("unsafe", "spec/driver/securityContext", ABSENT, "failed", "PodSecurity"),
    Violation("host-path", "spec/volumes/0", _HOST_PATH, "failed", "hostPath"),
    Violation("client", "spec/mode", "client", "failed", "failed to run spark-submit"),
    # Accepted, but fits on no node
    Violation("toleration", "spec/driver/tolerations", ABSENT, "pending", "untolerated taint"),
    Violation(
        "pool",
        "spec/driver/nodeSelector",
        {"spark-on-eks/pool": "driver"},
        "pending",
        "didn't match Pod's node affinity/selector",
    ),
    Violation(
        "claim",
        "spec/volumes/0/persistentVolumeClaim/claimName",
        "jars",
        "pending",
        'persistentvolumeclaim "jars" not found',
    ),
    # Accepted, in a namespace that the operator does not watch
    Violation("namespace", "metadata/namespace", "default", "unwatched", ""),
]

_PAGE = ROOT / "docs" / "testing-operator.md"
_SECONDS = 900
_REFUSED = [one for one in BROKEN if one.end == "refused"]
_ACCEPTED = [one for one in BROKEN if one.end != "refused"]
_LOST_MOUNT = "lost-mount"

pytestmark = pytest.mark.parametrize("live", PODS_OF[:1], ids=str, indirect=True)


@pytest.fixture(scope="module")
def good(live: Stack) -> Wanted:
    """The job without a mistake."""
    return job_of(live.combination, live.spark_teams[0], "pi")


@pytest.fixture(scope="module")
def sent(api: Api, live: Stack, good: Wanted) -> Iterator[dict[str, Object]]:
    """All jobs that are accepted, in the cluster at once; by name of the mistake."""
    made = {one.name: one.manifest(good.application) for one in _ACCEPTED}
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


@pytest.mark.parametrize("case", _REFUSED, ids=lambda one: one.name)
def test_it_is_refused_at_once(api: Api, good: Wanted, case: Violation) -> None:
    with pytest.raises(Refused, match=re.escape(case.says)) as refusal:
        api.create(case.manifest(good.application), dry_run=True)
    print(f"{case.name}: {refusal.value}")


@pytest.mark.parametrize("case", _ACCEPTED, ids=lambda one: one.name)
def test_it_is_accepted_and_its_owner_can_find_out_why_it_does_not_run(
    api: Api, sent: dict[str, Object], case: Violation
) -> None:
    application = sent[case.name]
    match case.end:
        case "failed":
            said = _failure(api, application)
        case "pending":
            said = _reason_of_the_driver(api, application)
            _await_state(api, application, "SUBMITTED")
        case _:
            _settled(api, sent)
            said = state_of(api, application)
    print(f"{case.name}: {said}")
    assert case.says in said


def test_a_mount_without_its_volume_is_dropped_without_a_word(
    api: Api, sent: dict[str, Object]
) -> None:
    driver = _driver(api, sent[_LOST_MOUNT])
    (container,) = driver["spec"]["containers"]
    assert not [one for one in container["volumeMounts"] if one["mountPath"] == "/mnt/s3"]


def _without_the_volume(application: Object) -> Object:
    volumes = [one for one in application["spec"]["volumes"] if one["name"] != "spark-jars"]
    metadata = {**application["metadata"], "name": _LOST_MOUNT}
    return {
        **application,
        "metadata": metadata,
        "spec": {**application["spec"], "volumes": volumes},
    }


def _failure(api: Api, application: Object) -> str:
    wait_until(lambda: bool(why_failed(api, application)), "it failed", seconds=_SECONDS)
    return message_of(why_failed(api, application))


def message_of(trace: str) -> str:
    """The cause in the Java stack trace that the operator keeps of a failed spark-submit."""
    found = re.search(r"Message: (.*?)(?: Received status:|\n)", trace)
    return found[1] if found else trace


def _driver(api: Api, application: Object) -> Object:
    wait_until(lambda: bool(pods_of(api, application, "driver")), "a driver", seconds=_SECONDS)
    return pods_of(api, application, "driver")[0]


def _reason_of_the_driver(api: Api, application: Object) -> str:
    return why_pending(api, {"kind": "Pod", "metadata": _driver(api, application)["metadata"]})


def _await_state(api: Api, application: Object, state: str) -> None:
    wait_until(lambda: state_of(api, application) == state, state, seconds=_SECONDS)


def _settled(api: Api, sent: dict[str, Object]) -> None:
    """Waits until the operator is done with every application that it looks at."""
    for name, application in sent.items():
        if name != "namespace":
            wait_until(
                lambda one=application: state_of(api, one) not in ("", "NEW"),
                "the operator is done",
                seconds=_SECONDS,
            )
