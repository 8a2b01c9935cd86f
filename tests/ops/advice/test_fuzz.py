"""300 damaged and hostile logs: an answer or one clear error, no traceback, no invented figure."""

import io
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.advice import show
from ops.advice.lines import NotRead
from ops.advice.price import Prices
from ops.advice.report import report
from ops.advice.run import Run, jobs_of, read_run
from ops.advice.sources import local_logs
from tests.ops.advice.events import GIB, Event, Task, application, compressed, even, text

SEED, ROUNDS = 20261201, 300
HOSTILE_TEXTS = (
    "\x1b[2J\x1b[31mred",
    "a\r\nb\x00c",
    "\u202egpj.exe",
    "x" * 10_000,
    "'; DROP TABLE jobs; --",
    "```\n</details>",
    "%s %n {0}",
    "",
)
HOSTILE_NUMBERS: tuple[Any, ...] = (
    -1,
    -(2**70),
    2**70,
    1e308,
    float("nan"),
    float("inf"),
    -float("inf"),
    True,
    None,
    "7",
    [1],
    {"a": 1},
)


def broken_values(random_: random.Random, value: Any) -> Any:
    """The value with some of its parts changed for hostile ones, or left out."""
    if isinstance(value, dict):
        return {
            key: broken_values(random_, one)
            for key, one in value.items()
            if random_.random() > 0.03
        }
    if isinstance(value, list):
        return [broken_values(random_, one) for one in value]
    if random_.random() < 0.1:
        return random_.choice(HOSTILE_NUMBERS if not isinstance(value, str) else HOSTILE_TEXTS)
    return value


def without(event: Event) -> Event:
    return {key: value for key, value in event.items() if key != "Event"}


def damaged(random_: random.Random) -> bytes:
    """One log, damaged in one or two ways."""
    tasks = [Task(heap=GIB, rss=2 * GIB, read=random_.randrange(10**8)), *even(30, heap=GIB)]
    events: list[Event] = application(
        *tasks, name=random_.choice(HOSTILE_TEXTS) or "x", executors=random_.randrange(1, 4)
    )
    ways = random_.sample(range(7), random_.randrange(1, 3))
    if 0 in ways:
        events = [{"Event": one["Event"]} | broken_values(random_, without(one)) for one in events]
    if 1 in ways:
        random_.shuffle(events)
    if 2 in ways:
        events = [one for one in events if random_.random() > 0.3]
    if 3 in ways:
        events = [*events[:3], *[{"kind": "Pod"}] * 20, *events[3:]]
    data = text(events)
    if 4 in ways:
        deep = b'{"Event":"SparkListenerTaskEnd","x":' + b"[" * 100_000
        data = data[: len(data) // 2] + b"\n" + deep + b"\n" + data[len(data) // 2 :]
    if random_.random() < 0.5:
        data = compressed(data)
    if 5 in ways:
        data = data[: random_.randrange(len(data) + 1)]
    if 6 in ways:
        found = bytearray(data)
        for _ in range(random_.randrange(1, 20)):
            place = random_.randrange(len(found) or 1)
            if found:
                found[place] ^= 1 << random_.randrange(8)
        data = bytes(found)
    return data


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


@pytest.mark.parametrize("start", range(0, ROUNDS, 50))
def test_a_damaged_log_leads_to_an_answer_or_one_error(start: int, tmp_path: Path) -> None:
    read = 0
    for number in range(start, start + 50):
        random_ = random.Random(SEED + number)
        (tmp_path / "spark-1").write_bytes(damaged(random_) or b"\n")
        (log,) = local_logs(str(tmp_path))
        try:
            run = read_run(log)
        except NotRead as error:
            assert str(error).isprintable()
            continue
        read += 1
        check(run, number)
    assert read > 25


def check(run: Run, number: int) -> None:
    found = report(jobs_of([run]), None, Prices())
    stream = io.StringIO()
    show.render(found, stream)
    shown = stream.getvalue() + show.markdown(found)
    assert all(one.isprintable() or one == "\n" for one in shown), number
    assert "nan" not in shown.split() and "inf" not in shown.split(), number
    told = json.loads(show.to_json(found))
    assert all(math.isfinite(one) and one >= 0 for one in numbers(told["jobs"])), number
    (entry,) = told["jobs"]
    shares = [entry["runs"][0][key] for key in ("busy", "idle")]
    assert all(one is None or one <= 1 for one in shares), number
    asked, advised = entry["executor"]["now"], entry["executor"]["advised"]
    if not run.is_whole:
        # Of a part of a log nothing is concluded that makes a job smaller.
        assert advised["heapBytes"] >= asked["heapBytes"], number
        assert advised["overheadBytes"] >= asked["overheadBytes"], number
        assert run.warnings or run.outcome.value != "completed", number
