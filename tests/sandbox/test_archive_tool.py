"""A program that unpacks hostile files is confined, bounded, and believed as little as they are."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.sandbox import archive_tool

pytestmark = pytest.mark.sandbox
SAMPLE = Path(__file__).parents[1] / "data" / "handed_in" / "25-archive-is-7z" / "Ada" / "work.7z"

Tool = Callable[[str], Callable[[bytes, str], bytes]]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """What converts by a program of these lines, which finds the archive in its work folder."""

    def made(lines: str) -> Callable[[bytes, str], bytes]:
        program = tmp_path / "bin" / archive_tool.TOOL
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{lines}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        found = archive_tool.find()
        assert found is not None
        return found

    return made


def test_what_the_program_writes_is_the_tar(tool: Tool) -> None:
    assert tool("cat archive")(b"of an archive", "a.7z") == b"of an archive"


def test_it_sees_nothing_but_the_archive_and_writes_nothing(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    lines = f"cat {tmp_path}/secret /etc/shadow; (echo x > made); wc -c < made; ls"
    assert tool(f"{lines}; exit 0")(b"", "a.7z") == b"0\narchive\nmade\n"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("cat /dev/zero", "a.rar unpacks to more than 1 MiB and was not read"),
        ("cat archive; exit 1", "a.rar could not be unpacked"),
        ("sleep 60", "a.rar could not be unpacked"),
        ("kill -SEGV $$", "a.rar could not be unpacked"),
    ],
)
def test_a_bomb_a_failure_and_one_that_sticks_are_told(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, lines: str, why: str
) -> None:
    monkeypatch.setattr(archive_tool, "MOST", 1 << 20)
    monkeypatch.setattr(archive_tool, "SECONDS", 1)
    with pytest.raises(UsageError, match=why):
        tool(lines)(b"Rar!", "a.rar")


def test_without_the_program_or_its_walls_there_is_none(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tool("cat archive") is not None
    monkeypatch.setenv("GRADER_BWRAP", "/nowhere/bwrap")
    assert archive_tool.find() is None
    monkeypatch.delenv("GRADER_BWRAP")
    monkeypatch.setenv("PATH", "/nowhere")
    assert archive_tool.find() is None


@pytest.mark.skipif(shutil.which(archive_tool.TOOL) is None, reason="needs bsdtar")
def test_a_real_7z_is_opened() -> None:
    found = archive_tool.find()
    assert found is not None
    with tarfile.open(fileobj=io.BytesIO(found(SAMPLE.read_bytes(), "work.7z"))) as archive:
        assert sorted(archive.getnames()) == ["Sums.ipynb", "passwd.txt"]
        assert archive.getmember("passwd.txt").issym()
    with pytest.raises(UsageError, match="could not be unpacked"):
        found(SAMPLE.read_bytes()[:100], "work.7z")
