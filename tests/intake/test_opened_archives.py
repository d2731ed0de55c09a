"""Archives among a student's files, opened in place."""

from __future__ import annotations

import io
import tarfile
import zipfile
from functools import partial

import pytest

from grader.intake import opened_archives
from grader.intake.files import Files, nothing


def packed(**files: bytes) -> bytes:
    """A zip; `__` in a name is a slash, `_` a point."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def given(**files: bytes) -> Files:
    named = {name.replace("__", "/").replace("_", "."): one for name, one in files.items()}
    return Files({name: partial(bytes, one) for name, one in named.items()})


@pytest.mark.parametrize(
    ("path", "is_packed"),
    [("a.ZIP", True), ("a.tar", True), ("a.tar.gz", True), ("a.tgz", True), ("a.gz", False)],
)
def test_archives_are_known_by_their_ends(path: str, is_packed: bool) -> None:
    assert opened_archives.is_packed(path) is is_packed


@pytest.mark.parametrize("archive", [packed(A_ipynb=b"1"), packed(wrapper__A_ipynb=b"1")])
def test_the_only_archive_stands_as_if_there_were_none(archive: bytes) -> None:
    files, told = opened_archives.unpacked(given(work_zip=archive, notes_txt=b"n"), ["before"])
    assert dict(files) == {"A.ipynb": b"1", "notes.txt": b"n"}
    assert told == ["before"]


def test_of_several_each_is_a_folder() -> None:
    archives = given(one_zip=packed(A_ipynb=b"1"), two_tar_gz=tarred("A.ipynb", b"2"))
    files, _ = opened_archives.unpacked(archives, [])
    assert dict(files) == {"one/A.ipynb": b"1", "two/A.ipynb": b"2"}


def test_what_would_cover_another_file_lies_in_a_folder() -> None:
    files, _ = opened_archives.unpacked(given(A_ipynb=b"own", w_zip=packed(A_ipynb=b"old")), [])
    assert dict(files) == {"A.ipynb": b"own", "w/A.ipynb": b"old"}


def test_archives_within_archives_are_opened_and_not_without_end() -> None:
    inner = packed(A_ipynb=b"1")
    twice = packed(b_zip=inner)
    files, _ = opened_archives.unpacked(given(c_zip=packed(b_zip=inner)), [])
    assert dict(files) == {"A.ipynb": b"1"}
    files, _ = opened_archives.unpacked(given(e_zip=packed(d_zip=packed(c_zip=twice))), [])
    assert dict(files) == {"b.zip": inner}


def test_one_that_cannot_be_opened_stays_and_is_told() -> None:
    files, told = opened_archives.unpacked(given(bad_zip=b"no zip", good_zip=packed(A=b"1")), [])
    assert dict(files) == {"bad.zip": b"no zip", "good/A": b"1"}
    (remark,) = told
    assert remark.startswith("bad.zip ")
    assert remark.endswith(".")


def test_one_that_was_not_read_is_not_opened() -> None:
    files, told = opened_archives.unpacked(Files({"large.zip": nothing}), [])
    assert list(files) == ["large.zip"]
    assert told == []


@pytest.mark.parametrize("path", ["a.7z", "A.RAR"])
def test_other_kinds_are_archives_where_a_program_opens_them(path: str) -> None:
    assert opened_archives.is_packed(path, lambda content, name: b"")
    assert not opened_archives.is_packed(path)


def test_a_program_that_makes_no_tar_costs_nothing_but_the_archive() -> None:
    files, told = opened_archives.unpacked(
        given(a_7z=b"7z", A_ipynb=b"1"), [], lambda content, name: b"no tar"
    )
    assert dict(files) == {"a.7z": b"7z", "A.ipynb": b"1"}
    (remark,) = told
    assert remark.startswith("a.7z is not a readable tar archive")


def test_an_archive_without_files_leaves_nothing() -> None:
    files, told = opened_archives.unpacked(given(a_zip=packed(), n_txt=b"n"), [])
    assert (dict(files), told) == ({"n.txt": b"n"}, [])


def test_archives_within_archives_take_no_more_than_all_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is within bounds; what all of them keep in memory has one, too."""
    inner = {"a_zip": packed(A_txt=bytes(5000)), "b_tgz": tarred("A.txt", bytes(5000))}
    inner |= {"c_zip": packed(A_txt=bytes(5000)), "d_tgz": tarred("A.txt", b"4")}
    outer = packed(**inner)
    monkeypatch.setattr(opened_archives, "OF_EACH", 100)
    monkeypatch.setattr(opened_archives, "OF_ENTRY", 0)
    monkeypatch.setattr(opened_archives, "MAX_OPEN", len(outer) + 12_000)
    files, told = opened_archives.unpacked(given(w_zip=outer), [])
    assert set(files) == {"a/A.txt", "b/A.txt", "c.zip", "d/A.txt"}
    assert told == ["c.zip was not opened: with it, archives here would take more than 0 MiB."]


def test_entries_that_are_many_are_counted_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opened_archives, "MAX_OPEN", 1 << 20)
    many = packed(**{f"x{number}": b"" for number in range(1200)})
    files, told = opened_archives.unpacked(given(w_zip=many, n_txt=b"n"), [])
    assert set(files) == {"w.zip", "n.txt"}
    assert told == ["w.zip was not opened: with it, archives here would take more than 1 MiB."]
