"""Cases of the API server's objectives."""

from tests.tiers.metrics.cases.case import AlertCase, RecordCase

_SLI = "apiserver_request_sli_duration_seconds"


def _requests(
    verb: str,
    scope: str,
    le: str,
    fast: float,
    count: float = 60,
    *,
    sub: str = "",
    resource: str = "pods",
) -> dict[str, str]:
    """Requests a minute, and how many of them end in time."""
    labels = f'verb="{verb}", scope="{scope}", resource="{resource}", subresource="{sub}"'
    return {
        # Two API servers.
        f'{_SLI}_{name}, instance="{instance}"}}': f"0+{amount / 2}x40"
        for instance in ("a", "b")
        for name, amount in (
            (f'bucket{{{labels}, le="{le}"', fast),
            (f'bucket{{{labels}, le="60"', count),
            (f'bucket{{{labels}, le="0.1"', 1),
            (f"count{{{labels}", count),
        )
    }


_SLOW = _requests("POST", "resource", "1.0", 54)
_RARE = _requests("POST", "resource", "1.0", 2, 3)
_ALL = {
    **_SLOW,
    **_requests("GET", "resource", "1.0", 57),
    **_requests("LIST", "namespace", "5.0", 48),
    **_requests("LIST", "cluster", "30", 30),
    # They last as long as their client wants, or count elsewhere.
    **_requests("POST", "resource", "1.0", 60, sub="exec"),
    **_requests("GET", "resource", "1.0", 60, sub="log"),
    **_requests("LIST", "namespace", "5.0", 60, sub="proxy"),
    **_requests("LIST", "cluster", "30", 60, sub="proxy"),
    **_requests("WATCH", "cluster", "1.0", 60),
    **_requests("WATCH", "cluster", "30", 60),
    **_requests("WATCH", "namespace", "5.0", 60),
    **_requests("GET", "cluster", "1.0", 60),
    **_requests("LIST", "resource", "1.0", 60),
    **_requests("LIST", "resource", "5.0", 60),
    **_requests("LIST", "resource", "30", 60),
}


def _labels(objective: str, verb: str) -> str:
    return f'objective="{objective}", verb="{verb}", resource="pods"'


CASES = [
    RecordCase(
        "verb_resource:apiserver_requests:rate5m",
        _ALL,
        {
            _labels("mutating", "POST"): 1,
            _labels("resource", "GET"): 1,
            _labels("namespace", "LIST"): 1,
            _labels("cluster", "LIST"): 1,
        },
        at=20,
    ),
    RecordCase(
        "verb_resource:apiserver_requests_in_time:ratio_rate5m",
        {
            **_ALL,
            **{name.replace("POST", "PUT"): "0x40" for name in _SLOW},
        },
        {
            _labels("mutating", "POST"): 0.9,
            _labels("resource", "GET"): 0.95,
            _labels("namespace", "LIST"): 0.8,
            _labels("cluster", "LIST"): 0.5,
        },
        at=20,
    ),
    AlertCase(
        "KubernetesApiSlow",
        _SLOW,
        _labels("mutating", "POST"),
        at=20,
        before=4,
        value=0.9,
        quiet={
            "all in time": _requests("POST", "resource", "1.0", 60),
            "99.5 % in time": _requests("POST", "resource", "1.0", 59.7),
            "too few requests to judge": _RARE,
            "another resource is busy, and fast": {
                **_RARE,
                **_requests("POST", "resource", "1.0", 60, resource="leases"),
            },
            "another verb is busy, and fast": {
                **_RARE,
                **_requests("PUT", "resource", "1.0", 60),
            },
            "lists of the cluster are busy, and fast": {
                **dict.fromkeys(_SLOW),
                **_requests("LIST", "namespace", "5.0", 2, 3),
                **_requests("LIST", "cluster", "30", 60),
            },
        },
    ),
    AlertCase(
        "KubernetesApiRejects",
        {
            'apiserver_flowcontrol_rejected_requests_total{priority_level="workload-low", '
            'reason="queue-full"}': "0+5x40",
            'apiserver_flowcontrol_rejected_requests_total{priority_level="workload-low", '
            'reason="time-out"}': "0+1x40",
        },
        'priority_level="workload-low"',
        at=20,
        value=0.1,
        before=4,
        quiet={
            "none is rejected": {
                'apiserver_flowcontrol_rejected_requests_total{priority_level="workload-low", '
                f'reason="{reason}"}}': "7x40"
                for reason in ("queue-full", "time-out")
            }
        },
    ),
]
