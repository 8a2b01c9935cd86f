"""Volumes that executors claim: the claims that the real Spark makes for a job of `make job` with
the rights of the team's driver, what the team's quota counts and refuses, and what is left when the
application is deleted. One driver goes through all of it, and no volume is made.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from ops.jobs.check import judged
from ops.jobs.model import Target
from ops.jobs.shuffle import MOUNT_PATH
from ops.jobs.team import rights_of, team_of
from tests.names import POOL_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.objects import clear, named
from tests.tiers.cluster.scheduling import joined, node
from tests.tiers.operator.applications import pods_of
from tests.tiers.operator.cases import CLAIMS, job_of
from tests.tiers.operator.conftest import Stack

TEAM = "team-a"
_KIND, _JARS = "PersistentVolumeClaim", "spark-jars"
_WANTED, _ALLOWED = 3, 2
"""Executors of the job, and volumes of theirs that the team's quota has room for."""
_DRIVER = "pi-driver"
_ZONE_LABEL = "topology.kubernetes.io/zone"
_NODE_OF_CLAIM = "volume.kubernetes.io/selected-node"
"""The scheduler's word to the EBS driver: where to make the claim's volume."""
_SECONDS = 240

pytestmark = pytest.mark.parametrize("live", [CLAIMS], ids=str, indirect=True)


@dataclass
class Course:
    """What the API server had, and the driver said, at each step of one job."""

    driver: Object
    without_rights: list[Object]
    """Claims while the driver's role had none among its resources."""
    log_without_rights: str
    claims: list[Object]
    executors: list[Object]
    """Once the quota was full: claims, and executors that have theirs."""
    used: Object
    """What the quota counted then."""
    log: str
    claims_of_more: list[Object]
    """Once the quota had room for all."""
    ownerless: str
    """The claim whose owner was then taken away."""
    left: list[str]
    """Names of claims and pods after the application's deletion."""


@pytest.fixture(scope="module")
def course(api: Api, live: Stack, drivers: Callable[..., Any]) -> Iterator[Course]:
    """The job from its submission, without the right to claims, to its deletion."""
    job = job_of(live.combination, TEAM, "pi", executors=_WANTED)
    role, quota = (
        named(live.sent, "Role", "spark-driver"),
        named(live.sent, "ResourceQuota", "team"),
    )
    larger = deepcopy(quota)
    larger["spec"]["hard"]["requests.storage"] = f"{_WANTED + 1}Gi"
    api.apply(_without_claims(role))
    try:
        with joined(api, _nodes_in_zones(live)), drivers([job]) as kubelet:

            def log() -> str:
                running = kubelet.pods.get(f"{TEAM}/{_DRIVER}")
                return running.said if running else ""

            def until(done: Callable[[], object], what: str) -> None:
                kubelet.run_until(done, what, _SECONDS)

            until(lambda: "cannot create resource" in log(), "the driver is refused claims")
            without_rights, log_without_rights = _claims(api), log()
            api.apply(role)
            until(lambda: len(_placed(api)) == _ALLOWED, "claims have a node")
            until(lambda: "exceeded quota" in log(), "the quota refuses a claim")
            counted = api.find("ResourceQuota", "team", TEAM) or {}
            claims = _claims(api)
            executors = [
                one for one in pods_of(api, job.application, "executor") if _claim_of(one) in
                {claim["metadata"]["name"] for claim in claims}
            ]  # fmt: skip
            full = log()
            api.apply(larger)
            until(lambda: len(_placed(api)) == _WANTED, "the last claim")
            (driver,) = pods_of(api, job.application, "driver")
            more = _claims(api)
            ownerless = more[0]["metadata"]["name"]
            api.patch({**more[0], "kind": _KIND}, {"metadata": {"ownerReferences": None}})
            api.delete(job.application, propagation="Background")
            until(lambda: not _all_pods(api) and len(_claims(api)) <= 1, "all is gone")
            left = [*_all_pods(api), *(one["metadata"]["name"] for one in _claims(api))]
            yield Course(driver, without_rights, log_without_rights, claims, executors,
                         counted["status"]["used"], full, more, ownerless, left)  # fmt: skip
    finally:
        clear(api, [{**one, "kind": _KIND} for one in _claims(api)])
        api.apply(role)
        api.apply(quota)


