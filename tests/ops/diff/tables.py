"""All single changes, by name: those that settings make, and those made by hand in a plan."""

from tests.ops.diff.changes_cache import CACHE
from tests.ops.diff.changes_cloud import CLOUD
from tests.ops.diff.changes_disks import DISKS
from tests.ops.diff.changes_jars import JARS
from tests.ops.diff.changes_logs import LOGS
from tests.ops.diff.changes_monitoring import MONITORING
from tests.ops.diff.changes_nodes import NODES
from tests.ops.diff.changes_settings import SETTINGS
from tests.ops.diff.changes_shuffle import SHUFFLE
from tests.ops.diff.plan_cluster import CLUSTER
from tests.ops.diff.plan_guards import GUARDS
from tests.ops.diff.plan_network import LIMITS, NAMES, NETWORK
from tests.ops.diff.plan_node_sets import NODES as NODE_SETS

SETS = {
    **CLOUD,
    **NODES,
    **DISKS,
    **JARS,
    **CACHE,
    **SETTINGS,
    **SHUFFLE,
    **MONITORING,
    **LOGS,
}
"""The engine tier runs these, too."""
EDITS = {**GUARDS, **NETWORK, **LIMITS, **NAMES, **NODE_SETS, **CLUSTER}
