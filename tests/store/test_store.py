"""What is kept in a result folder's database, and that it comes back as it went."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.core import codec
from grader.core.errors import UsageError
from grader.core.model import (
    Answer,
    AnswerStatus,
    CellRun,
    Ending,
    Evidence,
    Outcome,
    Status,
)
from grader.sandbox.observe import decode_answer
from grader.store import serialisation
from grader.store.store import Store
from tests.course import submission

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


def answered(value: object) -> Evidence:
    """Evidence with one answer."""
    answer = Answer(status=AnswerStatus.OK, value=value)
    return Evidence(task="t", ending=Ending.COMPLETED, answers={"q": answer})


def kept(folder: Path, evidence: Evidence) -> Evidence:
    """The evidence as another run of the grader finds it."""
    with Store(folder / "grader.sqlite") as first:
        first.put_evidence("key", evidence)
    with Store(folder / "grader.sqlite") as second:
        found = second.get_evidence("key")
    assert found is not None
    return found


def returned(folder: Path, value: object) -> Any:
    return kept(folder, answered(value)).answers["q"].value


# --- evidence ---------------------------------------------------------------------------------


def test_evidence_comes_back_as_it_went(tmp_path: Path) -> None:
    evidence = Evidence(
        task="activation",
        ending=Ending.TIMEOUT,
        message="Cell 2 took more than 60 s.",
        cells=(
            CellRun(index=0, id="a", status="ok", seconds=0.25, text="1\n", images=(PNG, b"")),
            CellRun(index=1, id="b", status="timeout", error="ValueError: ü \x1b"),
        ),
        answers={
            "q": Answer(status=AnswerStatus.OK, value={"a": [1, 2.5, None, True, "ü"]}),
            "r": Answer(status=AnswerStatus.RAISED, error="ZeroDivisionError: division by zero"),
        },
        repairs=("np.float is float",),
        seed=2**47,
        seconds=61.5,
        rung="bubblewrap",
    )
    assert kept(tmp_path, evidence) == evidence


@pytest.mark.parametrize("ending", list(Ending))
@pytest.mark.parametrize("status", list(AnswerStatus))
def test_every_ending_and_status_can_be_kept(ending: Ending, status: AnswerStatus) -> None:
    evidence = Evidence(task="t", ending=ending, answers={"q": Answer(status=status)})
    assert serialisation.evidence_from_json(*serialisation.evidence_to_json(evidence)) == evidence


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.array([[1.5, np.nan], [np.inf, -np.inf]]),
        np.array([True, False]),
        np.zeros((0, 4), dtype=np.float32),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(3.5),
    ],
    ids=["bytes", "nan", "bool", "empty", "fortran", "scalar"],
)
def test_an_array_keeps_values_kind_and_shape(tmp_path: Path, array: np.ndarray) -> None:
    back = returned(tmp_path, {"deep": [array]})["deep"][0]
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


def test_nan_and_infinity_come_back(tmp_path: Path) -> None:
    back = returned(tmp_path, [math.nan, math.inf, -math.inf])
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize("depth", [1, 20, 30, 31, 32])
def test_an_answer_that_was_received_can_be_kept_however_deep_it_is(
    tmp_path: Path, depth: int
) -> None:
    line = '{"status": "ok", "error": "", "value": ' + "[" * depth + "]" * depth + "}"
    answer = decode_answer({"status": "ok", "text": line})
    assert answer.status is AnswerStatus.OK
    assert returned(tmp_path, answer.value) == answer.value


def test_unknown_evidence_is_none(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as fresh:
        assert fresh.get_evidence("key") is None


def test_evidence_of_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    assert returned(tmp_path, 1) == 1
    assert returned(tmp_path, 2) == 2


def test_evidence_in_one_piece_is_refused_and_not_taken_for_one_without_answers() -> None:
    shown, answers = map(json.loads, serialisation.evidence_to_json(answered(1)))
    with pytest.raises(codec.WireError, match="older grader"):
        serialisation.evidence_from_json(json.dumps(shown | {"answers": answers}))


# --- submissions ------------------------------------------------------------------------------


def test_helper_files_come_back_and_those_of_an_earlier_batch_go(tmp_path: Path) -> None:
    files = {"b/data.csv": b"1,2\n\0\xff", "a.py": b""}
    with Store(tmp_path / "grader.sqlite") as only:
        only.put_submissions([replace(submission(1), files=files), submission(2)])
        assert list(only.files("s0001").items()) == [*files.items()]
        assert dict(only.submission("s0001").files) == dict.fromkeys(sorted(files), b"")
        assert only.files("s0002") == {}
        only.put_submissions([submission(2)])
        assert only.files("s0001") == {}
        assert only.students() == ["s0002"]


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as only:
        only._db.execute("PRAGMA max_page_count = 40")
        whole = replace(submission(1), files={"a.csv": os.urandom(1 << 20)})
        with pytest.raises(UsageError) as refusal:
            only.put_submissions([whole])
        assert str(refusal.value) == (
            f"{tmp_path / 'grader.sqlite'} cannot be written (database or disk is full); make room "
            "there and run the same command again: what is done is kept"
        )
        assert only.students() == []


def test_a_store_that_closes_while_threads_read_is_an_error_of_theirs_and_no_crash(
    tmp_path: Path,
) -> None:
    errors: list[str] = []

    def read(opened: Store) -> None:
        try:
            while True:
                opened.files("s0001")
        except sqlite3.ProgrammingError as bad:
            errors.append(str(bad))

    for n in range(5):
        with Store(tmp_path / f"{n}.sqlite") as opened:
            opened.put_submissions([replace(submission(1), files={"a.csv": bytes(1 << 18)})])
            threads = [threading.Thread(target=read, args=(opened,)) for _ in range(3)]
            for thread in threads:
                thread.start()
        for thread in threads:
            thread.join()
    assert errors == ["Cannot operate on a closed database."] * 15


# --- the seed ---------------------------------------------------------------------------------


def test_the_seed_is_drawn_once(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as first:
        seed = first.batch_seed(None)
        assert first.batch_seed(None) == seed
    with Store(tmp_path / "grader.sqlite") as second:
        assert second.batch_seed(None) == second.batch_seed(seed) == seed


def test_two_folders_draw_different_seeds(tmp_path: Path) -> None:
    with Store(tmp_path / "a.sqlite") as one, Store(tmp_path / "b.sqlite") as other:
        assert one.batch_seed(None) != other.batch_seed(None)


@pytest.mark.parametrize("seed", [0, 20, -1, 2**60])
def test_a_wanted_seed_is_kept(tmp_path: Path, seed: int) -> None:
    with Store(tmp_path / "grader.sqlite") as only:
        assert only.batch_seed(seed) == only.batch_seed(None) == seed


def test_another_seed_than_the_folders_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as only:
        only.batch_seed(7)
        with pytest.raises(UsageError) as refusal:
            only.batch_seed(8)
        assert only.batch_seed(None) == 7
    assert str(refusal.value) == (
        "this result folder was begun with --seed 7; use that, or a new --out"
    )


# --- the file ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "folder", "nowhere"])
def test_what_is_no_database_is_one_sentence_with_file_and_mend(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "grader.sqlite"
    if kind == "text":
        path.write_text("student,points\nada,12\n" * 100)
    elif kind == "folder":
        path.mkdir()
    else:
        path = tmp_path / "missing" / "grader.sqlite"
    with pytest.raises(UsageError) as refusal:
        Store(path)
    assert str(refusal.value).startswith(f"{path} cannot be used (")
    assert str(refusal.value).endswith("; choose another --out folder")
    assert "\n" not in str(refusal.value)
    if kind == "text":
        assert path.read_text().startswith("student,points\nada,12\n")


def test_one_that_another_changes_for_long_is_to_be_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grader.sqlite"
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0.01))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UsageError) as refusal:
            Store(path)
    assert str(refusal.value) == (
        f"{path} cannot be used (database is locked); wait until another grader is done"
    )


def test_numbers_in_details_come_back_as_plain_ones(tmp_path: Path) -> None:
    details = {"n": np.int64(3), "x": np.float32(0.5), "yes": np.bool_(True), "of": (1, "a", None)}
    found = Outcome(status=Status.PARTIAL, share=Decimal("0.25"), message="m", details=details)
    with Store(tmp_path / "grader.sqlite") as only:
        only.put_outcomes("s1", {"t": {"i": found}}, {})
        (kept,) = only.outcomes("s1")["t"].values()
    assert kept == replace(found, details={"n": 3, "x": 0.5, "yes": True, "of": [1, "a", None]})


def test_after_a_failed_write_what_is_written_survives_a_power_cut_again(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as only:
        bad = {"t": {"i": Outcome(status=Status.PASSED, share=Decimal(1), message="m")}}
        only._db.execute("DROP TABLE judged")
        with pytest.raises(sqlite3.OperationalError):
            only.put_outcomes("s1", bad, {})
        assert only._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_the_time_of_all_runs_of_one_student_is_added_up(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as only:
        for key, seconds in (("a", 1.5), ("a/1", 2.0), ("a/1000", 4.0), ("ab", 64.0), ("b", 8.0)):
            only.put_evidence(key, replace(answered(1), seconds=seconds))
        only.put_run("s1", "t", "a", 0)
        only.put_run("s1", "u", "b", 0)
        only.put_run("s2", "t", "ab", 0)
        assert [only.spent(student) for student in ("s1", "s2", "s3")] == [15.5, 64.0, 0.0]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


def test_what_fails_halfway_leaves_nothing_and_what_is_within_is_a_part(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.note(a="1")
        with store.transaction():
            store.note(b="1")
        raise ZeroDivisionError
    assert (store.setting("a"), store.setting("b")) == (None, None)
    with store.transaction():
        store.note(a="2")
    assert store.setting("a") == "2"


def test_a_secret_is_of_its_name_and_of_the_folders_seed(tmp_path: Path) -> None:
    found = []
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        with Store(tmp_path / f"{folder}.sqlite") as one:
            one.batch_seed(seed)
            found.append((one.secret("x"), one.secret("y")))
    assert found[0] == found[1]
    assert len({*found[0], *found[2]}) == 4


def test_a_batch_replaces_the_last_one_and_what_is_put_beside_it_does_not(store: Store) -> None:
    one, two, three = (submission(number) for number in (1, 2, 3))
    store.put_submissions([one, two])
    store.put_submissions([three, replace(two, name="New")], beside=True)
    assert store.students() == [one.student, two.student, three.student]
    assert store.submission(two.student).name == "New"
    store.put_submissions([three])
    assert store.students() == [three.student]
    assert store.submission(one.student).name == one.name  # it stays, but is of no batch


def test_a_student_whom_nobody_knows_is_an_error_of_the_callers(store: Store) -> None:
    with pytest.raises(KeyError, match="nobody"):
        store.submission("nobody")
    assert (store.files("nobody"), store.outcomes("nobody"), store.marks("nobody")) == ({}, {}, {})
    assert store.run("nobody", "t") is None


def test_a_run_is_forgotten_with_its_further_ones_alone(store: Store) -> None:
    for key in ("a", "a/1", "a/1000", "ab", "b/a/1"):
        store.put_evidence(key, answered(key))
    store.forget("a")
    assert [key for key in ("a", "a/1", "a/1000", "ab", "b/a/1") if store.ending(key)] == [
        "ab",
        "b/a/1",
    ]
    assert store.ending("ab") == "completed"


def test_evidence_can_be_had_without_its_answers(store: Store) -> None:
    store.put_evidence("key", answered([1]))
    found = store.get_evidence("key", answers=False)
    assert found == replace(answered([1]), answers={})


def test_answers_of_a_reference_are_kept_apart_by_its_key(store: Store) -> None:
    right, wrong = (Answer(status=AnswerStatus.OK, value=value) for value in (1, [2.5]))
    store.put_expected("ref", {"p": right, "q": right})
    store.put_expected("other", {"p": wrong})
    store.put_expected("ref", {"q": wrong})
    assert store.expected("ref", ["q", "none", "p"]) == {"q": wrong, "p": right}
    store.forget_expected("ref")
    assert store.expected("ref", ["p", "q"]) == {}
    assert store.expected("other", ["p"]) == {"p": wrong}


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"status": "x", "value": 1, "error": ""}'])
def test_a_damaged_answer_of_a_reference_is_one_sentence(store: Store, body: str) -> None:
    store.put_expected("ref", {"p": Answer(status=AnswerStatus.OK, value=1)})
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE expected SET body = ?", (body,))
    with pytest.raises(UsageError, match="holds something that no grader wrote"):
        store.expected("ref", ["p"])


def test_who_comes_second_is_told_who_works_there(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite").claim():
        with pytest.raises(UsageError) as refusal:
            Store(tmp_path / "grader.sqlite").claim()
        assert str(refusal.value) == (
            f"{tmp_path} is in use by another grader (process {os.getpid()}); "
            "wait until it is done (Ctrl-C ends a review), or choose another result folder"
        )
    with Store(tmp_path / "grader.sqlite").claim() as again:
        assert again.setting("holder") == str(os.getpid())
