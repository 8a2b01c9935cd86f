"""Cases of the alerts on the agents of logs."""

from tests.tiers.metrics.cases.case import AlertCase


def _count(of: str) -> str:
    return f'fluentbit_output_{of}_total{{pod="fluent-bit-a", name="s3"}}'


_POD = 'pod="fluent-bit-a"'
_LABELS = f'name="s3", {_POD}'

CASES = [
    AlertCase(
        "LogsLost",
        {_count("dropped_records"): "0x20 0+30x10"},
        _LABELS,
        at=30,
        value=270,
        before=20,
        quiet={"none": {_count("dropped_records"): "7x40"}},
    ),
    AlertCase(
        "LogsNotSent",
        {_count("errors"): "0x60", _count("retries"): "0+1x60"},
        _LABELS,
        at=40,
        before=15,
        quiet={
            "none": {_count("retries"): "3x60"},
            "once": {_count("retries"): "0x10 1x50"},
        },
    ),
    AlertCase(
        "LogsNotSent",
        {_count("errors"): "0+1x60", _count("retries"): "0x60"},
        _LABELS,
        at=40,
        before=15,
        quiet={"none": {_count("errors"): "3x60"}},
    ),
    AlertCase(
        "LogAgentDown",
        {f'up{{job="fluent-bit", {_POD}}}': "0x30", 'up{job="fluent-bit", pod="b"}': "1x30"},
        f'job="fluent-bit", {_POD}',
        at=15,
        before=8,
        quiet={
            "it answers": {f'up{{job="fluent-bit", {_POD}}}': "1x30"},
            "another program": {
                f'up{{job="fluent-bit", {_POD}}}': None,
                f'up{{job="karpenter", {_POD}}}': "0x30",
            },
        },
    ),
]
