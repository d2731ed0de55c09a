"""Files that were handed in, by path: what is there, and what was not read."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

import pytest

from grader.core.errors import UsageError
from grader.intake import files
from grader.intake.files import Files, nothing

EARLY, LATE = datetime(2021, 5, 1), datetime(2021, 6, 1)


def given(content: bytes, *paths: str, at: datetime | None = None) -> Files:
    return Files(
        {path: partial(bytes, content) for path in paths},
        dict.fromkeys(paths, at) if at else {},
    )


def test_of_equal_paths_the_later_counts() -> None:
    both = given(b"1", "a", "b", at=EARLY) | given(b"2", "b", "c", at=LATE)
    assert dict(both) == {"a": b"1", "b": b"2", "c": b"2"}
    assert both.times == {"a": EARLY, "b": LATE, "c": LATE}


def test_files_get_new_names_and_keep_their_times() -> None:
    renamed = given(b"1", "x/a", "x/b", at=EARLY).renamed({"x/a": "a"})
    assert dict(renamed) == {"a": b"1"}
    assert renamed.times == {"a": EARLY}
    assert given(b"1", "x/a").renamed({"x/a": "a"}).times == {}


def test_what_is_there_is_known_without_reading_it() -> None:
    def never() -> bytes:
        raise AssertionError

    found = Files({"a": never, "b": nothing})
    assert "a" in found
    assert "c" not in found
    assert (list(found), len(found)) == (["a", "b"], 2)
    assert (found.is_read("a"), found.is_read("b")) == (True, False)
    with pytest.raises(KeyError):
        found["c"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (FileNotFoundError(2, "No such file"), "No such file"),
        (ValueError("x" * 200), f"ValueError: {'x' * 108}"),
        (RuntimeError(), "RuntimeError: "),
    ],
)
def test_what_cannot_be_read_any_more_is_one_sentence(bad: Exception, why: str) -> None:
    def gone() -> bytes:
        raise bad

    with pytest.raises(UsageError) as refusal:
        Files({"a/A.ipynb": gone})["a/A.ipynb"]
    assert str(refusal.value) == f"a/A.ipynb cannot be read any more ({why})"


@pytest.mark.parametrize(
    ("path", "is_ignored"),
    [
        ("a/A.ipynb", False),
        ("a/.ipynb_checkpoints/A.ipynb", True),
        ("__MACOSX/a/._A.ipynb", True),
        (".hidden", True),
        ("a/~$Report.docx", True),
        ("Thumbs.db", True),
        ("../A.ipynb", False),  # refused elsewhere, and told
        ("a.b/A.ipynb", False),
    ],
)
def test_what_nobody_wrote_is_ignored(path: str, is_ignored: bool) -> None:
    assert files.is_ignored(PurePosixPath(path)) is is_ignored


@pytest.mark.parametrize(
    ("path", "stands"),
    [
        ("a/.mine/b/A.ipynb", "a/.mine/ (not looked into)"),
        (".ipynb_checkpoints/A.ipynb", ".ipynb_checkpoints/ (not looked into)"),
        ("a/__pycache__/A.pyc", ""),
        ("a/A.ipynb", ""),
    ],
)
def test_a_folder_in_which_work_may_lie_is_named(path: str, stands: str) -> None:
    assert files.ignored_folder(PurePosixPath(path)) == stands
