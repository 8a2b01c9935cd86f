"""Alerts on nodes: Spot capacity, NodePools, JAR mounts, disks, addresses."""

from collections.abc import Iterator

from components.monitoring.rules.model import Alert, Inputs


def node_alerts(inputs: Inputs) -> Iterator[Alert]:
    """Alerts on what the stack's nodes have."""
    if inputs.karpenter:
        yield from _karpenter()
    if inputs.node_mount and inputs.exporter:
        yield from _jar_mount()
    if inputs.exporter:
        yield Alert(
            "NodeDiskAlmostFull",
            """min by (instance, mountpoint) (node_filesystem_avail_bytes{fstype=~"xfs|ext4"}
            / node_filesystem_size_bytes) < 0.1""",
            5,
            "warning",
            "{{ $labels.instance }}: {{ $value | humanizePercentage }} of {{ $labels.mountpoint }} "
            "is free",
            "The kubelet evicts pods, executors first, when a disk is full; their shuffle files "
            "are lost.",
            "Jobs that ask for less disk than they use: `make check-job` says which. Larger "
            "`pools[].diskGiB`, families with instance store, or another kind of shuffle "
            "(docs/shuffle.md).",
        )
    yield from _addresses()


def _karpenter() -> Iterator[Alert]:
    warnings = 'karpenter_interruption_received_messages_total{message_type="spot_interrupted"}'
    yield Alert(
        "NodePoolLimitNear",
        """max by (nodepool, resource_type) (karpenter_nodepools_usage)
        / max by (nodepool, resource_type) (karpenter_nodepools_limit) > 0.9""",
        10,
        "warning",
        "NodePool {{ $labels.nodepool }} is at {{ $value | humanizePercentage }} of its limit of "
        "{{ $labels.resource_type }}",
        "Karpenter launches no node beyond the limit: executors stay pending.",
        "`pools[].limits` in the stack file, within EC2's quotas: `make capacity`.",
    )
    yield Alert(
        "NodePoolNotReady",
        """max by (name) (operator_nodepool_status_condition_count{type="Ready",
        status="False"}) > 0""",
        5,
        "critical",
        "NodePool {{ $labels.name }} is not ready: Karpenter launches no nodes for it",
        "Executors or drivers of this pool stay pending.",
        "`kubectl describe nodepool` and `kubectl describe ec2nodeclass`: a role, an image or "
        "subnets that cannot be found.",
    )
    yield Alert(
        "SpotInterruptionsMany",
        # A counter begins with its first message: of a series that was not there an hour ago, when
        # Karpenter was, all counts.
        f"""sum((max_over_time({warnings}[1h]) unless {warnings} offset 1h)
        and on () up{{job="karpenter"}} offset 1h or increase({warnings}[1h]))
        > 0.1 * count(count by (node_name)
        (karpenter_nodes_allocatable{{capacity_type="spot"}}))""",
        0,
        "warning",
        "{{ $value | humanize }} Spot interruptions in an hour, more than a tenth of the Spot "
        "nodes",
        "Executors are lost more often than usual; jobs compute tasks again and take longer.",
        "More families and sizes in `pools[]` (Spot depth), another zone, or "
        "`capacityTypes: [on-demand]` for the pool until it is over.",
    )
    yield Alert(
        "SpotCapacityScarce",
        """avg(karpenter_cloudprovider_instance_type_offering_available{capacity_type="spot"})
        < 0.2""",
        15,
        "warning",
        "Only {{ $value | humanizePercentage }} of the pools' Spot offerings are available",
        "EC2 had no capacity for the others. Karpenter falls back to On-Demand, at its price.",
        "More families and sizes in `pools[]`; `make capacity` shows the quota of Spot vCPU.",
    )
    yield Alert(
        "InterruptionMessagesLate",
        """histogram_quantile(0.9, sum by (le)
        (rate(karpenter_interruption_message_queue_duration_seconds_bucket[15m]))) > 30""",
        5,
        "critical",
        "Interruption messages wait {{ $value | humanizeDuration }} for Karpenter",
        "A Spot node has two minutes from the message to its end: drains begin too late, "
        "executors die without decommissioning.",
        "Karpenter's log and CPU; `karpenter.cpu` in the stack file.",
    )
    yield Alert(
        "UserDataNearLimit",
        "max by (nodeclass) (karpenter_ec2nodeclasses_userdata_bytes) > 16200",
        0,
        "warning",
        "User data of {{ $labels.nodeclass }} has {{ $value }} of the 16384 bytes that EC2 takes",
        "Beyond the limit no node of this class starts.",
        "Shorter `jarMount.node.flags` or prefixes, `jarMount.method: daemonset`, or pod-level "
        "mounts.",
    )


def _jar_mount() -> Iterator[Alert]:
    file = 'node_textfile_mtime_seconds{file=~".*/spark-jars.prom"}'
    yield Alert(
        "JarMountDown",
        "min by (instance) (spark_jars_up) == 0",
        2,
        "critical",
        "The JARs are not mounted on {{ $labels.instance }}",
        "No new pod of Spark starts on the node; running JVMs cannot load further classes.",
        "`journalctl -u spark-jars` on the node; docs/jar-mounts.md has the causes.",
    )
    yield Alert(
        "JarMountStale",
        f"time() - max by (instance) ({file}) > 120",
        2,
        "critical",
        "The JAR mount of {{ $labels.instance }} has said nothing for "
        "{{ $value | humanizeDuration }}",
        "The service that keeps the mount is dead: what its metrics say is old.",
        "`systemctl status spark-jars` on the node.",
    )
    yield Alert(
        "JarMountFenced",
        "max by (instance) (spark_jars_fenced) == 1",
        0,
        "warning",
        "{{ $labels.instance }} is closed to Spark: its JAR mount failed too often",
        "The node takes no new pods of Spark. Karpenter replaces it when it is empty.",
        "Several nodes at once: S3, the bucket policy or the node role; docs/jar-mounts.md.",
    )


def _addresses() -> Iterator[Alert]:
    yield Alert(
        "PodAddressesNearLimit",
        "sum(awscni_assigned_ip_addresses) / sum(awscni_ip_max) > 0.85",
        10,
        "warning",
        "{{ $value | humanizePercentage }} of the addresses that nodes can hold are in use",
        "Nodes are full of pods before they are full of CPU.",
        "Larger instance types, or prefix delegation; `make capacity` has the numbers.",
    )
    yield Alert(
        "PodAddressesExhausted",
        "sum(increase(awscni_no_available_ip_addresses[10m])) > 0",
        0,
        "critical",
        "Pods wait for an address: {{ $value | humanize }} refusals in ten minutes",
        "Pods stay in ContainerCreating.",
        "Free addresses of the subnets (`aws ec2 describe-subnets`); further zones in "
        "`network.zones`.",
    )
