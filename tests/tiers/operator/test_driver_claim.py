"""A driver with a claim of its own: spark-submit makes it with the operator's rights, which the
stack gives in namespaces of teams with claims, and the judge knows where."""

from collections.abc import Iterator

import pytest

from ops.jobs.check import judged
from ops.jobs.model import Target
from ops.jobs.team import rights_of, team_of
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.objects import clear, named
from tests.tiers.cluster.processes import wait_until
from tests.tiers.operator.applications import applied, pods_of, state_of, why_failed
from tests.tiers.operator.cases import CLAIMS, Wanted, job_of
from tests.tiers.operator.conftest import Stack

_KIND = "PersistentVolumeClaim"
_VOLUME = "spark.kubernetes.driver.volumes.persistentVolumeClaim.spark-local-dir-1"
_SECONDS = 240

pytestmark = pytest.mark.parametrize("live", [CLAIMS], ids=str, indirect=True)


@pytest.fixture
def job(live: Stack, api: Api) -> Iterator[Wanted]:
    """A job whose driver writes on a volume of its own."""
    wanted = job_of(live.combination, "team-a", "pi", executors=1)
    spec = wanted.application["spec"]
    spec["sparkConf"] |= {
        f"{_VOLUME}.options.claimName": "OnDemand",
        f"{_VOLUME}.options.storageClass": "spark-shuffle",
        f"{_VOLUME}.options.sizeLimit": "1Gi",
        f"{_VOLUME}.mount.path": "/data/spark-x/driver-x",
        f"{_VOLUME}.mount.readOnly": "false",
    }
    spec["driver"].setdefault("podSecurityContext", {})["fsGroup"] = 185
    yield wanted
    clear(api, [{**one, "kind": _KIND} for one in _claims(api)])


def test_the_operator_makes_a_driver_s_claim_which_goes_with_the_driver(
    api: Api, live: Stack, job: Wanted
) -> None:
    assert _is_fine(live, job)
    with applied(api, [job]):
        wait_until(lambda: bool(_claims(api)), "the driver's claim is made", seconds=_SECONDS)
        (claim,) = _claims(api)
        (driver,) = pods_of(api, job.application, "driver")
        assert claim["spec"]["storageClassName"] == "spark-shuffle"
        (owner,) = claim["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"]) == ("Pod", driver["metadata"]["uid"])


def test_without_that_role_the_submission_fails(api: Api, live: Stack, job: Wanted) -> None:
    binding = named(live.sent, "RoleBinding", "spark-operator-claims")
    api.delete(binding)
    try:
        with applied(api, [job]):
            wait_until(
                lambda: "FAILED" in state_of(api, job.application), "it fails", seconds=_SECONDS
            )
            said = why_failed(api, job.application)
            assert "persistentvolumeclaims" in said and "forbidden" in said
            assert _claims(api) == []
    finally:
        api.apply(binding)


def _is_fine(live: Stack, job: Wanted) -> bool:
    plan = live.combination.plan
    team = team_of(plan, "team-a")
    return judged(job.application, Target(plan, team, rights_of(plan, team))).runs


def _claims(api: Api) -> list[Object]:
    return [one for one in api.items(_KIND, "team-a") if one["metadata"]["name"] != "spark-jars"]
