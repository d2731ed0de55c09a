"""One confined start: what student code sees of our variables, and how all of it is ended once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from grader.sandbox.walls import confinement as module
from grader.sandbox.walls.confinement import Confinement, open_to_all, runtime, variables
from grader.sandbox.walls.scratch import Scratch


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_student_code_sees_no_variable_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", "/secret")
    found = variables({"a": 1}, "/work", "/tmp", "/data")
    assert "secret" not in json.dumps(found)
    assert {name for name in found if name.startswith("GRADER_")} == {"GRADER_DATA", "GRADER_SETUP"}
    assert json.loads(found["GRADER_SETUP"]) == {"a": 1}


def test_all_that_is_written_without_asking_lies_in_its_own_folders() -> None:
    found = variables({}, "/work", "/scratch", "")
    assert (found["HOME"], found["TMPDIR"]) == ("/work", "/scratch")
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "XDG_CACHE_HOME"):
        assert found[name].startswith("/scratch/")


def test_runs_do_not_differ_by_the_machine() -> None:
    found = variables({}, "/work", "/tmp", "")
    assert (found["PYTHONHASHSEED"], found["TZ"], found["LANG"]) == ("0", "UTC", "C.UTF-8")
    assert {found[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {"1"}


def test_a_graphics_card_is_hidden_unless_it_is_meant() -> None:
    assert variables({}, "", "", "")["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in variables({}, "", "", "", with_cuda=True)


def test_the_interpreter_is_shown_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(Path(sys.base_prefix).resolve()) in runtime() or sys.base_prefix.startswith("/usr")
    monkeypatch.setattr(sys, "prefix", "/opt/env")
    monkeypatch.setattr(sys, "base_prefix", "/usr/local")
    assert runtime() == ["/opt/env"]  # all of /usr is shown already


def test_a_file_is_open_to_all_if_the_way_to_it_is(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        top = Path(name)
        inner = top / "inner"
        inner.mkdir(mode=0o755)
        top.chmod(0o755)
        assert open_to_all(inner)
        top.chmod(0o711)
        assert open_to_all(inner)  # who knows the name comes through
        top.chmod(0o700)
        assert not open_to_all(inner)
        top.chmod(0o755)
        inner.chmod(0o700)
        assert not open_to_all(inner)


def test_fds_are_closed_once() -> None:
    read, write = os.pipe()
    made = Confinement(command=[], fds=[read, write])
    made.close_fds()
    assert not is_open(read)
    assert made.fds == []
    made.close_fds()


def test_a_supervised_start_is_ended_by_closing_its_lifeline() -> None:
    read, lifeline = os.pipe()
    process = subprocess.Popen(["sleep", "600"])
    made = Confinement(command=[], lifeline=lifeline, work=Path("/nowhere"))
    made.kill(process.pid)
    assert os.read(read, 1) == b""  # the supervisor sees that its driver let go
    assert process.poll() is None  # and ends the kernel itself
    made.kill(process.pid)  # twice is no harm
    assert process.poll() is None
    process.kill()
    process.wait()
    os.close(read)


def test_a_namespace_ends_with_its_first_process() -> None:
    process = subprocess.Popen(["sleep", "600"])
    Confinement(command=[]).kill(process.pid)
    assert process.wait() == -signal.SIGKILL
    Confinement(command=[]).kill(process.pid)  # it is gone


def test_nobody_is_killed_where_no_process_is_known() -> None:
    Confinement(command=[]).kill(0)  # to process group 0 it would be us


def test_all_of_a_start_is_removed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    closed: list[str] = []
    group = SimpleNamespace(close=lambda: closed.append("group"))
    read, write = os.pipe()
    made = Confinement(
        command=[], fds=[read, write], scratch=Scratch("work"), group=cast(Any, group)
    )
    (folder,) = tmp_path.iterdir()
    assert folder.is_dir()
    made.close()
    made.close()
    assert closed == ["group"]
    assert list(tmp_path.iterdir()) == []
    assert not is_open(write)


def test_what_student_code_must_not_find_is_named() -> None:
    """Debian's copy of the data set holds the true labels."""
    assert "/usr/share/datasets" in module.HIDDEN
    assert (module.INSIDE / "launch.py").is_file()
