"""What commands take from where they run."""

from __future__ import annotations

import io
import os
import sys

import pytest

from grader.cli import machine
from grader.cli.progress import Bars, Lines


def test_one_notebook_runs_on_each_processor_that_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert machine.cores() == 3


@pytest.mark.parametrize(("known", "cores"), [(6, 6), (None, 1)])
def test_without_such_a_call_all_processors_count(
    known: int | None, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: known)
    assert machine.cores() == cores


class Terminal(io.StringIO):
    """Something that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "quiet", "kind"),
    [(Terminal(), False, Bars), (Terminal(), True, Lines), (io.StringIO(), False, Lines)],
)
def test_bars_are_for_terminals_alone(
    stream: io.StringIO, quiet: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    assert type(machine.progress(quiet)) is kind
