"""Series that make each rule speak, and series that keep it quiet."""

from tests.tiers.metrics.cases import api_server, cost, jobs, logs, nodes, platform, spark
from tests.tiers.metrics.cases.case import AlertCase, RecordCase

_MODULES = (api_server, cost, jobs, logs, nodes, platform, spark)
ALERTS: list[AlertCase] = [
    one for module in _MODULES for one in module.CASES if isinstance(one, AlertCase)
]
RECORDS: list[RecordCase] = [
    one for module in _MODULES for one in module.CASES if isinstance(one, RecordCase)
]
