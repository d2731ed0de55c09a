"""What commands on a result folder share: opening it, and whose grades it holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.cli import result_folder
from grader.core.errors import UsageError
from grader.marking.grades import Results
from grader.store.store import Store
from tests.assignment import toy_course

ASSIGNMENT = rubric.find("kmeans-example")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder that was graded by the k-means example."""
    with Store(tmp_path / "grader.sqlite") as store:
        store.note(
            assignment=ASSIGNMENT.name,
            digest=ASSIGNMENT.digest,
            rubric=str(ASSIGNMENT.rubric_dir.resolve()),
        )
    return tmp_path


def test_a_graded_folder_is_opened(results: Path) -> None:
    with result_folder.opened(results) as store:
        assert store.setting("assignment") == "kmeans-example"
        assert store.setting("holder") is None
    with result_folder.opened(results, write=True) as store:
        assert store.setting("holder") is not None


def test_a_folder_without_a_store_is_refused_and_gets_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal, result_folder.opened(tmp_path):
        pass
    assert str(refusal.value) == (
        f"{tmp_path} holds no grader.sqlite; name the --out folder of a batch"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_names_no_assignment_is_older(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite"):
        pass
    with (
        pytest.raises(
            UsageError, match="was made by an older grader, which kept less; run the same"
        ),
        result_folder.opened(tmp_path),
    ):
        pass


def test_a_second_writer_is_refused(results: Path) -> None:
    with result_folder.opened(results, write=True):
        second = result_folder.opened(results, write=True)
        with pytest.raises(UsageError, match="is in use by another grader"), second:
            pass
        with result_folder.opened(results) as reader:
            assert reader.setting("assignment") == "kmeans-example"


def test_the_assignment_is_that_of_the_last_batch(results: Path) -> None:
    with result_folder.opened(results) as store:
        assert result_folder.assignment_of(store, None).name == "kmeans-example"
        assert result_folder.unchanged(store, "kmeans-example").digest == ASSIGNMENT.digest
    assert result_folder.assignment_to_grade(results, None).rubric_dir == ASSIGNMENT.rubric_dir


def test_where_the_rubric_was_moved_its_name_leads_to_it(results: Path) -> None:
    with Store(results / "grader.sqlite") as store:
        store.note(rubric="/nowhere/kmeans-example")
    found = result_folder.assignment_to_grade(results, None)
    assert (found.name, found.rubric_dir) == ("kmeans-example", ASSIGNMENT.rubric_dir)


def test_a_folder_that_says_where_python_lies_has_none_of_it_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be somebody else's, and lie in the course's own folder; so who means it names it."""
    results = tmp_path / "results"
    folder = toy_course.written(results)
    with Store(results / "grader.sqlite") as store:
        store.note(assignment="toy", digest="", rubric=str(folder))
    checks = results / "reference" / "toy" / "checks.py"
    checks.write_text("raise SystemExit('ran')")
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    with (
        result_folder.opened(results) as store,
        pytest.raises(UsageError, match="Python that would run on this machine") as refused,
    ):
        result_folder.assignment_of(store, None)
    assert str(refused.value).endswith(f"name its rubric by the folder: {folder}")
    with pytest.raises(UsageError, match="Python that would run on this machine"):
        result_folder.assignment_to_grade(results, None)
    checks.write_text(toy_course.CHECKS)
    with result_folder.opened(results) as store:
        assert result_folder.assignment_of(store, str(folder)).name == "toy"
    assert result_folder.assignment_to_grade(results, str(folder)).name == "toy"


def test_another_assignment_is_refused(results: Path) -> None:
    with result_folder.opened(results) as store, pytest.raises(UsageError) as refusal:
        result_folder.assignment_of(store, "dais2021-a4")
    assert str(refusal.value) == f"{results} holds grades of kmeans-example, not of dais2021-a4"


def test_a_changed_rubric_is_told_with_the_way_on(results: Path) -> None:
    with result_folder.opened(results) as store, pytest.raises(UsageError) as refusal:
        result_folder.must_be_unchanged(store, replace(ASSIGNMENT, digest="other"))
    assert str(refusal.value) == (
        f"the rubric or reference of kmeans-example was changed since {results} was graded; "
        f"`grader regrade {results}` shows which marks that changes"
    )


def test_no_page_is_removed_where_a_link_leads_to(results: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "own.html").write_text("own")
    (results / "students").symlink_to(mine)
    with Store(results / "grader.sqlite") as store:
        result_folder.write_reports(Results(store, ASSIGNMENT), ASSIGNMENT, results)
    assert (mine / "own.html").read_text() == "own"
