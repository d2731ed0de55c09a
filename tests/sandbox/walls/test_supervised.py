"""What a supervisor is told: whom the kernel becomes, what it finds, what it may read and write."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from grader.core.model import Limits
from grader.sandbox.surroundings import DATA
from grader.sandbox.walls import landlock, supervised
from grader.sandbox.walls.confinement import INSIDE, UNPRIVILEGED_ID, Wish


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def task(wish: Wish, *, walls: bool = True) -> Iterator[tuple[dict[str, Any], Path]]:
    """The supervisor's task, and the folder that was made for it."""
    made = supervised.confine(wish, walls=walls)
    try:
        file = Path(made.command[-1])
        assert made.command[:2] == ["env", "-i"]
        assert made.command[-2] == str(made.fds[0])
        yield json.loads(file.read_text()), file.parent
    finally:
        made.close()


def rights(told: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for path, right in told["rights"]:
        found[path] = found.get(path, 0) | right
    return found


def test_a_kernel_finds_its_files_in_a_folder_of_its_own() -> None:
    wish = Wish(files={"a/draw.py": b"X = 1\n"}, connection=b'{"key": 1}')
    with task(wish) as (told, folder):
        assert told["folder"] == told["environment"]["HOME"] == str(folder / "notebook")
        assert (folder / "notebook/a/draw.py").read_bytes() == b"X = 1\n"
        assert (folder / "connection.json").read_bytes() == b'{"key": 1}'
        assert told["environment"]["TMPDIR"] == str(folder / "tmp")
        assert told["argv"][-1] == str(folder / "connection.json")


def test_nothing_of_a_start_stays(place: Path) -> None:
    with task(Wish(files={"x": b"1"})) as (_, folder):
        assert folder.parent == place
    assert list(place.iterdir()) == []


def test_it_writes_into_its_own_folders_and_shared_memory_alone() -> None:
    with task(Wish()) as (told, folder):
        written = {path for path, right in rights(told).items() if right & landlock.WRITE_FILE}
        devices = {path for path in written if path.startswith("/dev/") and path != "/dev/shm"}
        assert written - devices == {str(folder / "notebook"), str(folder / "tmp"), "/dev/shm"}


def test_what_is_hidden_can_not_be_read(tmp_path: Path) -> None:
    course = tmp_path / "course"
    for name in ("reference", "data"):
        (course / name).mkdir(parents=True)
    wish = Wish(mounts={DATA: course}, hide=[course / "reference"])
    with task(wish) as (told, _):
        found = rights(told)
        assert str(course / "data") in found
        assert str(course) not in found
        assert str(course / "reference") not in found
        assert told["environment"]["GRADER_DATA"] == str(course)


def test_the_home_of_whoever_grades_is_not_read() -> None:
    with task(Wish()) as (told, _):
        read = [Path(path) for path in rights(told)]
        for secret in ("/root/.ssh", "/home/somebody", "/etc/shadow", "/var/lib"):
            assert not any(Path(secret).is_relative_to(path) for path in read), secret


def test_without_walls_there_are_no_rights_to_keep() -> None:
    with task(Wish(), walls=False) as (told, _):
        assert told["rights"] is None


def test_processes_of_the_user_that_run_already_are_added_to_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervised, "tasks_of_user", lambda user: 7)
    setup = {"limits": {"RLIMIT_NPROC": 30, "RLIMIT_CORE": 0}, "x": 1}
    with task(Wish(setup=setup, limits=Limits(processes=30))) as (told, _):
        found = json.loads(told["environment"]["GRADER_SETUP"])
    assert found == {"limits": {"RLIMIT_NPROC": 37, "RLIMIT_CORE": 0}, "x": 1}
    assert setup["limits"] == {"RLIMIT_NPROC": 30, "RLIMIT_CORE": 0}  # ours stays as it was


def as_root(monkeypatch: pytest.MonkeyPatch, *, is_open: bool = True) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(supervised, "open_to_all", lambda path: is_open)


def test_root_becomes_somebody_unprivileged_if_he_can_see_what_he_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_root(monkeypatch)
    assert supervised.user_for(Wish()) == UNPRIVILEGED_ID
    as_root(monkeypatch, is_open=False)
    assert supervised.user_for(Wish()) == 0


def test_a_user_stays_who_he_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    assert supervised.user_for(Wish()) == 1234


def test_what_must_be_seen_is_the_interpreter_our_code_and_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def is_open(path: Path) -> bool:
        asked.append(path)
        return True

    as_root(monkeypatch)
    monkeypatch.setattr(supervised, "open_to_all", is_open)
    supervised.user_for(Wish(mounts={DATA: tmp_path / "data"}))
    assert {tmp_path, tmp_path / "data", INSIDE} <= set(asked)


def test_terminals_are_given_to_who_has_none_of_his_own(tmp_path: Path) -> None:
    for user, given in ((UNPRIVILEGED_ID, True), (1000, False)):
        found = [path for path, _ in supervised._rights(tmp_path, Wish(), user)]
        assert (Path("/dev/ptmx") in found) is given
        assert Path("/dev/null") in found
