"""Tar archives that were handed in."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Mapping
from datetime import datetime

import pytest

from grader.core.errors import UsageError
from grader.intake import tarballs


def tar(files: Mapping[str, bytes], *members: tarfile.TarInfo) -> bytes:
    """An archive of these files, and of members without content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1_600_000_000
            archive.addfile(entry, io.BytesIO(content))
        for member in members:
            archive.addfile(member)
    return out.getvalue()


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def as_is(content: bytes) -> bytes:
    return content


@pytest.mark.parametrize("pack", [as_is, gzip.compress, bz2.compress, lzma.compress])
def test_files_are_read_however_they_are_packed(pack: Callable[[bytes], bytes]) -> None:
    told: list[str] = []
    files = tarballs.read(pack(tar({"a/A.ipynb": b"1", "B.ipynb": b""})), "w.tar", told)
    assert dict(files) == {"a/A.ipynb": b"1", "B.ipynb": b""}
    assert files.times["B.ipynb"] == datetime.fromtimestamp(1_600_000_000)
    assert told == []


def test_folders_and_what_nobody_wrote_are_passed_over_in_silence() -> None:
    told: list[str] = []
    content = tar(
        {"__MACOSX/._A": b"", ".git/x": b"", "~$A.docx": b""}, member("d", tarfile.DIRTYPE)
    )
    assert dict(tarballs.read(content, "w.tar", told)) == {}
    assert told == []


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "n" * 1001])
def test_what_points_outside_is_left_out_in_one_line(name: str) -> None:
    told: list[str] = []
    files = tarballs.read(tar({name: b"x", "A.ipynb": b"1"}), "in/w.tar", told)
    assert dict(files) == {"A.ipynb": b"1"}
    assert told == [f"{name[:80]!a} in w.tar points outside and was left out."]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_and_devices_are_named_and_not_read(kind: bytes) -> None:
    told: list[str] = []
    files = tarballs.read(tar({}, member("A.ipynb", kind, "/etc/passwd")), "w.tar", told)
    assert dict(files) == {"A.ipynb (is no ordinary file)": b""}
    assert not files.is_read("A.ipynb (is no ordinary file)")
    assert told == ["'A.ipynb' in w.tar is no ordinary file and was left out."]


def test_a_large_file_is_named_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarballs, "MAX_FILE", 3)
    told: list[str] = []
    files = tarballs.read(tar({"big": b"1234", "small": b"123"}), "w.tar", told)
    assert dict(files) == {"big (is too large)": b"", "small": b"123"}
    assert told == ["'big' in w.tar is too large and was left out."]


def test_a_name_is_the_same_in_both_unicode_forms() -> None:
    files = tarballs.read(tar({"u\u0308.ipynb": b"1"}), "w.tar", [])
    assert list(files) == ["\u00fc.ipynb"]


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarballs, "MAX_ALL", 1 << 20)
    bomb = gzip.compress(tar({"zeros": bytes(3 << 20)}))
    assert len(bomb) < 10_000
    with pytest.raises(UsageError) as refusal:
        tarballs.read(bomb, "w.tar.gz", [])
    assert str(refusal.value) == "w.tar.gz: it unpacks to more than 1 MiB and was not read"


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarballs, "MAX_ENTRIES", 2)
    with pytest.raises(UsageError, match=r"^w\.tar: it has more than 2 entries and was not read$"):
        tarballs.read(tar({"a": b"", "b": b"", "c": b""}), "w.tar", [])


@pytest.mark.parametrize(
    "content",
    # Without a time of packing: processes that share tests must collect the same names.
    [b"no tar", b"\x1f\x8bno gzip", b"BZh", b"\xfd7zXZ\x00", gzip.compress(b"x" * 600, mtime=0)],
)
def test_what_is_no_tar_is_one_sentence(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^w\.tar is not a readable tar archive \("):
        tarballs.read(content, "w.tar", [])


def test_one_that_breaks_off_is_refused() -> None:
    whole = gzip.compress(tar({"A.ipynb": bytes(range(256)) * 20}))
    with pytest.raises(UsageError, match="is not a readable tar archive"):
        tarballs.read(whole[: len(whole) // 2], "w.tar.gz", [])


@pytest.mark.parametrize("mtime", [-5, 0, 2**40])
def test_a_time_beyond_all_calendars_is_no_crash(mtime: int) -> None:
    entry = tarfile.TarInfo("A.ipynb")
    entry.mtime = mtime
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(entry)
    files = tarballs.read(out.getvalue(), "w.tar", [])
    assert 1969 <= files.times["A.ipynb"].year <= 2243
