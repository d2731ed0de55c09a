"""The command line of the sandbox, on interpreters that lie in unusual places."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.core.errors import SandboxError
from grader.sandbox.walls import bwrap
from grader.sandbox.walls.confinement import Wish


def test_an_interpreter_behind_links_is_found_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    first, second = tmp_path / "bin" / "python", tmp_path / "bin" / "python3.11"
    first.symlink_to("python3.11")
    second.symlink_to("/usr/bin/python3")
    monkeypatch.setattr("sys.executable", str(first))
    monkeypatch.setattr(bwrap, "find", lambda: Path("/usr/bin/bwrap"))
    confinement = bwrap.confine(Wish(info_fd=1))
    words = confinement.command
    confinement.close()
    links = [tuple(words[n + 1 : n + 3]) for n, word in enumerate(words) if word == "--symlink"]
    assert ("python3.11", str(first)) in links
    assert ("/usr/bin/python3", str(second)) in links


def test_the_copy_that_setup_unpacks_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GRADER_BWRAP", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    unpacked = tmp_path / "grader/bubblewrap/usr/bin/bwrap"
    with pytest.raises(SandboxError, match="missing"):
        bwrap.find()
    unpacked.parent.mkdir(parents=True)
    unpacked.touch()
    assert bwrap.find() == unpacked


def test_of_folders_to_hide_those_alone_are_named_that_would_be_seen(tmp_path: Path) -> None:
    """Whoever is handed the names knows where the reference lies."""
    for name in ("python/course", "reference"):
        (tmp_path / name).mkdir(parents=True)
    secrets = [str(tmp_path / name) for name in ("python/course", "reference", "python/gone")]
    assert bwrap.covered(secrets, [str(tmp_path / "python")]) == secrets[:1]
