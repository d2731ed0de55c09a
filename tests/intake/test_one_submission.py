"""A person's files become a submission: notebooks by task, what lies beside them, what is told."""

from __future__ import annotations

import json
from functools import partial

import pytest

from grader.assignment import rubric
from grader.core.errors import UsageError
from grader.core.model import Submission
from grader.intake import one_submission
from grader.intake.files import Files, nothing
from grader.intake.identity import by_key, by_name
from grader.intake.platform import Entry
from grader.intake.roster import Owner

ASSIGNMENT = rubric.find("dais2021-a4")


def notebook(source: str) -> bytes:
    cell = {"cell_type": "code", "source": source, "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}).encode()


def beside(source: str, **files: bytes) -> set[str]:
    own = {"ActivationFunctions.ipynb": notebook(source)}
    found = one_submission.submission("Ada", own | files, ASSIGNMENT)
    return set(found.files)


@pytest.mark.parametrize(
    "name",
    ["graph.png", "a/photo.JPG", "weights.npy", "mine.mplstyle", "table.xlsx", "code.py", "t.tsv"],
)
def test_files_of_all_usual_kinds_lie_beside_the_notebook(name: str) -> None:
    assert beside("x = 1", **{name: b"x"}) == {name}


def test_programs_and_archives_do_not() -> None:
    assert beside("x = 1", **{"run.exe": b"x", "weights.pkl": b"x"}) == set()


def test_a_notebook_that_another_one_runs_lies_beside_it_and_no_other() -> None:
    files = {"helpers.ipynb": notebook("y = 2"), "old.ipynb": notebook("y = 3")}
    assert beside("%run helpers.ipynb", **files) == {"helpers.ipynb"}
    assert beside("%run ./helpers", **files) == {"helpers.ipynb"}
    assert beside("x = 1", **files) == set()


# --- what is told -----------------------------------------------------------------------------

OWN = {"ActivationFunctions.ipynb": notebook("x = 1")}
ADA = Owner(identity=by_name("Ada"))


def assembled(*remarks: str, owner: Owner = ADA, **files: bytes) -> Submission:
    """A submission of these files; `_` in a name is a point."""
    named = {name.replace("_", "."): content for name, content in files.items()}
    readers = {path: partial(bytes, content) for path, content in named.items()}
    return one_submission.assembled(owner, Files(readers), remarks, ASSIGNMENT)


def test_without_a_notebook_that_is_told() -> None:
    found = assembled(notes_txt=b"x")
    assert found.problems == ("The submission has no notebooks.",)
    assert set(found.missing) == {"activation", "evaluation", "fmssvrc"}
    assert set(found.doubts.values()) == {"notes.txt was handed in, and may be this work."}
    assert found.unused == ("notes.txt",)


def test_what_could_not_be_read_makes_missing_notebooks_doubtful() -> None:
    found = assembled("work.zip is damaged.")
    assert found.problems == ("work.zip is damaged.",)
    assert found.doubts == dict.fromkeys(found.missing, "work.zip is damaged.")


def test_a_damaged_answer_file_is_told_and_costs_no_notebook() -> None:
    found = assembled(ActivationFunctions_ipynb=notebook("x = 1"), autodiff_toml=b"= [")
    assert set(found.notebooks) == {"activation"}
    assert found.quiz is None
    (problem,) = found.problems
    assert problem.startswith("autodiff.toml")
    assert found.unused == ("autodiff.toml",)


def test_the_digest_follows_from_names_and_contents_alone() -> None:
    one = assembled(ActivationFunctions_ipynb=b"1", notes_txt=b"x").digest
    assert one == assembled(notes_txt=b"x", ActivationFunctions_ipynb=b"1").digest
    assert one != assembled(ActivationFunctions_ipynb=b"1", notes_txt=b"y").digest
    assert one != assembled(ActivationFunctions_ipynb=b"1", other_txt=b"x").digest


def test_a_notebook_that_cannot_be_read_any_more_stops_and_another_file_is_told() -> None:
    def gone() -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(UsageError, match=r"^A\.ipynb cannot be read any more"):
        one_submission.assembled(ADA, Files({"A.ipynb": gone}), [], ASSIGNMENT)
    files = {path: partial(bytes, content) for path, content in OWN.items()}
    found = one_submission.assembled(ADA, Files(files | {"t.csv": gone}), [], ASSIGNMENT)
    assert set(found.notebooks) == {"activation"}
    assert found.problems == ("t.csv cannot be read any more (No such file or directory).",)


def test_what_was_not_read_is_named_and_its_content_not_asked_for() -> None:
    found = one_submission.assembled(
        ADA, Files({"big.zip (is too large)": nothing}), [], ASSIGNMENT
    )
    assert found.unused == ("big.zip (is too large)",)


# --- whose it is ------------------------------------------------------------------------------


def entry(name: str) -> Entry:
    return Entry(
        source="p.csv, row 2", name=name, email=f"{name}@x.org", username="u", number="7", group="G"
    )


def test_a_person_has_what_the_table_tells_of_him() -> None:
    owner = Owner(
        identity=by_key("moodle", "17", "Ada"), platform="moodle", key="17", entries=(entry("Ada"),)
    )
    person = assembled(owner=owner).person
    assert (person.platform, person.key, person.email) == ("moodle", "17", "Ada@x.org")
    assert (person.username, person.number, person.groups) == ("u", "7", ("G",))


def test_of_two_who_may_be_meant_nothing_is_taken() -> None:
    owner = Owner(identity=by_name("Ada"), entries=(entry("Ada"), entry("Ada")))
    person = assembled(owner=owner).person
    assert (person.email, person.number, person.members) == ("", "", ())


# --- how much lies beside it ------------------------------------------------------------------


def test_files_beside_a_notebook_are_few_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_submission, "MAX_HELPER", 10)
    monkeypatch.setattr(one_submission, "MAX_HELPERS", 15)
    files = {"a.csv": bytes(11), "b.csv": bytes(10), "c.csv": bytes(6), "d.csv": bytes(5)}
    assert beside("x = 1", **files) == {"b.csv", "d.csv"}
    monkeypatch.setattr(one_submission, "MAX_HELPER_FILES", 1)
    assert beside("x = 1", **files) == {"b.csv"}


def test_files_that_no_folder_can_hold_are_left_out_and_told() -> None:
    long = "Hochschule/" * 25 + "daten.csv"
    files = {
        "ActivationFunctions.ipynb": notebook("x = 1"),
        long: b"1",
        "n" * 256 + ".txt": b"2",
        "a.txt": b"3",
        "a.txt/b.txt": b"4",
    }
    files |= {"x/" * 2000 + "y.txt": b"5"}
    found = one_submission.submission("Ada", files, ASSIGNMENT)
    assert set(found.files) == {long, "a.txt"}
    assert len([one for one in found.problems if "can lie in no folder" in one]) == 3
