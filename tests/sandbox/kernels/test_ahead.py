"""A kernel that is made before its job is known stands behind the rung that is found to be best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.core.errors import SandboxError
from grader.sandbox.kernels import ahead
from grader.sandbox.walls import bwrap, choose, levels, remembered

CGROUP, BUBBLEWRAP = levels.CONCURRENT


class Kernel:
    """One that starts where it is said to, and notes what became of it."""

    works: tuple[str, ...] = levels.CONCURRENT
    made: list[Kernel]

    def __init__(self, job: Any, *, ahead: bool) -> None:
        assert (ahead, job.plain, job.cells) == (True, True, ())
        self.rung, self.state = job.rung, "made"
        Kernel.made.append(self)

    def start(self) -> None:
        self.state = "started"
        if self.rung not in self.works:
            raise SandboxError("it did not come up")

    def close(self) -> None:
        self.state = "closed"


@pytest.fixture(autouse=True)
def kernels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None is started in earnest, and nothing is remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(bwrap, "find", lambda: Path(__file__))
    monkeypatch.setattr(ahead, "PlainKernel", Kernel)
    monkeypatch.setattr(Kernel, "made", [], raising=False)
    monkeypatch.setattr(Kernel, "works", levels.CONCURRENT)


def made(best: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(choose, "best", lambda minimum: best)
    return ahead.kernel((), lambda **event: told.append(event)), told


@pytest.mark.parametrize("works", [levels.CONCURRENT, (BUBBLEWRAP,)])
def test_it_is_begun_where_it_can_be_and_kept_if_that_is_best(
    works: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Kernel, "works", works)
    found, told = made(works[0], monkeypatch)
    assert (found.rung, found.state) == (works[0], "started")
    assert told == [{"event": "rung", "rung": works[0], "problem": ""}]
    assert [one.state for one in Kernel.made if one is not found] == ["closed"] * (2 - len(works))


def test_one_whose_rung_did_not_show_what_it_promises_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _ = made(BUBBLEWRAP, monkeypatch)
    assert [(one.rung, one.state) for one in Kernel.made] == [
        (CGROUP, "closed"),
        (BUBBLEWRAP, "started"),
    ]
    assert found is Kernel.made[1]


def test_on_a_lower_rung_none_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    found, told = made("landlock", monkeypatch)
    assert found is None
    assert told[0]["rung"] == "landlock"
    assert [one.state for one in Kernel.made] == ["closed"]


def test_where_nothing_confines_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(minimum: str) -> str:
        raise SandboxError("nothing works here")

    told: list[dict[str, Any]] = []
    monkeypatch.setattr(choose, "best", nothing)
    assert ahead.kernel((), lambda **event: told.append(event)) is None
    assert told == [{"event": "rung", "rung": "", "problem": "nothing works here"}]


def test_a_rung_that_was_found_is_not_looked_for_by_the_next_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for rung in levels.CONCURRENT:
        made(rung, monkeypatch)
        found, told = made("", monkeypatch)
        assert (found.rung, found.state) == (rung, "started")
        assert told == [{"event": "rung", "rung": rung, "problem": ""}]
        assert [one.state for one in Kernel.made].count("started") == 2
        remembered.forget()
        Kernel.made.clear()


def test_a_rung_that_was_found_and_does_not_start_any_more_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remembered.remember(CGROUP)
    monkeypatch.setattr(Kernel, "works", (BUBBLEWRAP,))
    found, told = made(BUBBLEWRAP, monkeypatch)
    assert (found.rung, [event["rung"] for event in told]) == (BUBBLEWRAP, [BUBBLEWRAP])
    assert remembered.recall() == BUBBLEWRAP


def test_a_rung_that_is_known_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "best", None)
    found: Any = ahead.kernel([BUBBLEWRAP], lambda **event: None)
    assert found.rung == BUBBLEWRAP
