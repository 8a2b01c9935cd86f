"""Which logs are found and how they are read: rolled, compressed, cut, damaged, foreign."""

import json
import os
from pathlib import Path

import pytest

from ops.advice import lines as reader
from ops.advice.failures import Cause, cause_of_task
from ops.advice.lines import NotRead
from ops.advice.run import Outcome, Run, read_run
from ops.advice.sources import local_logs
from ops.plan.errors import UserError
from tests.ops.advice.events import application, compressed, even, text, write

EVENTS = application(*even())
ROLLED = "eventlog_v2_spark-1"


def read(place: Path) -> Run:
    (log,) = local_logs(str(place))
    return read_run(log)


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


HALF = len(EVENTS) // 2
FIRST, SECOND = text(EVENTS[:HALF]), text(EVENTS[HALF:])
WHOLE = FIRST + SECOND
FORMS = {
    "a single log": {"spark-1": WHOLE},
    "a single log with zstd": {"spark-1.zstd": compressed(WHOLE)},
    "a log that is written": {"spark-1.inprogress": WHOLE},
    "a rolled log": {
        f"{ROLLED}/appstatus_spark-1": b"",
        f"{ROLLED}/.appstatus_spark-1.crc": b"crc",
        f"{ROLLED}/events_1_spark-1.zstd": compressed(FIRST),
        f"{ROLLED}/events_2_spark-1.zstd": compressed(SECOND),
    },
    "a rolled log of ten parts": {
        f"{ROLLED}/events_{number}_spark-1": part
        for number, part in enumerate([FIRST, *(text([one]) for one in EVENTS[HALF:])], start=1)
    },
    "several frames in one file": {"spark-1.zstd": compressed(FIRST) + compressed(SECOND)},
}


@pytest.mark.parametrize("files", FORMS.values(), ids=FORMS)
def test_each_form_of_a_log_gives_the_same_figures(files: dict[str, bytes], tmp_path: Path) -> None:
    run = read(put(tmp_path, files))
    assert (run.facts.totals.tasks, run.seconds, run.outcome) == (8, 100, Outcome.completed)
    assert run.warnings == ()
    assert run.is_whole


def test_the_folder_of_a_rolled_log_is_a_log(tmp_path: Path) -> None:
    put(tmp_path, FORMS["a rolled log"])
    assert read(tmp_path / ROLLED).facts.totals.tasks == 8


def test_a_compacted_log_says_what_it_lacks(tmp_path: Path) -> None:
    files = {
        f"{ROLLED}/events_1_spark-1": b"replaced by the compact one",
        f"{ROLLED}/events_2_spark-1": b"replaced, too",
        f"{ROLLED}/events_2_spark-1.compact": FIRST,
        f"{ROLLED}/events_3_spark-1": SECOND,
    }
    run = read(put(tmp_path, files))
    assert "compacted" in run.warnings[0]
    assert not run.is_whole


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    files = {f"{ROLLED}/events_{number}_spark-1": WHOLE for number in (1, 3)}
    run = read(put(tmp_path, files))
    assert "part 2 of 3 is missing" in run.warnings
    assert not run.is_whole


