"""Reads folders and zips that were made to hurt: one line for what is bad, the rest is read."""

from __future__ import annotations

import io
import os
import stat
import tracemalloc
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.intake import archives, files, folders

GOOD = "a.ipynb"


def packed(entries: Sequence[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip archive with these entries, in order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    return stream.getvalue()


def of_kind(name: str, mode: int) -> zipfile.ZipInfo:
    """An entry of a kind: link, device, named pipe."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (mode | 0o777) << 16
    return info


def only(found: files.Files) -> dict[str, bytes]:
    """What was read; names of the rest stand for what was there."""
    return {path: found[path] for path in found if found.is_read(path)}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside.ipynb", "points outside the archive"),
        ("x/../../outside.ipynb", "points outside the archive"),
        ("/etc/cron.d/x.ipynb", "points outside the archive"),
        ("..\\outside.ipynb", "points outside the archive"),
        ("C:\\x.ipynb", "names a drive"),
        ("c:x.ipynb", "names a drive"),
        (".", "points outside the archive"),
        ("/".join("x" * 40), "has a name beyond belief"),
        ("x" * 2000, "has a name beyond belief"),
        (of_kind("link.ipynb", stat.S_IFLNK), "is a link or a device"),
        (of_kind("device.ipynb", stat.S_IFBLK), "is a link or a device"),
        (of_kind("pipe.ipynb", stat.S_IFIFO), "is a link or a device"),
    ],
)
def test_a_bad_entry_is_one_line_and_the_rest_is_read(
    name: str | zipfile.ZipInfo, reason: str
) -> None:
    problems: list[str] = []
    found = archives.read_inner(packed([(name, b"bad"), (GOOD, b"good")]), "x.zip", problems)
    assert only(found) == {GOOD: b"good"}
    assert len(problems) == 1
    assert reason in problems[0]
    assert "x.zip" in problems[0]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["A.IPYNB", "a.ipynb"])
def test_of_names_that_differ_in_case_alone_the_first_is_taken(second: str) -> None:
    problems: list[str] = []
    found = archives.read_inner(packed([(GOOD, b"1"), (second, b"2")]), "x.zip", problems)
    assert found == {GOOD: b"1"}
    assert len(problems) == 1
    assert "occurs twice" in problems[0]


def test_of_names_that_differ_in_unicode_form_alone_the_first_is_taken() -> None:
    problems: list[str] = []
    composed, decomposed = "\u00fc.ipynb", "u\u0308.ipynb"
    found = archives.read_inner(packed([(decomposed, b"1"), (composed, b"2")]), "x.zip", problems)
    assert found == {composed: b"1"}
    assert len(problems) == 1


def test_an_encrypted_entry_is_one_line() -> None:
    blob = bytearray(packed([("locked.ipynb", b"x"), (GOOD, b"good")]))
    blob[blob.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    problems: list[str] = []
    assert only(archives.read_inner(bytes(blob), "x.zip", problems)) == {GOOD: b"good"}
    assert problems == ["'locked.ipynb' in x.zip is encrypted and was left out."]


@pytest.mark.parametrize("method", [99, 14, 12])
def test_an_entry_of_another_packing_is_one_line(method: int) -> None:
    """Of some, Python unpacks all at once, however much that is."""
    blob = bytearray(packed([("odd.ipynb", b"x" * 100), (GOOD, b"good")]))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        blob[blob.index(mark) + offset] = method
    problems: list[str] = []
    assert only(archives.read_inner(bytes(blob), "x.zip", problems)) == {GOOD: b"good"}
    assert problems == [
        "'odd.ipynb' in x.zip is packed in an unusual way (pack it again, as an "
        "ordinary zip) and was left out."
    ]


def test_what_is_read_later_is_what_was_looked_at() -> None:
    """An entry of 100 bytes, as it says; what is packed are 300 MiB, and then nonsense."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    blob = b"".join(pack.compress(bytes(1 << 20)) for _ in range(300))
    blob += pack.flush(zlib.Z_FULL_FLUSH) + b"\x07" * 50
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as made:
        made.writestr("liar.ipynb", blob)
    entry = bytearray(stream.getvalue())
    for mark, method, crc, size in ((b"PK\x03\x04", 8, 14, 22), (b"PK\x01\x02", 10, 16, 24)):
        place = entry.index(mark)
        entry[place + method] = zipfile.ZIP_DEFLATED
        entry[place + crc : place + crc + 4] = zlib.crc32(bytes(100)).to_bytes(4, "little")
        entry[place + size : place + size + 4] = (100).to_bytes(4, "little")
    tracemalloc.start()
    found = dict(archives.read_inner(bytes(entry), "x.zip", []))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == {"liar.ipynb": bytes(100)}
    assert peak < 20 << 20


def test_a_zip_that_is_another_one_now_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(packed([(GOOD, os.urandom(5000))]))
    found = archives.read_zip(path, [])
    path.write_bytes(os.urandom(6000))
    with pytest.raises(UsageError, match=f"{GOOD} cannot be read any more"):
        found[GOOD]


def test_what_is_there_is_known_without_reading_it() -> None:
    def broken() -> bytes:
        raise OSError(5, "Input/output error")

    found = files.Files({GOOD: broken})
    assert GOOD in found
    assert "other" not in found
    assert len(found) == 1


def test_a_wrong_checksum_is_one_line() -> None:
    blob = bytearray(packed([("odd.ipynb", os.urandom(100)), (GOOD, b"good")]))
    blob[60] ^= 0xFF
    problems: list[str] = []
    assert only(archives.read_inner(bytes(blob), "x.zip", problems)) == {GOOD: b"good"}
    assert "could not be unpacked" in problems[0]


def test_what_is_packed_beyond_belief_is_left_out() -> None:
    problems: list[str] = []
    entries = [("bomb.ipynb", bytes(40 << 20)), (GOOD, b"good")]
    assert only(archives.read_inner(packed(entries), "x.zip", problems)) == {GOOD: b"good"}
    assert problems == ["'bomb.ipynb' in x.zip is compressed beyond belief and was left out."]


def test_an_entry_that_unpacks_to_more_than_it_says_is_left_out() -> None:
    blob = bytearray(packed([("liar.ipynb", bytes(60 << 20)), (GOOD, b"good")]))
    place = blob.index(b"PK\x01\x02") + 24
    blob[place : place + 4] = (1000).to_bytes(4, "little")
    problems: list[str] = []
    found = archives.read_inner(bytes(blob), "x.zip", problems)
    assert GOOD in found
    assert len(found.get("liar.ipynb", b"")) <= 1000


def test_many_small_bombs_are_refused_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each below the size from which a single one counts as packed beyond belief."""
    monkeypatch.setattr(archives, "MAX_INNER", 3 << 20)
    with pytest.raises(UsageError, match="unpacks to more than 3 MiB"):
        archives.read_inner(packed([(f"{n}.txt", bytes(1 << 20)) for n in range(4)]), "x.zip", [])


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    with pytest.raises(UsageError, match=r"x\.zip has 4 entries"):
        archives.read_inner(packed([(f"{n}.py", b"") for n in range(4)]), "x.zip", [])


@pytest.mark.parametrize("blob", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(17), bytes(1000)])
def test_what_is_no_zip_says_so(blob: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(blob)
    with pytest.raises(UsageError, match="is not a readable zip archive"):
        archives.read_zip(path, [])


def test_a_name_in_broken_utf8_is_no_crash() -> None:
    blob = packed([("\u00fc\u00fc.ipynb", b"x")]).replace(
        "\u00fc\u00fc".encode(), b"\xff\xff\xff\xff"
    )
    with pytest.raises(UsageError, match=r"x\.zip is not a readable zip archive"):
        archives.read_inner(blob, "x.zip", [])


def test_what_is_read_is_what_lies_there_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / GOOD).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / GOOD).write_bytes(b"old")
    found = folders.read_folder(tmp_path, [])
    (tmp_path / GOOD).write_bytes(b"new")
    assert found == {GOOD: b"new"}
    (tmp_path / GOOD).unlink()
    with pytest.raises(UsageError, match=f"{GOOD} cannot be read any more"):
        found[GOOD]


def test_files_of_two_places_are_one_and_may_have_new_names(tmp_path: Path) -> None:
    here = archives.read_inner(packed([("a", b"1"), ("b", b"2")]), "x.zip", [])
    there = archives.read_inner(packed([("b", b"3")]), "y.zip", [])
    assert here | there == {"a": b"1", "b": b"3"}
    assert here.renamed({"a": "c"}) == {"c": b"1"}
    assert len(here) == 2


def test_links_and_pipes_in_a_folder_are_one_line_each(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.ipynb").write_text("secret")
    folder = tmp_path / "student"
    folder.mkdir()
    (folder / GOOD).write_text("good")
    (folder / "link.ipynb").symlink_to(tmp_path / "secret" / "key.ipynb")
    (folder / "folder").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe.ipynb")
    problems: list[str] = []
    found = folders.read_folder(folder, problems)
    assert only(found) == {GOOD: b"good"}
    assert {*found} - {GOOD} == {
        "folder (a link)",
        "link.ipynb (is a link)",
        "pipe.ipynb (is no ordinary file)",
    }
    assert sorted(problems) == [
        "folder is a link and was left out.",
        "link.ipynb is a link and was left out.",
        "pipe.ipynb is no ordinary file and was left out.",
    ]


def test_a_file_name_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.ipynb"))).write_bytes(b"x")
    assert list(folders.read_folder(tmp_path, []).values()) == [b"x"]
    assert next(iter(folders.read_folder(tmp_path, []))).encode()


def test_more_files_than_any_student_has_are_left_and_the_next_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_EACH", 2)
    for student, number in (("Ada", 5), ("Bob", 2)):
        (tmp_path / student).mkdir()
        for n in range(number):
            (tmp_path / student / f"{n}.py").touch()
    problems: list[str] = []
    found = folders.read_folder(tmp_path, problems)
    assert {*found} == {
        "Ada/0.py",
        "Ada/1.py",
        "Ada/… (too many files)",
        "Bob/0.py",
        "Bob/1.py",
    }
    assert problems == ["Ada has more than 2 files; the rest was left."]


def test_ignored_folders_are_not_walked_and_named_where_work_may_lie_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_EACH", 2)
    for folder in (".venv", ".git", ".work", ".ipynb_checkpoints", "__pycache__"):
        (tmp_path / "Ada" / folder).mkdir(parents=True)
        for n in range(3):
            (tmp_path / "Ada" / folder / f"{n}.ipynb").touch()
    (tmp_path / "Ada" / GOOD).touch()
    assert {*folders.read_folder(tmp_path, [])} == {
        "Ada/.ipynb_checkpoints/ (not looked into)",
        "Ada/.work/ (not looked into)",
        f"Ada/{GOOD}",
    }


def test_a_result_folder_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "results" / "students").mkdir(parents=True)
    (tmp_path / "results" / folders.STORE).touch()
    (tmp_path / GOOD).touch()
    problems: list[str] = []
    assert {*folders.read_folder(tmp_path, problems)} == {GOOD}
    assert problems == ["results holds results of the grader and was left out."]


def test_names_in_utf8_without_the_flag_are_read() -> None:
    blob = packed([("Jörg/a.ipynb", b"x")])
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = blob.index(mark) + offset
        flags = int.from_bytes(blob[place : place + 2], "little") & ~0x800
        blob = blob[:place] + flags.to_bytes(2, "little") + blob[place + 2 :]
    assert {*archives.read_inner(blob, "x.zip", [])} == {"Jörg/a.ipynb"}


def test_a_folder_that_a_mac_shows_with_a_slash_is_no_drive() -> None:
    problems: list[str] = []
    found = archives.read_inner(packed([("Blatt 4:5/A.ipynb", b"1")]), "x.zip", problems)
    assert only(found) == {"Blatt 4:5/A.ipynb": b"1"}
    assert problems == []
