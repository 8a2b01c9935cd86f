"""`spark`: everything that runs Spark, in one object of a stack file."""

from typing import Annotated

from pydantic import Field

from components.base import Settings
from components.spark.history_server import HistoryServerSettings
from components.spark.operator import OperatorSettings
from components.spark.team import TeamSettings
from components.spark.yunikorn import YunikornSettings
from versions import SPARK_IMAGE


class SparkSettings(Settings):
    """`spark`: the teams, and what runs their jobs."""

    image: Annotated[str, Field(pattern=r"^[\w.:/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$")] = (
        SPARK_IMAGE
    )
    """Image of drivers and executors, multi-arch, with its tag or digest."""
    operator: OperatorSettings = OperatorSettings()
    """The Spark operator."""
    yunikorn: YunikornSettings = YunikornSettings()
    """The batch scheduler."""
    history_server: HistoryServerSettings = HistoryServerSettings()
    """Event logs, and a History Server for each team."""
    teams: list[TeamSettings] = []
    """The teams, each with a namespace of its own."""
