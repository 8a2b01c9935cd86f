"""Dashboards of nodes, of the API server and of the mount of JARs."""

from dev.dashboards.build import Dashboard, Panel

PLATFORM = Dashboard(
    "platform",
    "Spark: nodes and Spot",
    [
        Panel(
            "Nodes",
            "short",
            [
                (
                    "count by (nodepool, capacity_type) (node:price:dollars_per_hour)",
                    "{{nodepool}} {{capacity_type}}",
                )
            ],
        ),
        Panel(
            "Cost of nodes",
            "currencyUSD",
            [
                (
                    "nodepool_capacity_type:cost:dollars_per_hour",
                    "{{nodepool}} {{capacity_type}}",
                )
            ],
            "Dollars an hour at Karpenter's prices.",
        ),
        Panel(
            "Idle",
            "currencyUSD",
            [("nodepool:idle_cost:dollars_per_hour", "{{nodepool}}")],
            "Dollars an hour of what no pod requests.",
        ),
        Panel(
            "Saved by Spot",
            "currencyUSD",
            [("nodepool:spot_saving:dollars_per_hour", "{{nodepool}}")],
            "Dollars an hour against On-Demand of the same types.",
        ),
        Panel(
            "Messages of EC2",
            "short",
            [
                (
                    "sum by (message_type) (increase("
                    "karpenter_interruption_received_messages_total[1h]))",
                    "{{message_type}}",
                )
            ],
            "In an hour: Spot interruptions, rebalancing, health.",
        ),
        Panel(
            "Spot offerings that EC2 has",
            "percentunit",
            [
                (
                    "avg by (zone) (karpenter_cloudprovider_instance_type_offering_available"
                    '{capacity_type="spot"})',
                    "{{zone}}",
                )
            ],
        ),
        Panel(
            "Limits of NodePools",
            "percentunit",
            [
                (
                    "max by (nodepool, resource_type) (karpenter_nodepools_usage) / "
                    "max by (nodepool, resource_type) (karpenter_nodepools_limit)",
                    "{{nodepool}} {{resource_type}}",
                )
            ],
        ),
        Panel(
            "Addresses of pods",
            "percentunit",
            [("sum(awscni_assigned_ip_addresses) / sum(awscni_ip_max)", "in use")],
        ),
    ],
)

API_SERVER = Dashboard(
    "api-server",
    "Spark: API server",
    [
        Panel(
            "Requests in time",
            "percentunit",
            [
                (
                    "bottomk(10, verb_resource:apiserver_requests_in_time:ratio_rate5m)",
                    "{{verb}} {{resource}} ({{objective}})",
                )
            ],
            "The objective is 99 %; the ten slowest.",
        ),
        Panel(
            "Requests",
            "reqps",
            [
                (
                    "topk(10, verb_resource:apiserver_requests:rate5m)",
                    "{{verb}} {{resource}} ({{objective}})",
                )
            ],
        ),
        Panel(
            "Answers by code",
            "reqps",
            [("sum by (code) (rate(apiserver_request_total[$__rate_interval]))", "{{code}}")],
            "429: the API server is at its limit of requests at once.",
        ),
        Panel(
            "Rejected by priority and fairness",
            "reqps",
            [
                (
                    "sum by (priority_level) "
                    "(rate(apiserver_flowcontrol_rejected_requests_total[$__rate_interval]))",
                    "{{priority_level}}",
                )
            ],
        ),
        Panel(
            "Mean time in webhooks",
            "s",
            [
                (
                    "sum by (name) (rate("
                    "apiserver_admission_webhook_admission_duration_seconds_sum[$__rate_interval]))"
                    " / sum by (name) (rate("
                    "apiserver_admission_webhook_admission_duration_seconds_count"
                    "[$__rate_interval]))",
                    "{{name}}",
                )
            ],
        ),
        Panel("Size of etcd", "bytes", [("max(apiserver_storage_size_bytes)", "in use")]),
        Panel(
            "Pods that the scheduler holds",
            "short",
            [("max by (queue) (scheduler_pending_pods)", "{{queue}}")],
            "unschedulable: they fit on no node yet.",
        ),
        Panel(
            "Mean time to schedule a pod",
            "s",
            [
                (
                    "sum(rate(scheduler_pod_scheduling_sli_duration_seconds_sum"
                    "[$__rate_interval])) / "
                    "sum(rate(scheduler_pod_scheduling_sli_duration_seconds_count"
                    "[$__rate_interval]))",
                    "without the wait for a node",
                )
            ],
        ),
        Panel(
            "Work that waits in controllers",
            "short",
            [("topk(10, max by (job, name) (workqueue_depth))", "{{job}} {{name}}")],
            "Of Kubernetes' controllers and of the Spark operator; the ten longest queues.",
        ),
    ],
)

JAR_MOUNT = Dashboard(
    "jar-mount",
    "Spark: JARs on nodes",
    [
        Panel(
            "Nodes with a mount",
            "short",
            [("sum(spark_jars_up)", "answering"), ("count(spark_jars_up)", "all")],
            "At node level; the CSI driver has no such metrics.",
            "number",
        ),
        Panel(
            "Nodes closed to Spark", "short", [("sum(spark_jars_fenced)", "closed")], "", "number"
        ),
        Panel(
            "Restarts",
            "short",
            [("topk(10, increase(spark_jars_restarts_total[1h]))", "{{instance}}")],
            "In an hour; the ten nodes with most.",
        ),
        Panel(
            "Disk space",
            "bytes",
            [
                ("topk(10, spark_jars_copies_bytes)", "copies, {{instance}}"),
                ("topk(10, spark_jars_cache_bytes)", "cache, {{instance}}"),
            ],
        ),
        Panel("Copied releases", "short", [("spark_jars_filled_releases", "{{instance}}")]),
        Panel(
            "Age of what a node says",
            "s",
            [
                (
                    'time() - node_textfile_mtime_seconds{file=~".*/spark-jars.prom"}',
                    "{{instance}}",
                )
            ],
        ),
    ],
)
