"""What was found of this machine is remembered while all that it depends on is the same."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.core.errors import SandboxError
from grader.sandbox.walls import bwrap, cgroup, levels, remembered

RUNG = levels.CONCURRENT[0]
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: Patch) -> Path:
    """Where it is kept; a machine that all these tests can change."""
    binary = tmp_path / "bwrap"
    binary.write_bytes(b"1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(bwrap, "find", lambda: binary)
    monkeypatch.setattr(cgroup, "places", lambda: {"memory": Path("/sys/fs/cgroup/own")})
    return tmp_path / "grader" / remembered.NAME


def test_the_rung_that_was_found_is_remembered_until_it_is_forgotten(file: Path) -> None:
    assert remembered.recall() == ""
    remembered.remember(RUNG)
    assert remembered.recall() == RUNG
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    remembered.forget()
    remembered.forget()
    assert remembered.recall() == ""


@pytest.mark.parametrize("rung", [rung for rung in levels.NAMES if rung not in levels.CONCURRENT])
def test_below_the_safe_rungs_each_check_looks_for_a_better_one(rung: str, file: Path) -> None:
    remembered.remember(rung)
    assert not file.exists()
    file.parent.mkdir()
    file.write_text(json.dumps({"rung": rung, "here": remembered._here()}))
    file.chmod(0o600)
    assert remembered.recall() == ""


def _no_groups(monkeypatch: Patch, _: Path) -> None:
    def none() -> None:
        raise SandboxError("there are none")

    monkeypatch.setattr(cgroup, "places", none)


def _no_bubblewrap(monkeypatch: Patch, _: Path) -> None:
    def missing() -> None:
        raise SandboxError("bubblewrap is missing")

    monkeypatch.setattr(bwrap, "find", missing)


CHANGES: dict[str, Callable[[Patch, Path], object]] = {
    "grader": lambda patch, _: patch.setattr(remembered, "__version__", "9"),
    "code": lambda patch, place: patch.setattr(remembered, "INSIDE", place),
    "python": lambda patch, _: patch.setattr(sys, "executable", "/usr/bin/other"),
    "prefix": lambda patch, _: patch.setattr(sys, "prefix", "/usr/other"),
    "machine": lambda patch, place: patch.setattr(remembered, "MACHINE", (str(place / "bwrap"),)),
    "status": lambda patch, _: patch.setattr(remembered, "STATUS", ("Pid",)),
    "namespaces": lambda patch, _: patch.setattr(remembered, "NAMESPACES", ("uts",)),
    "bubblewrap": lambda patch, place: (place / "bwrap").write_bytes(b"12"),
    "no bubblewrap": _no_bubblewrap,
    "groups": lambda patch, _: patch.setattr(cgroup, "places", lambda: {"memory": Path("/other")}),
    "no groups": _no_groups,
    "temporary": lambda patch, place: patch.setattr("tempfile.tempdir", str(place)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_the_search_depends_on_changed(what: str, monkeypatch: Patch, tmp_path: Path) -> None:
    remembered.remember(RUNG)
    assert remembered.recall() == RUNG
    CHANGES[what](monkeypatch, tmp_path)
    assert remembered.recall() == ""


def _link(file: Path) -> None:
    file.rename(file.with_name("other"))
    file.symlink_to("other")


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


SPOILT: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda file: file.write_bytes(b"\xff{"),
    "no object": lambda file: file.write_text("[1]"),
    "deep": lambda file: file.write_text("[" * remembered.LARGEST),
    "a list": lambda file: file.write_text('{"rung": ["bubblewrap"], "here": 1}'),
    "large": lambda file: file.write_text(" " * remembered.LARGEST + file.read_text()),
    "everybody's": lambda file: file.chmod(0o666),
    "old": lambda file: os.utime(file, (0, 0)),
    "of tomorrow": lambda file: os.utime(file, (1 << 33, 1 << 33)),
    "a link": _link,
    "a pipe": _pipe,
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_can_not_be_read_or_is_not_ours_is_no_memory(how: str, file: Path) -> None:
    remembered.remember(RUNG)
    SPOILT[how](file)
    assert remembered.recall() == ""


def test_another_users_is_none(file: Path, monkeypatch: Patch) -> None:
    remembered.remember(RUNG)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    assert remembered.recall() == ""


def test_where_nothing_can_be_kept_nothing_is(file: Path) -> None:
    file.parent.write_text("a file where the folder would be")
    remembered.remember(RUNG)
    remembered.forget()
    assert remembered.recall() == ""
