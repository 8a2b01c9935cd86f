"""`spark`: teams, operator, scheduler and History Servers."""

from typing import Annotated

from pydantic import Field

from components.base import Settings
from components.spark.history_server import HistoryServerSettings
from components.spark.operator import OperatorSettings
from components.spark.team import TeamSettings
from components.spark.yunikorn import YunikornSettings
from versions import SPARK_IMAGE


class SparkSettings(Settings):
    """`spark`: teams, operator, scheduler and History Servers."""

    image: Annotated[str, Field(pattern=r"^[\w.:/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$")] = (
        SPARK_IMAGE
    )
    """Multi-arch image of drivers and executors, with tag or digest."""
    operator: OperatorSettings = OperatorSettings()
    """The Spark operator."""
    yunikorn: YunikornSettings = YunikornSettings()
    """The batch scheduler."""
    history_server: HistoryServerSettings = HistoryServerSettings()
    """Event logs, and a History Server per team."""
    teams: list[TeamSettings] = []
    """The teams; each has a namespace."""
