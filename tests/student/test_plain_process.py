"""The process of a student's own check says on its own line when it cannot begin."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.core.model import Limits
from grader.student import plain_process


def test_a_job_that_is_none_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "grader.student.plain_process"],
        cwd=tmp_path,
        input=b"{}\n",
        capture_output=True,
        check=True,
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"event": "failed", "why": "KeyError: 'limits'"}
    ]


def test_of_many_lines_one_is_told_in_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 10.4, 10.5, 10.6])
    monkeypatch.setattr(plain_process, "time", SimpleNamespace(monotonic=lambda: next(times)))
    told: list[dict[str, Any]] = []
    tell = plain_process._teller(lambda **event: told.append(event), 1, 3)
    for line in ("first", "second", "\ud800" + "x" * 200, "fourth"):
        tell(line)
    assert told == [
        {"event": "cell", "number": 1, "of": 3, "printed": "first"},
        {"event": "cell", "number": 1, "of": 3, "printed": "?" + "x" * 99},
    ]


@pytest.mark.parametrize(
    ("raised", "status", "error"),
    [
        (None, "ok", ""),
        (ValueError("\ud800"), "error", "ValueError: ?"),
        (KeyboardInterrupt(), "timeout", ""),
    ],
)
def test_how_a_cell_ended_and_what_it_printed_can_be_written(
    raised: BaseException | None, status: str, error: str
) -> None:
    def run_cell(source: str, printed: Any) -> BaseException | None:
        printed.write(f"{source}\udfff")
        return raised

    shell: Any = SimpleNamespace(run_cell=run_cell)
    found = plain_process._cell(shell, "x", Limits(), lambda line: None)
    assert (found.status, found.error, found.text) == (status, error, "x?")


def test_an_interrupt_between_two_lines_ends_its_cell_alone() -> None:
    def run_cell(source: str, printed: Any) -> None:
        raise KeyboardInterrupt

    shell: Any = SimpleNamespace(run_cell=run_cell)
    assert plain_process._cell(shell, "x", Limits(), lambda line: None).status == "timeout"


def test_an_interrupt_before_a_cell_or_as_it_ends_ends_that_cell_alone() -> None:
    """As on a busy machine, where this thread waits while the time runs out."""
    shell: Any = SimpleNamespace(run_cell=lambda source, printed: None)
    for _ in range(200):
        for seconds in (0, 1e-5, 1e-4):
            limits: Any = SimpleNamespace(cell_seconds=seconds, output_kib=1)
            found = plain_process._cell(shell, "x", limits, lambda line: None)
            assert found.status in ("ok", "timeout")
