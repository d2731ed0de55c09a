"""The door that a student's check takes: the best one here, begun before it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from grader.core import extras
from grader.core.errors import SandboxError
from grader.core.notebook import read
from grader.sandbox import observe
from grader.sandbox.kernels import drivers, fork_servers
from grader.sandbox.surroundings import Surroundings
from grader.sandbox.walls import choose
from grader.student import open_sandbox, plain_run, plain_start
from tests.bundle import notebook


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing was looked for yet, and nothing of a test's is kept."""
    monkeypatch.setattr(open_sandbox, "_rungs", [])
    monkeypatch.setattr(open_sandbox, "_wanted", set())
    monkeypatch.setattr(plain_start, "_waiting", [])
    open_sandbox._has_kernel.cache_clear()
    yield
    open_sandbox._has_kernel.cache_clear()


@pytest.fixture
def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small install."""
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "nbclient" else name)


@pytest.mark.usefixtures("without_kernels")
def test_without_kernels_a_notebook_runs_in_a_process_and_it_is_told() -> None:
    door, note = open_sandbox.find()
    assert door is plain_run.run
    assert note == (
        "your notebook runs here without a sandbox, as in Jupyter; a sandbox needs nbclient: "
        "pip install 'grader[notebooks]'"
    )


@pytest.mark.usefixtures("without_kernels")
def test_its_process_is_begun_ahead_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(plain_start, "_begun", lambda *words: begun.extend(words))
    open_sandbox.begin()
    open_sandbox.stay_ready()
    assert begun == ["ahead"]


def test_elsewhere_than_on_linux_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert open_sandbox.find() == (
        plain_run.run,
        "your notebook runs here without a sandbox, as in Jupyter",
    )


def test_what_the_search_for_a_sandbox_met_is_told_by_who_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing() -> str:
        raise SandboxError("nothing works here")

    monkeypatch.setattr(drivers, "best_rung", nothing)
    with pytest.raises(SandboxError, match="nothing works here"):
        open_sandbox.find()


def test_the_rung_that_was_found_meanwhile_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter(["landlock"])
    monkeypatch.setattr(drivers, "best_rung", lambda: next(found))
    for _ in range(2):  # it is asked for once
        _, note = open_sandbox.find()
        assert note.startswith("your notebook runs here with ")


def test_where_the_driver_can_not_tell_the_rung_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drivers, "best_rung", lambda: "")
    monkeypatch.setattr(choose, "best", lambda minimum: "bubblewrap")
    assert open_sandbox.find()[1] == ""


@dataclass
class Seen:
    """How notebooks were observed, and what was kept ready."""

    ways: list[tuple[bool, bool]] = field(default_factory=list)  # cold, plain
    ready: list[str] = field(default_factory=list)
    pid: int | None = None


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Nothing is started."""
    found = Seen()

    def observing(*_: Any, cold: bool, plain: bool, **__: Any) -> None:
        found.ways.append((cold, plain))

    monkeypatch.setattr(observe, "observe", observing)
    monkeypatch.setattr(drivers, "best_rung", lambda: "bubblewrap")
    monkeypatch.setattr(drivers, "ahead", found.ready.append)
    pool: Any = SimpleNamespace(begin=lambda: found.ready.append("server"), pid=None)
    monkeypatch.setattr(fork_servers, "kernels", pool)
    return found


def checked(source: str, *, pictures: bool = False, **around: Any) -> None:
    door, _ = open_sandbox.find(pictures=pictures)
    door(read(notebook(source), "x.ipynb"), (), Surroundings(**around))


def test_a_notebook_of_python_alone_runs_without_jupyter(seen: Seen) -> None:
    checked("import numpy")
    checked("import sklearn")
    checked("!ls")
    checked("import numpy", pictures=True)
    checked("import numpy", mounts={"/data/x": "/x"})
    assert seen.ways == [(True, True), (True, True), (True, False), (True, False), (True, False)]


@pytest.mark.parametrize(
    ("source", "ready"),
    [
        ("import numpy", ["bubblewrap"]),
        ("import torch", ["server"]),
        ("!ls", ["server"]),
        ("def broken(:", ["server"]),
    ],
)
def test_between_two_checks_what_the_notebook_ran_in_is_kept_ready(
    source: str, ready: list[str], seen: Seen
) -> None:
    for _ in range(2):
        checked(source)
        open_sandbox.stay_ready()
    assert seen.ready == ready * 2


def test_all_that_several_notebooks_want_is_kept_ready(seen: Seen) -> None:
    checked("import torch")
    checked("import numpy")
    open_sandbox.stay_ready()
    open_sandbox.stay_ready()
    assert seen.ready == ["server", "bubblewrap"]


def test_what_is_slow_to_load_is_forked_once_the_server_is_there(seen: Seen) -> None:
    cast("Any", fork_servers.kernels).pid = 7
    checked("import torch")
    checked("import numpy")
    assert seen.ways == [(False, False), (False, True)]
