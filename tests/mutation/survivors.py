"""Guards whose loss neither a rule nor a test finds, with the reason."""

from collections.abc import Mapping

_ELSEWHERE = "what else it depends on leads there"
_DEFAULT = "the default is the same"
REASONS: Mapping[str, str] = {
    "components/addons.py: NodeAddons.__init__ depends_on cluster": _ELSEWHERE
    + ": the role's trust is made from the cluster",
    "components/cluster.py: ClusterSettings default: 'spark-<stack>'": "not a guard: a default for "
    "the documents",
    "components/cluster_autoscaler.py: ClusterAutoscaler._create_group depends_on "
    "*self._platform.network.egress": _ELSEWHERE + ": the system nodes",
    "components/cluster_autoscaler.py: ClusterAutoscaler._create_controller depends_on "
    "*self._platform.after": _ELSEWHERE + ": the groups that it sizes",
    "components/mounts/node_daemonset.py: NodeDaemonSet.node_part labels=jars_label(set_name)": ""
    "the DaemonSet sets the label itself; with it from the start a pod finds the node sooner",
    "components/mounts/node_daemonset.py: NodeDaemonSet.install depends_on=parts.after": "its pods "
    "start on each node as that comes",
    "components/mounts/node_daemonset.py: NodeDaemonSet._pod read_only: True": "a volume of a "
    "config map is read-only in any case",
    "components/mounts/node_userdata.py: files_of.render version=node.mountpoint_version or ''": ""
    "not seen in a plan; tests/unit/test_userdata.py and the node tier see it",
    "components/network.py: Network._create_nat_gateways depends_on=self.egress[:1] #2": _ELSEWHERE
    + ": the gateway's address",
    "components/node_groups.py: SystemNodes.__init__ depends_on cluster": _ELSEWHERE
    + ": pod networking",
    "components/node_groups.py: SystemNodes.__init__ depends_on *network.egress": _ELSEWHERE
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
