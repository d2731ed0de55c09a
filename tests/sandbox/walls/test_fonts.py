"""A sandbox is told of the fonts that it sees, and of no others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.walls import bwrap, fonts
from grader.sandbox.walls.confinement import Wish

NAMES = ("fonts/ttf/DejaVuSans.ttf", "/usr/share/fonts/a.ttf", "/home/ada/.fonts/own.ttf")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where matplotlib keeps its lists."""
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    fonts.lists.cache_clear()
    yield tmp_path
    fonts.lists.cache_clear()


def listed(place: Path, version: str, *names: str, age: int = 0) -> Path:
    path = place / f"fontlist-v{version}.json"
    entries = [{"fname": name, "weight": 400} for name in names]
    path.write_text(json.dumps({"_version": version, "ttflist": entries, "afmlist": []}))
    os.utime(path, (10_000 - age, 10_000 - age))
    return path


def test_fonts_of_the_users_own_are_left_out_and_nothing_else(place: Path) -> None:
    listed(place, "390", *NAMES)
    found = json.loads(fonts.lists()["fontlist-v390.json"])
    assert found["_version"] == "390"
    assert found["ttflist"] == [{"fname": name, "weight": 400} for name in NAMES[:2]]


def test_the_newest_lists_are_taken(place: Path) -> None:
    for age in range(5):
        listed(place, str(300 + age), age=age)
    assert list(fonts.lists()) == [f"fontlist-v{300 + age}.json" for age in (2, 1, 0)]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ttflist": [1], "afmlist": []}', "[" * 9999])
def test_a_list_that_is_none_is_no_failure(text: str, place: Path) -> None:
    listed(place, "390").write_text(text)
    assert fonts.lists() == {}


def test_without_home_or_matplotlib_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPLCONFIGDIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/nowhere")
    assert fonts.lists() == {}
    assert fonts._place() == Path("/nowhere/matplotlib")


def test_a_list_lies_where_the_sandboxs_matplotlib_looks(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(place, "390", *NAMES)
    monkeypatch.setattr(bwrap, "find", lambda: Path("/usr/bin/bwrap"))
    confinement = bwrap.confine(Wish(info_fd=1))
    words = confinement.command
    where = words.index("/tmp/matplotlib/fontlist-v390.json")
    content = os.pread(int(words[where - 1]), 1 << 16, 0)
    confinement.close()
    assert words[where - 2] == "--file"
    assert content == fonts.lists()["fontlist-v390.json"]
    assert words[words.index("MPLCONFIGDIR") + 1] == "/tmp/matplotlib"
