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
from grader.intake.files import Files


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


LONG = "\u00fc" * 60 + "/" + "n" * 90 + "/" + "x" * 90 + ".txt"


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (tarfile.USTAR_FORMAT, ["a.txt", "f" * 80 + "/" + "g" * 90]),
        (tarfile.GNU_FORMAT, ["a.txt", "n" * 100, "n" * 101, LONG, "\u00e4.txt"]),
        (tarfile.PAX_FORMAT, ["a.txt", "n" * 100, "n" * 101, LONG, "\u00e4.txt"]),
    ],
)
def test_names_and_times_are_those_of_the_library_in_all_its_forms(
    form: int, names: list[str]
) -> None:
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=form, pax_headers={"comment": "=\n7 x"}
    ) as made:
        for number, name in enumerate(names):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = number * 400, 1_600_000_000.5
            made.addfile(entry, io.BytesIO(bytes([number]) * entry.size))
    told: list[str] = []
    files = tarballs.read(out.getvalue(), "w.tar", told)
    assert dict(files) == {n: bytes([number]) * number * 400 for number, n in enumerate(names)}
    assert {moment.year for moment in files.times.values()} == {2020}
    assert told == []


def header(name: str, kind: bytes, size: int, **parts: bytes) -> bytes:
    """A block ahead of an entry; parts are bytes by `at_` and where they stand."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    block = bytearray(entry.tobuf(tarfile.USTAR_FORMAT))
    for at, part in parts.items():
        start = int(at.removeprefix("at_"))
        block[start : start + len(part)] = part
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def test_holes_take_no_memory() -> None:
    """Of a file that is all hole an archive holds nothing but its size."""
    size = b"%011o" % (20 << 20)
    old = header("holes.txt", b"S", 512, at_386=size, at_483=size, at_482=b"\1")
    old += bytes(504) + b"\1" + bytes(7) + bytes(512) + b"h" * 512
    about = b"22 GNU.sparse.major=1\n"
    new = header("x", b"x", len(about)) + about + bytes(512 - len(about))
    new += header("GNUSparseFile.0/more.txt", b"0", 512) + b"h" * 512
    told: list[str] = []
    files = tarballs.read(old + new + tar({"A.ipynb": b"1"}), "w.tar", told)
    assert {path: len(files[path]) for path in files if files.is_read(path)} == {"A.ipynb": 1}
    assert [line.partition(" is ")[2] for line in told] == [
        "no ordinary file and was left out."
    ] * 2


@pytest.mark.parametrize(
    "about",
    [
        b"comment=" + b"1" * 900_000,  # a library looks for ever: quadratic in a number's digits
        b"1" * 900_000,
        b"2 " * 400_000 + b"=",
        b"GNU.sparse.major=1",
    ],
)
def test_a_header_costs_no_more_than_its_bytes(about: bytes) -> None:
    record = about + b"\n"
    said = b"%d %s" % (len(record) + len(str(len(record))) + 1, record)
    content = header("x", b"x", len(said)) + said + bytes(-len(said) % 512)
    told: list[str] = []
    try:
        files = tarballs.read(content + tar({"A.ipynb": b"1"}), "w.tar", told)
    except UsageError as refusal:
        told.append(str(refusal))
        files = Files()
    assert set(files) <= {"A.ipynb", "A.ipynb (is no ordinary file)"}
    assert files or told == ["w.tar is not a readable tar archive (a header that says nothing)"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (header("x", b"x", tarballs.MAX_HEADER + 1), "a header beyond belief"),
        (header("x", b"0", 0, at_124=b"\xff" * 12), "a size below nothing"),
        (header("x", b"0", 99), "it breaks off"),
        (header("x", b"0", 0)[:-1] + b"y", "a header that is none"),
    ],
)
def test_what_is_wrong_with_a_header_is_told(content: bytes, why: str) -> None:
    with pytest.raises(UsageError, match=rf"^w\.tar is not a readable tar archive \({why}\)$"):
        tarballs.read(content, "w.tar", [])


def test_an_end_that_is_not_marked_is_one() -> None:
    files = tarballs.read(header("A.ipynb", b"0", 1) + b"1" + bytes(511), "w.tar", [])
    assert dict(files) == {"A.ipynb": b"1"}


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
