"""Changes of where logs of pods go."""

from tests.ops.diff.changes import Row

_S3 = "observability.logs={enabled: true}"
_GROUPS = "observability.logs={enabled: true, destination: cloudwatch}"
_FLUENT_BIT = "docs.fluentbit.io/manual/pipeline/outputs/s3"
_DAEMONS = "kubernetes.io/docs/concepts/workloads/controllers/daemonset"
_EXPIRY = "docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html"
_JOBS = "jobs-affected: jobs of team team-a fail at the next request that role team-team-a-access"
_RESTARTED = "restarts: restarts DaemonSet fluent-bit on every node, 10% at a time"
_WIDER = [
    f"wider-permission: wider permission: role team-{team}-access-role (may now)"
    for team in ("team-a", "team-b")
]
_NARROWER = [
    f"narrower-permission: narrower permission: role team-{team}-access-role (may no longer)"
    for team in ("team-a", "team-b")
]
_WRITER = "wider-permission: wider permission: role log-agents-writer-role"
_MOVED = [f"guard: logs of team {team} are in" for team in ("team-a", "team-b")]
_NO_EXPIRY = [
    f"/{team}/, and links of jobs that run lead there; the older ones no longer expire"
    for team in ("team-a", "team-b")
]

LOGS = {
    "logs on a cluster that runs": Row(
        _S3,
        "jobs-affected: executors end on nodes that have no room for the agent of logs",
        "wider-permission: wider permission: ServiceAccount log-agents/fluent-bit (new)",
        f"{_WRITER} (new)",
        *_WIDER,
        "new-pods: a node that is full makes room for its agent of logs",
        source=_DAEMONS,
    ),
    "no logs any more": Row(
        (),
        "fails: fails: S3 does not delete bucket spark-dev-pod-logs-111122223333-us-west-2",
        _JOBS,
        "jobs-unknown: pod-logs-bucket: is deleted",
        "removes: deletes namespace log-agents with everything in it",
        "removes: removes DaemonSet fluent-bit",
        "narrower-permission: narrower permission: ServiceAccount log-agents/fluent-bit (deleted)",
        "narrower-permission: narrower permission: role log-agents-writer-role (deleted)",
        *_NARROWER,
        "guard: pod-logs-versions: what is overwritten or deleted can no longer be brought back",
        "guard: logs of pods are lost from now on",
        before=_S3,
        source=_FLUENT_BIT,
    ),
    "another prefix of logs": Row(
        "observability.logs={enabled: true, bucket: {prefix: other/}}",
        _JOBS,
        _RESTARTED,
        f"{_WRITER} (may now)",
        *_WIDER,
        "narrower-permission: narrower permission: role log-agents-writer-role (may no longer)",
        *_NARROWER,
        *(f"guard: {text}" for text in _NO_EXPIRY),
        before=_S3,
        source=_FLUENT_BIT,
    ),
    "logs kept for a shorter time": Row(
        "observability.logs={enabled: true, bucket: {retentionDays: 7}}",
        "loses-data: loses data: pod-logs-lifecycle deletes objects after 7 days, not 30",
        "jobs-affected: objects below logs/ older than 7 days are gone",
        before=_S3,
        source=_EXPIRY,
    ),
    "fewer objects of logs": Row(
        "observability.logs={enabled: true, uploadSeconds: 300}",
        _RESTARTED,
        before=_S3,
        source=_FLUENT_BIT,
    ),
    "logs as plain text": Row(
        "observability.logs={enabled: true, structured: false}",
        before=_S3,
        source="spark.apache.org/docs/latest/configuration.html",
    ),
    "log groups kept for a shorter time": Row(
        "observability.logs={enabled: true, destination: cloudwatch, "
        "cloudwatch: {retentionDays: 7}}",
        "loses-data: loses data: logs in /spark-on-eks/spark-dev/.platform older than 7 days",
        "loses-data: loses data: logs in /spark-on-eks/spark-dev/team-a older than 7 days",
        "loses-data: loses data: logs in /spark-on-eks/spark-dev/team-b older than 7 days",
        before=_GROUPS,
        source="docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy",
    ),
    "logs to CloudWatch, no longer to a bucket": Row(
        _GROUPS,
        "fails: fails: S3 does not delete bucket spark-dev-pod-logs-111122223333-us-west-2",
        _JOBS,
        "jobs-unknown: pod-logs-bucket: is deleted",
        _RESTARTED,
        f"{_WRITER} (may now)",
        *_WIDER,
        "narrower-permission: narrower permission: role log-agents-writer-role (may no longer)",
        *_NARROWER,
        "guard: pod-logs-versions: what is overwritten or deleted can no longer be brought back",
        *_MOVED,
        before=_S3,
        source=_FLUENT_BIT,
    ),
}
