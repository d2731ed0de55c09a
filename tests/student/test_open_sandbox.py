"""The door that a student's check takes: the best one here, begun before it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from grader.core import extras
from grader.core.errors import SandboxError
from grader.student import open_sandbox, plain_run


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing was looked for yet, and nothing of a test's is kept."""
    monkeypatch.setattr(open_sandbox, "_choice", [])
    monkeypatch.setattr(plain_run, "_waiting", [])
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
    monkeypatch.setattr(plain_run, "_begun", lambda *words: begun.extend(words))
    open_sandbox.begin()
    open_sandbox.stay_ready()
    assert begun == ["ahead"]


def test_elsewhere_than_on_linux_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert open_sandbox.find() == (
        plain_run.run,
        "your notebook runs here without a sandbox, as in Jupyter",
    )


def test_what_the_search_for_a_sandbox_met_is_told_by_who_waits_for_it() -> None:
    met: Future[str] = Future()
    met.set_exception(SandboxError("nothing works here"))
    open_sandbox._choice.append(met)
    with pytest.raises(SandboxError, match="nothing works here"):
        open_sandbox.find()


def test_the_rung_that_was_found_meanwhile_is_taken() -> None:
    found: Future[str] = Future()
    found.set_result("landlock")
    open_sandbox._choice.append(found)
    _, note = open_sandbox.find()
    assert note.startswith("your notebook runs here with ")
