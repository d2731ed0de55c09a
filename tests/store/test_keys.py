"""What is in a key of evidence, and what is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from grader.core import codec
from grader.core.model import Limits, Question, Task
from grader.store.keys import evidence_key, run_key

TASK = Task(id="t", title="T", points=Decimal(1), notebook="T.ipynb", items=(), limits=Limits())
ASKED = {"i": (Question(probe="call", params={"x": 1}),)}


def test_equal_runs_have_one_key() -> None:
    again = {"i": (Question(probe="call", params={"x": 1}),)}
    assert evidence_key("d", TASK, ASKED, 5) == evidence_key("d", replace(TASK), again, 5)


def test_an_items_points_and_title_are_not_in_the_key() -> None:
    dearer = replace(TASK, title="Another", points=Decimal(9))
    assert evidence_key("d", TASK, ASKED, 5) == evidence_key("d", dearer, ASKED, 5)


def test_the_key_changes_with_each_of_its_parts() -> None:
    other_input = {"i": (Question(probe="call", params={"x": 2}),)}
    slower = {"i": (replace(ASKED["i"][0], seconds=60),)}
    other_probe = {"i": (Question(probe="plot", params={"x": 1}),)}
    array = {"i": (Question(probe="call", params={"x": np.array([1])}),)}
    keys = {
        "same": evidence_key("d", TASK, ASKED, 5),
        "submission": evidence_key("e", TASK, ASKED, 5),
        "task": evidence_key("d", replace(TASK, id="u"), ASKED, 5),
        "prepare": evidence_key("d", replace(TASK, prepare=("fashion_mnist",)), ASKED, 5),
        "limits": evidence_key("d", replace(TASK, limits=Limits(cell_seconds=61)), ASKED, 5),
        "input": evidence_key("d", TASK, other_input, 5),
        "probe": evidence_key("d", TASK, other_probe, 5),
        "array": evidence_key("d", TASK, array, 5),
        "more": evidence_key("d", TASK, ASKED | {"j": other_input["i"]}, 5),
        "none": evidence_key("d", TASK, {}, 5),
        "seconds": evidence_key("d", TASK, slower, 5),
        "surroundings": evidence_key("d", TASK, ASKED, 5, "other code and libraries"),
        "seed": evidence_key("d", TASK, ASKED, 6),
    }
    assert len(set(keys.values())) == len(keys)


def test_who_asks_does_not_change_the_key_but_what_is_asked_does() -> None:
    moved = {"another": ASKED["i"], "second": ASKED["i"]}
    assert evidence_key("d", TASK, ASKED, 5) == evidence_key("d", TASK, moved, 5)
    assert codec.digest(ASKED["i"][0]) not in evidence_key("d", TASK, ASKED, 5)


def test_whether_more_runs_are_made_changes_no_run() -> None:
    patient = replace(TASK, limits=Limits(submission_seconds=7000))
    assert evidence_key("d", TASK, ASKED, 5) == evidence_key("d", patient, ASKED, 5)


def test_further_runs_have_keys_below_the_jobs_own() -> None:
    assert [run_key("k", number) for number in (0, 1, 1000)] == ["k", "k/1", "k/1000"]