@pytest.mark.parametrize(
    ("codec", "start"),
    [("lz4", b"LZ4Block\x15"), ("snappy", b"\x82SNAPPY\x00\x00"), ("lzf", b"ZV\x01\x00")],
)
def test_another_codec_is_refused_with_the_key_to_set(
    codec: str, start: bytes, tmp_path: Path
) -> None:
    put(tmp_path, {f"spark-1.{codec}": start + b"x" * 100})
    with pytest.raises(NotRead, match=f"compressed with {codec}.*spark.eventLog.compression.codec"):
        read(tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_of_a_cut_log_the_part_that_is_there_counts(share: float, tmp_path: Path) -> None:
    data = compressed(text(application(*even(1000))))
    run = read(put(tmp_path, {"spark-1.zstd": data[: int(len(data) * share)]}))
    assert run.outcome is Outcome.unfinished
    assert "the log has no end: all figures are of the part that is there" in run.warnings
    assert 0 < run.facts.totals.tasks < 1000
    assert not run.is_whole


def test_a_flipped_bit_ends_the_log_with_a_warning(tmp_path: Path) -> None:
    data = bytearray(compressed(text(application(*even(1000)))))
    # The header of the second block, of a type that is reserved.
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff" * 40
    run = read(put(tmp_path, {"spark-1.zstd": bytes(data)}))
    assert run.warnings
    assert not run.is_whole


def test_a_line_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    plan = b'{"Event":"org.apache.spark.sql.SparkListenerSQLExecutionStart","p":"' + b"x" * (
        2 * reader.LONGEST
    )
    run = read(put(tmp_path, {"spark-1": FIRST + plan + b'"}\n' + SECOND}))
    assert (run.facts.totals.tasks, run.warnings) == (8, ("1 lines are too long: left out",))


FOREIGN = {
    "JSON of another program": b'{"kind": "Pod"}\n' * 500,
    "an array": json.dumps([1, 2, 3]).encode(),
    "an event of another program": b'{"Event":"Click","x":1}\n' * 500,
    "text": b"hello\n" * 500,
    "an image": bytes(range(256)) * 100,
    "zstd of text": compressed(b"hello\n" * 500),
    "a cut zstd header": b"\x28\xb5\x2f\xfd",
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_log_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotRead, match="is no Spark event log"):
        read(put(tmp_path, {"spark-1": data}))


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_place_without_logs_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=f"LOGS=.*{name}"):
        local_logs(str(tmp_path / name))


def test_logs_are_in_the_order_of_their_time(tmp_path: Path) -> None:
    for number, name in enumerate(("spark-b", "spark-c", "spark-a")):
        os.utime(write(tmp_path, EVENTS, name), (number, number))
    assert [one.name for one in local_logs(str(tmp_path))] == ["spark-b", "spark-c", "spark-a"]


REASONS = [
    ({"Reason": "Success"}, None),
    ({"Reason": "TaskKilled", "Kill Reason": "another attempt succeeded"}, None),
    ({"Reason": "FetchFailed"}, Cause.fetch),
    (
        {"Reason": "ExecutorLostFailure", "Loss Reason": "Command exited with code 137"},
        Cause.container,
    ),
    ({"Reason": "ExecutorLostFailure", "Loss Reason": "Command exited with code 52"}, Cause.heap),
    (
        {"Reason": "ExecutorLostFailure", "Loss Reason": "Command exited with code 1"},
        Cause.executor,
    ),
    (
        {
            "Reason": "ExecutorLostFailure",
            "Loss Reason": "The executor with id 3 was deleted by a user or the framework.",
        },
        Cause.node,
    ),
    ({"Reason": "ExecutorLostFailure", "Loss Reason": "Executor decommission."}, Cause.node),
    (
        {
            "Reason": "ExceptionFailure",
            "Class Name": "org.apache.spark.SparkException",
            "Description": "Python worker exited unexpectedly (crashed)",
        },
        Cause.python_exit,
    ),
    (
        {
            "Reason": "ExceptionFailure",
            "Class Name": "java.lang.OutOfMemoryError",
            "Description": "Direct buffer memory",
            "Full Stack Trace": "java.lang.OutOfMemoryError: Direct buffer memory",
        },
        Cause.off_heap,
    ),
    (
        {
            "Reason": "ExceptionFailure",
            "Class Name": "java.lang.IllegalArgumentException",
            "Description": "the spot price was evicted",
        },
        Cause.program,
    ),
    ({"Reason": "UnknownReason"}, Cause.other),
    ({}, Cause.other),
]


@pytest.mark.parametrize(("reason", "cause"), REASONS)
def test_the_cause_of_a_failed_task(reason: dict[str, str], cause: Cause | None) -> None:
    assert cause_of_task(reason) is cause
