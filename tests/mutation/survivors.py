"""Guards whose loss neither a rule nor a test finds, with the reason."""

from collections.abc import Mapping

_ELSEWHERE = "implied by another dependency"
_DEFAULT = "equals Kubernetes' default"
_NO_NODE = "an object of the API server: it needs no node, and pods of it wait for theirs"
REASONS: Mapping[str, str] = {
    "components/cluster.py: ClusterSettings default: 'spark-<stack>'": (
        "not a guard: a default shown in the docs"
    ),
    "components/cluster_autoscaler/node_groups.py: ClusterAutoscaler._create_group depends_on "
    "context.network": _ELSEWHERE + ": the system nodes",
    "components/logs/agent.py: LogAgents.__init__ depends_on store": _ELSEWHERE
    + ": its role's policy names the bucket",
    "components/logs/agent.py: LogAgents.__init__ depends_on=context.after": _NO_NODE,
    "components/monitoring/prometheus.py: PrometheusStack._create_class depends_on=context.after": (
        _NO_NODE
    ),
    "components/storage/lustre/folders.py: Folders.__init__ depends_on=context.after": _NO_NODE,
    "components/storage/shuffle_class.py: ShuffleClass.__init__ depends_on=context.after": _NO_NODE,
    "components/mounts/claim.py: Claim.__init__ depends_on=[persistent_volume]": _ELSEWHERE
    + ": the claim, whose uid it has",
    "components/mounts/daemonset.py: NodeDaemonSet.install depends_on=context.after": (
        "its pods start on each node when it joins"
    ),
    "components/mounts/daemonset.py: NodeDaemonSet._pod read_only: True": (
        "config map volumes are always read-only"
    ),
    "components/mounts/userdata.py: node_files.render version=node.mountpoint_version or ''": (
        "not visible in a plan; tests/unit/test_userdata.py and the node tier test it"
    ),
    "components/node_groups.py: SystemNodes.__init__ depends_on context.cluster": _ELSEWHERE
    + ": pod networking",
    "components/node_groups.py: SystemNodes.__init__ depends_on context.network": _ELSEWHERE
    + ": the cluster",
    "components/pools.py: Pool reasons: ['Empty']": (
        "Karpenter applies the most restrictive active budget: 10 % for the other reasons remains"
    ),
    "components/pools.py: Pool reasons: ['Underutilized', 'Drifted']": (
        "stricter without it: empty nodes are also removed 10 % at a time"
    ),
    "components/spark/history_pod.py: pod_spec read_only=True": (
        "defence in depth: the server does not write there; its init container does"
    ),
    "components/spark/history_server.py: HistoryServers._create_server labels: labels": (
        "labels of the objects are informative; tests check the pods' labels"
    ),
    "components/spark/history_server.py: HistoryServers._create_server replicas: 1": _DEFAULT,
    "components/monitoring/values.py: stack_values replicas: 1": _DEFAULT,
    "components/monitoring/install.py: install_monitoring default=0": (
        "not a guard: of a maximum over no pools"
    ),
    "components/running_cluster.py: read_running_cluster version=cluster['Version']": (
        "no plan has a running cluster; the engine tier reads one"
    ),
}
"""File and guard, as `make mutate` prints them, to the reason."""
