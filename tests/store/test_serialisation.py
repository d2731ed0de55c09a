"""Every noun that is stored or sent comes back as it went, through plain JSON text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.base import failed, partial, passed, review
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Cell,
    CellRun,
    Ending,
    Evidence,
    Extension,
    Notebook,
    Outcome,
    Person,
    Question,
    QuizResponse,
    Resource,
    Submission,
)
from grader.store import serialisation

TEXTS = st.text(max_size=20)
CELLS = st.builds(
    Cell,
    id=TEXTS,
    kind=st.sampled_from(["code", "markdown", "raw"]),
    source=TEXTS,
    tags=st.tuples(TEXTS),
    outputs=st.lists(TEXTS, max_size=2).map(tuple),
)
NOTEBOOK = Notebook(
    name="n.ipynb",
    cells=(Cell(id="a", kind="code", source="x = 'ä'", tags=("t",), outputs=("1\n",)),),
    repairs=("the file was UTF-16",),
)
EVIDENCE = Evidence(
    task="t",
    ending=Ending.TIMEOUT,
    message="It ran longer than 4 s.",
    cells=(
        CellRun(index=1, id="a", status="ok", seconds=0.5, text="1", images=(b"\x89PNG", b"\0")),
        CellRun(index=2, id="b", status="error", error="NameError: x"),
    ),
    answers={"d": Answer(status=AnswerStatus.RAISED, value=None, error="ValueError: y")},
    repairs=("np.float was put back",),
    seed=5,
    seconds=1.25,
    rung="bubblewrap",
)


@given(st.lists(CELLS, max_size=3), st.lists(TEXTS, max_size=2))
def test_a_notebook_comes_back_as_it_went(cells: list[Cell], repairs: list[str]) -> None:
    sent = Notebook(name="n", cells=tuple(cells), repairs=tuple(repairs))
    text = json.dumps(serialisation.notebook_to_json(sent))
    assert serialisation.notebook_from_json(json.loads(text)) == sent


def submission(**more: Any) -> Submission:
    settings: dict[str, Any] = {
        "student": "ada",
        "name": "Ada Löwe",
        "notebooks": {"t": NOTEBOOK},
        "missing": {"u": "U.ipynb was not handed in."},
        "problems": ("one",),
        "digest": "d",
    }
    return Submission(**(settings | more))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"doubts": {"u": "It may be the work."}},
        {"submitted_at": datetime(2021, 5, 30, 21, 59, 59, tzinfo=UTC)},
        {"quiz": QuizResponse(values={"v3": "1,5"}, source="a.csv, row 2")},
        {
            "quiz": QuizResponse(
                values={"v3": "1"},
                source="a.csv",
                moodle_grade=Decimal("7.50"),
                moodle_max=Decimal("10.00"),
                right={"v3": "2"},
                question="What is v3?",
            )
        },
    ],
)
def test_a_submission_comes_back_as_it_went(more: dict[str, Any]) -> None:
    sent = submission(**more)
    back = serialisation.submission_from_json(serialisation.submission_to_json(sent))
    assert back == sent


def test_of_helper_files_the_names_are_kept() -> None:
    sent = submission(files={"b.py": b"secret", "a.txt": b"1"})
    text = serialisation.submission_to_json(sent)
    assert "secret" not in text
    assert serialisation.submission_from_json(text).files == {"a.txt": b"", "b.py": b""}


def test_grades_of_a_quiz_keep_their_decimals() -> None:
    quiz = QuizResponse(values={}, source="a", moodle_grade=Decimal("7.50"))
    text = serialisation.submission_to_json(submission(quiz=quiz))
    back = serialisation.submission_from_json(text).quiz
    assert back is not None
    assert str(back.moodle_grade) == "7.50"
    assert back.moodle_max is None


def test_evidence_comes_back_as_it_went() -> None:
    text, answers = serialisation.evidence_to_json(EVIDENCE)
    assert serialisation.evidence_from_json(text, answers) == EVIDENCE


def test_evidence_can_be_read_without_its_answers() -> None:
    text, _ = serialisation.evidence_to_json(EVIDENCE)
    found = serialisation.evidence_from_json(text)
    assert found.answers == {}
    assert found.cells == EVIDENCE.cells


@pytest.mark.parametrize("status", AnswerStatus)
def test_an_answer_of_each_status_comes_back(status: AnswerStatus) -> None:
    sent = Answer(status=status, value={"a": [1, 2.5, None, "x"]}, error="e")
    assert serialisation.answer_from_json(serialisation.answer_to_json(sent)) == sent


def test_arrays_of_an_answer_keep_values_kind_and_shape() -> None:
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    answers = {"d": Answer(status=AnswerStatus.OK, value={"values": array})}
    sent = Evidence(task="t", ending=Ending.COMPLETED, answers=answers)
    back = serialisation.evidence_from_json(*serialisation.evidence_to_json(sent))
    found = back.answers["d"].value["values"]
    assert (found.dtype, found.shape) == (np.uint8, (2, 3))
    assert found.tolist() == array.tolist()


OUTCOMES: dict[str, dict[str, Outcome]] = {
    "t": {
        "a": passed("Right."),
        "b": partial("0.25", "Nearly.", given=["1"], mean=1.5),
        "c": review("A person must look.", expected=None),
    },
    "u": {},
}


def test_outcomes_come_back_with_their_exact_shares() -> None:
    back = serialisation.outcomes_from_json(serialisation.outcomes_to_json(OUTCOMES))
    assert back == OUTCOMES
    assert str(back["t"]["b"].share) == "0.25"


def test_numbers_of_numpy_in_details_are_plain_ones_afterwards() -> None:
    sent = {"t": {"a": failed("m", n=np.int64(3), x=np.float64(0.5), flag=np.bool_(True))}}
    back = serialisation.outcomes_from_json(serialisation.outcomes_to_json(sent))
    assert back["t"]["a"].details == {"n": 3, "x": 0.5, "flag": True}
    assert type(back["t"]["a"].details["n"]) is int


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1, 2}, object(), np.zeros(2), Decimal(1), b"bytes"]
)
def test_details_that_are_no_plain_data_are_refused(value: object) -> None:
    with pytest.raises(codec.WireError):
        serialisation.outcomes_to_json({"t": {"a": failed("m", x=value)}})


def test_details_without_end_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(codec.WireError):
        serialisation.outcomes_to_json({"t": {"a": failed("m", x=endless)}})


@pytest.mark.parametrize(
    "sent",
    [
        Question(probe="figures"),
        Question(probe="p", params={"x": 1, "words": ["a", None]}, seconds=7),
        Question(probe="p", params={"images": Resource(name="data/images"), "k": 2}),
        Question(probe="own", source="def ask(names): return 1"),
    ],
)
def test_a_question_comes_back_with_its_resources_by_name(sent: Question) -> None:
    text = json.dumps(serialisation.question_to_json(sent))
    back = serialisation.question_from_json(json.loads(text))
    assert back == sent
    assert codec.digest(back) == codec.digest(sent)


def test_arrays_of_a_question_come_back() -> None:
    sent = Question(probe="p", params={"points": np.linspace(0, 1, 5)})
    text = json.dumps(serialisation.question_to_json(sent))
    back = serialisation.question_from_json(json.loads(text))
    assert np.array_equal(back.params["points"], sent.params["points"])


@given(st.dictionaries(TEXTS, st.binary(max_size=20), max_size=3))
def test_files_come_back_to_the_byte(files: dict[str, bytes]) -> None:
    text = json.dumps(serialisation.files_to_json(files))
    assert serialisation.files_from_json(json.loads(text)) == files


def test_what_a_platform_tells_of_a_submission_comes_back() -> None:
    zone = timezone(timedelta(hours=2))
    sent = submission(
        extension=Extension(until=datetime(2021, 6, 2, tzinfo=zone), source="more.csv, row 2"),
        person=Person(platform="moodle", key="17", groups=("G1",), members=("Ada", "Bob")),
        is_draft=True,
        identity="moodle 17",
        unused=("old/T.ipynb",),
    )
    back = serialisation.submission_from_json(serialisation.submission_to_json(sent))
    assert back == sent
    assert back.extension is not None
    assert back.extension.until.utcoffset() == timedelta(hours=2)


def test_of_an_older_folder_damaged_files_are_doubts_and_the_rest_is_unknown() -> None:
    sent = submission(missing={"u": "It could not be read.", "v": "It was not handed in."})
    data = json.loads(serialisation.submission_to_json(sent))
    for later in ("doubts", "extension", "is_draft", "identity", "person", "unused"):
        del data[later]
    del data["notebooks"]["t"]["language"]
    back = serialisation.submission_from_json(json.dumps(data | {"damaged": ["u"]}))
    assert back.doubts == {"u": "It could not be read."}
    assert (back.extension, back.is_draft, back.identity) == (None, False, "")
    assert (back.person, back.unused) == (Person(), ())
    assert back.notebooks["t"].language == ""


@pytest.mark.parametrize("record", [None, {"phases": []}, [], 0])
def test_the_record_of_an_answer_comes_back(record: Any) -> None:
    sent = Answer(status=AnswerStatus.OK, value=1, record=record)
    told = serialisation.answer_to_json(sent)
    assert ("record" in told) is (record is not None)
    assert serialisation.answer_from_json(told) == sent


@pytest.mark.parametrize("status", ["", "OK", "fine"])
def test_an_answer_of_an_unknown_status_is_none(status: str) -> None:
    with pytest.raises(ValueError, match="is not a valid AnswerStatus"):
        serialisation.answer_from_json({"status": status, "value": None, "error": ""})


def test_a_detail_that_is_refused_is_told_by_its_kind() -> None:
    with pytest.raises(codec.WireError, match=r"^set is not plain data$"):
        serialisation.outcomes_to_json({"t": {"a": failed("m", x={1})}})
