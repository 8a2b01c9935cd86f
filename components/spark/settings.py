"""`spark`: teams, operator, scheduler and History Servers."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from components.base import Problems, Settings, sound
from components.formats import entries, text
from components.pools import Pool, default_pool
from components.spark.history_server import HistoryServerSettings
from components.spark.operator import OperatorSettings
from components.spark.shuffle_fallback import FALLBACK_PREFIX, ShuffleFallbackSettings
from components.spark.submitters import GroupName, group_of
from components.spark.team import TeamSettings
from components.spark.yunikorn import YunikornSettings
from versions import SPARK_IMAGE

# github.com/distribution/reference, regexp.go
_DOMAIN = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/"
_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_TAG, _DIGEST = r":[\w][\w.-]{0,127}", r"@sha256:[0-9a-f]{64}"
Image = Annotated[
    str,
    text(
        rf"(?=.{{1,500}}$)({_DOMAIN})?{_PART}(/{_PART})*({_TAG}({_DIGEST})?|{_DIGEST})",
        "an image with a tag or digest, such as docker.io/apache/spark:4.0.4",
    ),
]
ClusterOrStack = Annotated[
    str,
    text(
        r"[A-Za-z][A-Za-z0-9._-]{0,99}",
        "the name of a cluster or stack: at most 100 letters, digits and -_. after a letter",
    ),
]


class SparkSettings(Settings):
    """`spark`: teams, operator, scheduler and History Servers."""

    image: Image = SPARK_IMAGE
    """Multi-arch image of drivers and executors, with tag or digest."""
    accept_jobs: bool = True
    """False drains the cluster: new applications are refused, those that run end, with their
    retries."""
    submit_to: Annotated[list[ClusterOrStack], entries(most=20)] = []
    """With `acceptJobs: false`: names of the clusters that take the jobs, for the message."""
    exempt_group: GroupName | None = None
    """With `acceptJobs: false`: group of people who may still submit, no team's submitters."""
    operator: OperatorSettings = OperatorSettings()
    """The Spark operator."""
    yunikorn: YunikornSettings = YunikornSettings()
    """The batch scheduler."""
    history_server: HistoryServerSettings = HistoryServerSettings()
    """Event logs, and a History Server per team."""
    shuffle_fallback: ShuffleFallbackSettings = ShuffleFallbackSettings()
    """S3 for shuffle files of executors that are decommissioned."""
    teams: Annotated[list[TeamSettings], Field(max_length=400)] = []
    """The teams; each has a namespace."""

    def problems(self) -> Problems:
        for check in (self._drain_problems, self._fallback_problems):
            yield from sound(check)

    def _drain_problems(self) -> Problems:
        if self.accept_jobs:
            for key, given in (("submitTo", self.submit_to), ("exemptGroup", self.exempt_group)):
                if given:
                    yield key, "has no effect with acceptJobs: true; remove it"
        for team in self.teams:
            groups = [one.__dict__.get("group") for one in team.__dict__.get("submitters", ())]
            taken = self.exempt_group in [*groups, group_of(team.name)]
            if self.exempt_group is not None and taken:
                text = f"is a group of the submitters of team {team.name}: all of them would submit"
                yield "exemptGroup", f"'{self.exempt_group}' {text}"

    def _fallback_problems(self) -> Problems:
        if not self.shuffle_fallback.enabled:
            return
        server = self.history_server
        if not server.enabled:
            text = "true needs spark.historyServer.enabled: true: its bucket holds the files"
            yield "shuffleFallback.enabled", text
        elif server.logs.prefix.startswith(FALLBACK_PREFIX):
            text = (
                f"is below {FALLBACK_PREFIX}, where spark.shuffleFallback deletes after some days"
            )
            yield "historyServer.logs.prefix", f"'{server.logs.prefix}' {text}"

    @property
    def has_claims(self) -> bool:
        """Whether executors of some team keep shuffle files on volumes that they claim."""
        return any(team.shuffle == "claim" for team in self.teams)

    def claiming_pools(self, pools: Sequence[Pool]) -> set[str]:
        """The pools whose executors claim volumes."""
        default = default_pool(pools)
        return {team.pool or default for team in self.teams if team.shuffle == "claim"}
