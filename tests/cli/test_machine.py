"""What commands take from where they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cli import machine
from grader.sandbox.kernels import fork_servers
from grader.sandbox.walls import confinement


@pytest.fixture(autouse=True)
def sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.walls.choose.best", lambda minimum: "bubblewrap")


@pytest.mark.parametrize("folder", ["/tmp/grader/.venv", "/data/x", "/run/user/1000/grader"])
def test_a_checkout_that_makes_every_start_cold_is_told_once(
    folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(confinement, "runtime", lambda: ["/opt/python", folder])
    assert machine.workers("local", 3, None, "")[::2] == (3, "bubblewrap")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("note: each notebook starts cold")
    assert f"{folder} lies below " in line
    assert fork_servers.kernels.fork(wait=True) is None


def test_where_starts_are_warm_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(confinement, "runtime", lambda: ["/opt/python", "/srv/tmp/grader"])
    jobs, where, rung = machine.workers("local", None, None, "")
    assert (jobs, where.here, rung) == (machine.cores(), True, "bubblewrap")
    assert capsys.readouterr().err == ""


def test_a_cluster_needs_no_sandbox_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(minimum: str) -> str:
        raise AssertionError("its workers look for one themselves")

    class Cluster:
        here = False

    monkeypatch.setattr("grader.sandbox.walls.choose.best", never)
    monkeypatch.setattr("grader.batch.engines.find", lambda name, jobs, data: Cluster())
    jobs, where, rung = machine.workers("dask://head:8786", 9, Path(), "")
    assert (jobs, where.here, rung) == (9, False, "")
    assert capsys.readouterr().err == ""
