"""The API server's objectives: the share of requests that end in time.

A quantile of the histogram would be interpolated between borders that are far apart; the share
below a border is exact.
"""

from collections.abc import Iterator

from components.monitoring.rules.model import Alert, Group, Inputs, Record

FAST = "verb_resource:apiserver_requests_in_time:ratio_rate5m"
RATE = "verb_resource:apiserver_requests:rate5m"

_LONG = 'subresource!~"proxy|attach|log|exec|portforward"'
"""Requests that last as long as their client wants."""
_SLI = "apiserver_request_sli_duration_seconds"


def api_server_group(inputs: Inputs) -> Group:
    """Recorded shares by objective, verb and resource, and the alerts on them."""
    limits = inputs.objectives
    objectives = {
        "mutating": ('verb=~"POST|PUT|PATCH|DELETE|APPLY"', limits.mutating),
        "resource": ('verb="GET", scope="resource"', limits.resource),
        "namespace": ('verb="LIST", scope="namespace"', limits.namespace),
        "cluster": ('verb="LIST", scope="cluster"', limits.cluster),
    }
    return Group("api-server", [*_shares(objectives), *_alerts()])


def _shares(objectives: dict[str, tuple[str, int]]) -> Iterator[Record]:
    by = "sum by (objective, verb, resource)"

    def labelled(metric: str, name: str, selector: str) -> str:
        rate = f"rate({metric}{{{selector}, {_LONG}}}[5m])"
        return f'label_replace({rate}, "objective", "{name}", "", "")'

    counts = {
        name: labelled(f"{_SLI}_count", name, selector)
        for name, (selector, _) in objectives.items()
    }
    yield Record(RATE, f"{by} ({' or '.join(counts.values())})")
    # Prometheus 3 writes a border as 1.0, older ones as the API server does.
    fast = [
        labelled(f"{_SLI}_bucket", name, f'{selector}, le=~"{seconds}([.]0)?"')
        for name, (selector, seconds) in objectives.items()
    ]
    yield Record(FAST, f"{by} ({' or '.join(fast)}) / ({RATE} > 0)")


def _alerts() -> Iterator[Alert]:
    yield Alert(
        "KubernetesApiSlow",
        f"{FAST} < 0.99 and on (objective, verb, resource) {RATE} > 0.1",
        5,
        "warning",
        "{{ $labels.verb }} {{ $labels.resource }}: only {{ $value | humanizePercentage }} of "
        "requests end in time",
        "Less than 99 % of these requests end within the objective. Drivers create executors, and "
        "Karpenter nodes, more slowly; watches lag behind.",
        "Look at the dashboard of the API server for the verb and the resource. Many executors "
        "that start at once: lower `spark.kubernetes.allocation.batch.size`. A slow webhook: "
        "`apiserver_admission_webhook_admission_duration_seconds`. EKS scales the control plane "
        "by itself within minutes; open a case if it lasts.",
    )
    yield Alert(
        "KubernetesApiRejects",
        "sum by (priority_level) (rate(apiserver_flowcontrol_rejected_requests_total[5m])) > 0",
        5,
        "warning",
        "The API server rejects {{ $value | humanize }} requests a second of priority level "
        "{{ $labels.priority_level }}",
        "Clients get status 429 and try again later: drivers create executors late, controllers "
        "see changes late.",
        "Find the client by user agent in the audit log (`cluster.logTypes: [audit]`). Fewer "
        "executors at once, longer intervals of pollers, or a FlowSchema of its own for it.",
    )
