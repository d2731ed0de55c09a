"""Temporary folders: held by their owner, removed by whoever comes after a killed one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.walls import scratch, usage

HOLD = "import sys, time\nfrom grader.sandbox.walls.scratch import Scratch\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    tmp_path.chmod(0o711)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    subprocess.run(["rm", "-rf", *tmp_path.iterdir()], check=True)  # deeper than pytest can go


def test_a_folder_is_removed_with_all_in_it(place: Path) -> None:
    held = scratch.Scratch("work")
    (held.path / "deep/er").mkdir(parents=True)
    (held.path / "deep/er/file").write_text("x")
    (held.path / "deep").chmod(0)
    held.close()
    held.close()
    assert list(place.iterdir()) == []


NESTS = "import os, sys\nos.chdir(sys.argv[1])\n"
NESTS += "for _ in range(3000):\n    os.mkdir('deep')\n    os.chdir('deep')\n"


def test_folders_that_are_nested_thousands_deep_are_removed(place: Path) -> None:
    held = scratch.Scratch("work")
    subprocess.run([sys.executable, "-c", NESTS, str(held.path)], check=True)
    assert usage.files_in(held.path, 2000) == (2001, 0)
    assert usage.files_in(held.path, 100_000) == (100_001, 0)  # no path leads to the last of them
    held.close()
    assert list(place.iterdir()) == []


def test_a_held_folder_is_not_stale_and_survives(place: Path) -> None:
    held = scratch.Scratch("kernel")
    assert scratch.reap() == []
    assert held.path.is_dir()
    held.close()


@pytest.mark.parametrize("kind", scratch.KINDS)
def test_a_killed_owners_folder_is_removed_by_the_next(place: Path, kind: str) -> None:
    code = f"{HOLD}print(Scratch({kind!r}).path, flush=True)\ntime.sleep(600)"
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    path = Path(owner.stdout.readline().strip())
    assert scratch.reap() == []
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert scratch.reap() == [path]
    assert not path.exists()


@pytest.mark.parametrize("kind", scratch.KINDS)
def test_one_that_is_not_locked_yet_is_left_alone_for_a_while(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(tempfile.mkdtemp(prefix=f"{scratch.UNHELD}{kind}-"))
    monkeypatch.setattr(scratch, "FRESH_SECONDS", 60)
    assert scratch.reap() == []
    monkeypatch.setattr(scratch, "FRESH_SECONDS", 0)
    assert scratch.reap() == [path]
    assert not path.exists()


def test_a_folder_has_its_name_only_when_it_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    hold, seen = scratch.hold, list[Path]()

    def watched(path: Path) -> int:
        seen.extend([path, *scratch.reap()])
        return hold(path)

    monkeypatch.setattr(scratch, "hold", watched)
    monkeypatch.setattr(scratch, "FRESH_SECONDS", 60)
    held = scratch.Scratch("work")
    assert [path.name.startswith(scratch.PREFIX) for path in seen] == [False]
    assert held.path.name.startswith(scratch.PREFIX)
    assert scratch.reap() == []
    held.close()


def test_a_link_that_looks_like_one_of_ours_leads_nowhere(place: Path) -> None:
    other = place / "other"
    other.mkdir()
    (other / "file").write_text("kept")
    (place / f"{scratch.PREFIX}work-link").symlink_to(other)
    assert scratch.reap() == []
    assert (other / "file").read_text() == "kept"


def test_what_is_mounted_in_a_staging_folder_is_never_removed(place: Path) -> None:
    held = scratch.Scratch("stage")
    (held.path / "0").mkdir()
    (held.path / "0" / "python").write_text("an interpreter")
    scratch.remove(held.path)
    assert (held.path / "0" / "python").read_text() == "an interpreter"


def test_who_closes_a_folder_second_waits_until_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread closes it; the main thread must not end the process before that is done."""
    held = scratch.Scratch("work")
    remove, begun = scratch.remove, threading.Event()

    def slowly(path: Path) -> None:
        begun.set()
        time.sleep(0.2)
        remove(path)

    monkeypatch.setattr(scratch, "remove", slowly)
    thread = threading.Thread(target=held.close)
    thread.start()
    begun.wait(60)
    held.close()
    assert not held.path.exists()
    thread.join()
