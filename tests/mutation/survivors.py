"""Guards whose loss neither a rule nor a test finds, with the reason."""

from collections.abc import Mapping

_ELSEWHERE = "what else it depends on leads there"
_DEFAULT = "the default is the same"
REASONS: Mapping[str, str] = {
    "components/cluster.py: ClusterSettings default: 'spark-<stack>'": "not a guard: a default for "
    "the documents",
    "components/cluster_autoscaler/node_groups.py: ClusterAutoscaler._create_group depends_on "
    "context.network": _ELSEWHERE + ": the system nodes",
    "components/mounts/daemonset.py: NodeDaemonSet.install depends_on=context.after": "its pods "
    "start on each node as that comes",
    "components/mounts/daemonset.py: NodeDaemonSet._pod read_only: True": "a volume of a "
    "config map is read-only in any case",
    "components/mounts/userdata.py: node_files.render version=node.mountpoint_version or ''": ""
    "not seen in a plan; tests/unit/test_userdata.py and the node tier see it",
    "components/node_groups.py: SystemNodes.__init__ depends_on context.cluster": _ELSEWHERE
    + ": pod networking",
    "components/node_groups.py: SystemNodes.__init__ depends_on context.network": _ELSEWHERE
    + ": the cluster",
    "components/pools.py: Pool reasons: ['Empty']": "Karpenter takes the smallest of the budgets "
    "that hold: 10 % for the other reasons stays",
    "components/pools.py: Pool reasons: ['Underutilized', 'Drifted']": "the stricter way: empty "
    "nodes go by tenths, too",
    "components/spark/history_pod.py: pod_spec read_only=True": "a second lock: the server's user "
    "has no reason to write there, and its init container did",
    "components/spark/history_server.py: HistoryServers._create_server labels: labels": "labels of "
    "the objects, for people; the pods' own are held",
    "components/spark/history_server.py: HistoryServers._create_server replicas: 1": _DEFAULT,
}
"""File and guard, as `make mutate` prints them, to the reason."""