def test_a_driver_whose_role_has_no_claims_makes_none_and_says_why(course: Course) -> None:
    assert course.without_rights == []
    assert "Cannot list PVC resources" in course.log_without_rights
    assert 'cannot create resource "persistentvolumeclaims"' in course.log_without_rights


def test_each_executor_has_a_claim_which_is_the_driver_s(course: Course) -> None:
    metadata = course.driver["metadata"]
    for claim in course.claims_of_more:
        assert claim["spec"]["storageClassName"] == "spark-shuffle"
        assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
        # localDisk of examples/pi.yaml.
        assert claim["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
        application = metadata["labels"]["spark-app-selector"]
        assert claim["metadata"]["labels"] == {"spark-app-selector": application}
        (owner,) = claim["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"]) == ("Pod", metadata["uid"])
    for pod in course.executors:
        (container,) = pod["spec"]["containers"]
        (mount,) = [one for one in container["volumeMounts"] if one["name"] == _volume(pod)["name"]]
        assert mount["mountPath"] == MOUNT_PATH
        assert not mount.get("readOnly")
        assert {"name": "SPARK_LOCAL_DIRS", "value": MOUNT_PATH} in container["env"]
        assert pod["spec"]["securityContext"]["fsGroup"] == 185
        # Logs and buffers: the volume is not on the node's disk.
        assert container["resources"]["requests"]["ephemeral-storage"] == "306Mi"
    assert len({_claim_of(one) for one in course.executors}) == _ALLOWED


def test_volumes_are_made_in_the_zone_of_their_class(course: Course) -> None:
    # Of the pool's nodes one is in that zone, one in another, and four say no zone.
    nodes = {one["metadata"]["annotations"][_NODE_OF_CLAIM] for one in course.claims_of_more}
    assert nodes == {"in-us-west-2a"}


def test_the_quota_counts_claims_and_refuses_one_more(course: Course) -> None:
    assert course.used["requests.storage"] == f"{_ALLOWED + 1}Gi"  # and that of the JARs
    assert course.used["persistentvolumeclaims"] == f"{_ALLOWED + 1}"
    assert len(course.claims) == len(course.executors) == _ALLOWED
    assert "exceeded quota: team, requested: requests.storage=1Gi" in course.log
    assert len(course.claims_of_more) == _WANTED


def test_check_job_says_so_before(live: Stack) -> None:
    plan = live.combination.plan
    team = team_of(plan, TEAM)
    target = Target(plan, team, rights_of(plan, team))
    for executors in (_ALLOWED, _WANTED):
        application = job_of(live.combination, TEAM, "pi", executors=executors).application
        assert judged(application, target).runs == (executors == _ALLOWED)


def test_nothing_outlives_the_application_that_the_driver_owns(course: Course) -> None:
    # The garbage collector takes them, and not a label: the one without an owner is left.
    assert course.left == [course.ownerless]


def _nodes_in_zones(live: Stack) -> list[Object]:
    taints = named(live.sent, "NodePool", "default-arm-spot")["spec"]["template"]["spec"]["taints"]
    return [
        node(f"in-{zone}", {POOL_LABEL: "default", _ZONE_LABEL: zone}, taints)
        for zone in ("us-west-2a", "us-west-2b")
    ]


def _claims(api: Api) -> list[Object]:
    return [one for one in api.items(_KIND, TEAM) if one["metadata"]["name"] != _JARS]


def _placed(api: Api) -> list[Object]:
    """Claims that have a node."""
    return [one for one in _claims(api) if _NODE_OF_CLAIM in one["metadata"].get("annotations", {})]


def _all_pods(api: Api) -> list[str]:
    return [one["metadata"]["name"] for one in api.items("Pod", TEAM)]


def _volume(pod: Object) -> Object:
    """The volume of a pod that a claim of its own is for."""
    (found,) = [one for one in pod["spec"]["volumes"] if one["name"].startswith("spark-local-dir")]
    return found


def _claim_of(pod: Object) -> str:
    return _volume(pod)["persistentVolumeClaim"]["claimName"]


def _without_claims(role: Object) -> Object:
    changed = deepcopy(role)
    for rule in changed["rules"]:
        rule["resources"] = [one for one in rule["resources"] if one != "persistentvolumeclaims"]
    return changed
