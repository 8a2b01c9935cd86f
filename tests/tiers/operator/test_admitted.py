"""Every job, of every team, in every stack and mount level: would the cluster take it?"""

import pytest

from ops.jobs.catalog import JOBS
from tests.tiers.cluster.api import Api
from tests.tiers.cluster.drift import changed_by_server
from tests.tiers.operator.cases import job_of
from tests.tiers.operator.conftest import Stack


@pytest.mark.parametrize("job", JOBS)
def test_every_team_s_job_is_admitted_as_written(api: Api, live: Stack, job: str) -> None:
    for team in live.spark_teams:
        wanted = job_of(live.combination, team, job)
        for one in wanted.beside:
            api.create(one, dry_run=True)
        taken = api.apply(wanted.application, dry_run=True)
        # The webhook and the server may add to it.
        assert changed_by_server(wanted.application["spec"], taken["spec"]) == [], team


def test_the_operator_watches_the_teams_namespaces_and_no_other(live: Stack) -> None:
    (watched,) = [one for one in live.operator.arguments if one.startswith("--namespaces=")]
    assert sorted(watched.removeprefix("--namespaces=").split(",")) == live.spark_teams
