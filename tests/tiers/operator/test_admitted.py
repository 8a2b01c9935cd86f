"""Every job, of every team, in every stack and mount level: would the cluster take it?"""

import pytest

from ops.jobs.catalog import JOBS
from tests.tiers.cluster.api import Api
from tests.tiers.operator.cases import job_of
from tests.tiers.operator.conftest import Stack


@pytest.mark.parametrize("job", JOBS)
def test_every_team_s_job_is_admitted_as_written(api: Api, live: Stack, job: str) -> None:
    for team in live.spark_teams:
        wanted = job_of(live.combination, team, job)
        for one in wanted.beside:
            api.create(one, dry_run=True)
        taken = api.apply(wanted.application, dry_run=True)
        for key, value in wanted.application["spec"].items():
            assert _holds(taken["spec"][key], value), (team, key, taken["spec"][key])


def test_the_operator_watches_the_teams_namespaces_and_no_other(live: Stack) -> None:
    (watched,) = [one for one in live.operator.arguments if one.startswith("--namespaces=")]
    assert watched.removeprefix("--namespaces=").split(",") == live.spark_teams


def _holds(taken: object, sent: object) -> bool:
    """Whether all that was sent is there; the webhook and the server may add to it."""
    if isinstance(sent, dict):
        return isinstance(taken, dict) and all(
            key in taken and _holds(taken[key], value) for key, value in sent.items()
        )
    if isinstance(sent, list):
        return (
            isinstance(taken, list)
            and len(taken) == len(sent)
            and all(_holds(one, other) for one, other in zip(taken, sent, strict=True))
        )
    return taken == sent
