"""What of a folder is a student's work, and where it lies."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.student import find_notebooks, public_file
from tests.bundle import RIGHT, WRONG, made, notebook

NAME = "ActivationFunctions.ipynb"


def write(path: Path, content: bytes = RIGHT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_repository_is_searched_and_the_files_are_known(tmp_path: Path) -> None:
    path = write(tmp_path / "sheets" / "four" / NAME)
    write(tmp_path / ".git" / NAME)
    write(tmp_path / "venv" / "lib" / NAME)
    write(tmp_path / "sheets" / "four" / "helper.py", b"x = 1")
    write(tmp_path / public_file.FILE, b"{}")
    found = find_notebooks.find(tmp_path, made().assignment)
    assert found.files == {"activation": path}
    assert found.submission.files == {"sheets/four/helper.py": b"x = 1"}
    assert set(found.submission.missing) == {"evaluation", "fmssvrc"}


def test_of_one_notebook_the_others_beside_are_left(tmp_path: Path) -> None:
    path = write(tmp_path / NAME)
    write(tmp_path / "Evaluation.ipynb")
    write(tmp_path / "draw.py", b"x = 1")
    write(tmp_path / "deep" / "more.py", b"x = 1")
    found = find_notebooks.find(path, made().assignment)
    assert found.files == {"activation": path}
    assert set(found.submission.files) == {"draw.py"}


def test_the_shallowest_of_two_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / NAME)
    write(tmp_path / "old" / NAME, WRONG)
    found = find_notebooks.find(tmp_path, made().assignment)
    assert found.files == {"activation": path}


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / NAME)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / NAME).symlink_to(tmp_path / "elsewhere" / NAME)
    with pytest.raises(UsageError, match="holds none of this assignment's notebooks"):
        find_notebooks.find(tmp_path / "work", made().assignment)


def test_a_path_that_is_nothing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        find_notebooks.find(tmp_path / "nothing", made().assignment)
    with pytest.raises(UsageError, match=r"none of this assignment's notebooks \(Activation"):
        find_notebooks.find(write(tmp_path / "Other.ipynb", notebook("x = 1")), made().assignment)


def test_a_damaged_notebook_is_a_finding_not_an_end(tmp_path: Path) -> None:
    write(tmp_path / NAME, b'{"cells": [')
    found = find_notebooks.find(tmp_path, made().assignment)
    assert found.submission.unreadable == ("activation",)
    assert found.files == {}


def test_beside_a_notebook_lie_the_helpers_of_its_own_folder(tmp_path: Path) -> None:
    notebook = write(tmp_path / NAME)
    write(tmp_path / "Other.ipynb")
    write(tmp_path / "perceptron.py", b"x = 1")
    write(tmp_path / "deep" / "more.py", b"x = 1")
    assert find_notebooks.beside(notebook) == {"perceptron.py": b"x = 1"}


def test_of_one_notebook_folders_below_and_notebooks_in_capitals_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file there that can't be read is no reason not to check it."""
    path = write(tmp_path / NAME)
    write(tmp_path / "EVALUATION.IPYNB")
    locked = write(tmp_path / "deep" / "locked.py", b"x = 1")
    real = Path.read_bytes

    def read(file: Path) -> bytes:
        if file == locked:
            raise PermissionError(13, "Permission denied")
        return real(file)

    monkeypatch.setattr(Path, "read_bytes", read)
    found = find_notebooks.find(path, made().assignment)
    assert (found.files, dict(found.submission.files)) == ({"activation": path}, {})
    assert set(found.submission.missing) == {"evaluation", "fmssvrc"}
    with pytest.raises(UsageError, match=r"locked\.py cannot be read \(Permission denied\)$"):
        find_notebooks.find(tmp_path, made().assignment)
    locked = path
    with pytest.raises(UsageError, match=r"Functions\.ipynb cannot be read \(Permission denied\)$"):
        find_notebooks.find(path, made().assignment)


def test_a_link_that_was_named_itself_is_read(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / NAME)
    (tmp_path / "work").mkdir()
    link = tmp_path / "work" / NAME
    link.symlink_to(tmp_path / "elsewhere" / NAME)
    assert find_notebooks.find(link, made().assignment).files == {"activation": link}


def test_no_more_is_looked_at_than_a_hand_in_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / NAME)
    write(tmp_path / "1" / "2" / "3" / "4" / "in.py", b"x = 1")
    write(tmp_path / "1" / "2" / "3" / "4" / "5" / "out.py", b"x = 1")
    for folder in ("node_modules", "env", ".hidden"):
        write(tmp_path / folder / "out.py", b"x = 1")
    found = find_notebooks.find(tmp_path, made().assignment)
    assert set(found.submission.files) == {"1/2/3/4/in.py"}
    monkeypatch.setattr(find_notebooks, "MOST", 1)
    found = find_notebooks.find(tmp_path, made().assignment)
    assert (found.files, dict(found.submission.files)) == ({"activation": path}, {})


def test_a_file_that_is_away_while_it_is_saved_has_no_fingerprint(tmp_path: Path) -> None:
    path = write(tmp_path / NAME, b"one")
    before = find_notebooks.digest(path)
    assert before == hashlib.sha256(b"one").hexdigest()
    assert find_notebooks.digest(write(path, b"two")) != before
    path.unlink()
    assert find_notebooks.digest(path) == ""
