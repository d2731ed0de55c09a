"""Whom `--only` and `--from-failed` mean: nobody else's work is graded by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from grader.batch import selection
from grader.core.errors import UsageError
from grader.core.model import Ending, Evidence, Mark, Outcome, Status
from grader.intake import identity
from grader.marking import ownership
from grader.store.store import Store
from tests.course import assignment, graded, submission
from tests.marking.test_hand_marks import NOW

ADA = identity.by_key("moodle", "111", "Ada Lovelace")
TWIN = identity.by_key("moodle", "222", "Ada Lovelace")
SEAN = identity.by_name("Sean OBrien")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


@pytest.mark.parametrize(
    ("word", "student"),
    [
        ("sean-obrien", SEAN.student),
        ("Sean OBrien", SEAN.student),
        ("sean o'brien ", SEAN.student),
        ("ada-lovelace-111", ADA.student),
        ("ADA-Lovelace-222", TWIN.student),
    ],
)
def test_a_word_names_one_person(store: Store, word: str, student: str) -> None:
    people = selection.kept(store, [ADA, TWIN, SEAN])
    assert selection.named([word], people) == {student}


def test_several_words_name_several(store: Store) -> None:
    people = selection.kept(store, [ADA, TWIN, SEAN])
    found = selection.named([SEAN.student, "sean o'brien", ADA.student], people)
    assert found == {SEAN.student, ADA.student}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (
            "Ada",
            "--only Ada: nobody of this batch is called so; give a name, or an id as in "
            "students/ID.html (such as ada-lovelace-111, ada-lovelace-222, sean-obrien)",
        ),
        (
            "ada lovelace",
            "--only ada lovelace fits ada-lovelace-111 and ada-lovelace-222; give one of these ids",
        ),
    ],
)
def test_a_word_for_nobody_or_two_is_one_sentence(store: Store, word: str, sentence: str) -> None:
    people = selection.kept(store, [ADA, TWIN, SEAN])
    with pytest.raises(UsageError) as refusal:
        selection.named([word], people)
    assert str(refusal.value) == sentence


def test_who_has_an_older_id_in_the_folder_is_named_by_that(store: Store) -> None:
    old = replace(submission(1), student="sean-obrien-2", name="Sean OBrien")
    store.put_submissions([old])
    new = replace(submission(1), student=SEAN.student, name=SEAN.name)
    assert [one.student for one in ownership.settled(store, [new], [new.name])] == [old.student]
    people = selection.kept(store, [SEAN])
    assert list(people) == ["sean-obrien-2"]
    assert selection.named(["sean-obrien-2"], people) == {SEAN.student}


def test_failed_are_those_with_an_error_or_a_run_that_was_not_set_up(tmp_path: Path) -> None:
    graded(tmp_path, 4, start=10)
    of = assignment(tmp_path / "reference")
    broken = Outcome(status=Status.ERROR, share=Decimal(0), message="A bug.")
    with Store(tmp_path / "grader.sqlite") as store:
        assert selection.failed(store, of) == {}
        for student in ("s0011", "s0013"):
            outcomes = dict(store.outcomes(student))
            outcomes["sums"] = {**outcomes["sums"], "number": broken}
            store.put_outcomes(student, outcomes, {})
        mark = Mark(item="sums/number", points=Decimal(1), reason="", by="Jo", at=NOW)
        store.hand_marks.add("s0013", mark)
        key, _ = store.run("s0012", "more") or ("", 0)
        store.put_evidence(key, Evidence(task="more", ending=Ending.SETUP_FAILED))
        assert selection.failed(store, of) == {"s0011": "Student 11", "s0012": "Student 12"}
