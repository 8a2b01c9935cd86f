"""A command that takes long says what it is at, one that is quick says nothing."""

import io
import sys
import time

import pytest

from ops.plan.waiting import PATIENCE, waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "seconds", "said"),
    [
        (io.StringIO(), 0.2, "recording prod ...\n"),
        (io.StringIO(), 0.0, ""),
        (Terminal(), 0.2, "recording prod ..."),
        (Terminal(), 0.0, ""),
    ],
)
def test_a_line_is_said_once_it_takes_longer(
    stream: io.StringIO, seconds: float, said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with waiting("recording prod", patience=0.05 if seconds else 30):
        time.sleep(seconds)
    found = stream.getvalue()
    assert said in found
    assert bool(said) == bool(found.strip())


def test_two_seconds_are_the_patience_of_a_command():
    assert PATIENCE == 2
