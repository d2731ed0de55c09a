"""Functions of arrays: right spellings pass, wrong values fail, examples cost their share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from grader.checks.functions import results
from grader.checks.functions.results import Example, FunctionResults, alike
from grader.core.model import Answer, AnswerStatus, Outcome, Status
from tests.checks.model_evaluation.evaluation_task import ask, case, namespace

REFERENCE = """
def assign(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
def pair(points, centres):
    return points.sum(axis=0), len(points)
"""
HANDOUT = "import numpy as np"
INPUTS: Any = {
    "sizes": {"n": [20, 30], "k": [2, 4]},
    "calls": 2,
    "argument": [{"draw": "normal", "shape": ["n", 2]}, {"draw": "normal", "shape": ["k", 2]}],
}
SINGLE = Example(
    arguments=([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0]]),
    why="there is one centre",
    share=Decimal("0.3"),
)
ASSIGN = FunctionResults(function="assign", inputs=INPUTS, example=(SINGLE,))


def mark(source: str, check: FunctionResults = ASSIGN, seed: int = 1) -> Outcome:
    asked = check.questions(np.random.default_rng(seed))
    right, own = namespace(REFERENCE, HANDOUT), namespace(source, HANDOUT)
    seen = case(check, asked, tuple(ask(question, own) for question in asked))
    return check.judge(replace(seen, expected=tuple(ask(q, right) for q in asked)))


@pytest.mark.parametrize(
    "source",
    [
        REFERENCE,
        "def assign(p, c):\n return [int(np.argmin([np.hypot(*(a - b)) for b in c])) for a in p]",
        "def Assign(p, c):\n return ((p[:, None] - c) ** 2).sum(2).argmin(1)[:, None] * 1.0",
    ],
)
def test_right_functions_pass(source: str) -> None:
    got = mark(source)
    assert (got.status, got.message) == (Status.PASSED, "Right on all inputs.")


def test_an_argument_that_is_written_into_does_not_reach_the_next_call() -> None:
    source = REFERENCE + "first = assign\ndef assign(p, c):\n r = first(p, c); p[:] = 0; return r"
    assert mark(source).status is Status.PASSED


@pytest.mark.parametrize(
    "body",
    [
        "((p[:, None] - c) ** 2).sum(2).argmax(1)",
        "((p[:, None] - c) ** 2).sum(2).argmin(0)",
        "((p[:, None] - c) ** 2).sum(2).argmin(1) + 1",
        "np.zeros(len(p))",
        "'labels'",
        "None",
        "[]",
    ],
)
def test_wrong_functions_fail(body: str) -> None:
    got = mark(f"def assign(p, c):\n return {body}")
    assert (got.status, got.share) == (Status.FAILED, Decimal(0))


def test_an_example_that_goes_wrong_costs_its_share_and_is_shown() -> None:
    source = (
        REFERENCE
        + """
first = assign
def assign(p, c):
    return first(p, c) if len(c) > 1 else np.ones(len(p))
"""
    )
    got = mark(source)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.7"))
    assert got.message == "Right on ordinary inputs, but not where there is one centre."
    assert got.details == {
        "expected": "assign([[1, 2], [3, 4]], [[0, 0]]) = [0, 0]",
        "given": "[1, 1]",
    }


def test_no_hidden_input_is_shown() -> None:
    check = FunctionResults(function="assign", inputs=INPUTS)
    got = mark("def assign(p, c):\n return p[:, 0]", check)
    assert got.status is Status.FAILED
    assert got.details == {}


def test_a_name_that_is_not_there_and_a_stub_fail_with_the_reason() -> None:
    assert "assign is not defined" in mark("x = 1").message
    assert "NameError" in mark("def assign(p, c):\n return result").message


def test_an_answer_that_was_lost_is_an_error() -> None:
    asked = ASSIGN.questions(np.random.default_rng(1))
    right = tuple(ask(q, namespace(REFERENCE, HANDOUT)) for q in asked)
    lost = (*right[:-1], Answer(status=AnswerStatus.LOST))
    assert ASSIGN.judge(replace(case(ASSIGN, asked, lost), expected=right)).status is Status.ERROR


def test_parts_of_a_tuple_are_compared_one_by_one() -> None:
    check = FunctionResults(function="pair", inputs=INPUTS)
    assert mark("def pair(p, c):\n return list(sum(p)), float(len(p))", check).share == 1
    assert mark("def pair(p, c):\n return len(p), sum(p)", check).share == 0
    assert mark("def pair(p, c):\n return sum(p)", check).share == 0


def test_tensors_are_given_where_they_are_asked_for() -> None:
    check = FunctionResults(function="assign", inputs=INPUTS, arrays="torch")
    asked = check.questions(np.random.default_rng(1))
    own = namespace("import torch\ndef assign(p, c):\n return torch.cdist(p, c).argmin(1)", HANDOUT)
    right = namespace(
        REFERENCE + "first = assign\ndef assign(p, c):\n return first(p.numpy(), c.numpy())",
        HANDOUT,
    )
    seen = case(check, asked, tuple(ask(q, own) for q in asked))
    assert check.judge(replace(seen, expected=tuple(ask(q, right) for q in asked))).share == 1


INFINITY = float("inf")
GROUPS = np.array([0, 0, 1, 2])
ROWS = np.array([[0.0, 1.0], [2.0, 3.0]])


@pytest.mark.parametrize(
    ("value", "wanted", "compare", "same"),
    [
        (np.array([2, 2, 0, 1]), GROUPS, "labels", True),
        (np.array([2, 2, 0, 1]), GROUPS, "values", False),
        (np.array([2, 2, 0, 0]), GROUPS, "labels", False),
        (np.array([0, 3, 1, 2]), GROUPS, "labels", False),
        ([2.0, 1.0, 2.0], [2.0, 2.0, 1.0], "any order", True),
        ([2.0, 1.0, 1.0], [2.0, 2.0, 1.0], "any order", False),
        ([2.0, 1.0], [2.0, 2.0, 1.0], "any order", False),
        (np.array([3, 1]), [1, 3], "any order", True),
        (["b", ["a"], "b"], ["b", "b", ["a"]], "any order", True),
        (["b", ["a"]], ["b", ["b"]], "any order", False),
        (["b", "a"], ["a", "b"], "values", False),
        ([[1.0, 2.0], [3.0]], [[3.0], [2.0, 1.0]], "any order", True),
        (ROWS[::-1], ROWS, "rows", True),
        (ROWS[::-1], ROWS, "values", False),
        (np.array([[0.0, 1.0], [0.0, 1.0]]), ROWS, "rows", False),
        (ROWS + 1e-9, ROWS, "values", True),
        (ROWS + 1e-3, ROWS, "values", False),
        (ROWS.T, ROWS, "values", False),
        (3, np.array([3.0]), "values", True),
        (np.array([[3.0]]), 3.0, "values", True),
        (float("nan"), float("nan"), "values", True),
        (10**400, 1.0, "values", False),
        (True, 1, "values", True),
        ([], ROWS, "values", False),
        ({"type": "object"}, ROWS, "values", False),
        (INFINITY, INFINITY, "values", True),
        (-INFINITY, INFINITY, "values", False),
        (1.0, INFINITY, "values", False),
        (INFINITY, 1.0, "values", False),
        (np.array([1.0, INFINITY]), np.array([1.0, INFINITY]), "values", True),
        (np.array([1.0, 2.0]), np.array([1.0, INFINITY]), "values", False),
        ([1.0, INFINITY], np.array([1.0, INFINITY]), "values", True),
        (1e301, 1e301, "values", True),
        (-1e308, 1e308, "values", False),
        (None, None, "values", True),
        (None, 0.0, "values", False),
        (0.0, None, "values", False),
        ("yes", "yes", "values", True),
        ("yes", "no", "values", False),
        ("1", 1, "values", False),
        ({"a": 1.0, "b": ROWS}, {"b": ROWS, "a": 1}, "values", True),
        ({"a": 1.0}, {"a": 1.0, "b": 2.0}, "values", False),
        ({"a": 1.0}, {"a": 2.0}, "values", False),
        (["a", [1.0, None]], ["a", [1, None]], "values", True),
        ([], [], "values", True),
    ],
)
def test_what_is_the_same(value: Any, wanted: Any, compare: str, same: bool) -> None:
    assert alike(value, wanted, 1e-6, compare) is same


@pytest.mark.parametrize(
    ("labels", "same"),
    [
        ([-1, 5, 5, 2], True),
        ([2, 5, 5, -1], False),
        ([3, 5, 5, 2], False),
        ([-1, -1, -1, 2], False),
    ],
)
def test_a_label_that_means_something_stays_as_it_is(labels: list[int], same: bool) -> None:
    """As -1 for noise does, which is no cluster."""
    wanted = np.array([-1, 0, 0, 1])
    assert alike(np.array(labels), wanted, 1e-6, "labels", (-1,)) is same


def test_fixed_labels_without_labels_are_refused() -> None:
    with pytest.raises(ValueError, match='fixed_labels do nothing without compare = "labels"'):
        FunctionResults(function="assign", inputs=INPUTS, fixed_labels=(-1,))


@pytest.mark.parametrize(
    ("body", "calls"),
    [("Assign(p, c).sum()", 3), ("0", 0), ("assign", 0), ("[Assign(p, c) for _ in p]", 60)],
)
def test_calls_of_another_function_are_counted_and_it_is_put_back(body: str, calls: int) -> None:
    check = FunctionResults(function="total", base="assign", inputs=INPUTS | {"calls": 3})
    names = namespace(f"def Assign(p, c):\n return p\ndef total(p, c):\n return {body}", HANDOUT)
    before, asked = names["Assign"], check.questions(np.random.default_rng(1))
    seen = case(check, asked, tuple(ask(question, names) for question in asked))
    assert (check.calls(seen) >= calls) if calls == 60 else (check.calls(seen) == calls)
    assert names["Assign"] is before


def test_a_base_that_is_not_there_is_called_by_nobody() -> None:
    check = FunctionResults(function="assign", base="nothing", inputs=INPUTS)
    asked = check.questions(np.random.default_rng(1))
    own = namespace(REFERENCE, HANDOUT)
    seen = case(check, asked, tuple(ask(question, own) for question in asked))
    assert check.calls(seen) == 0
    assert [answer.status for answer in seen.answers] == [AnswerStatus.OK] * 2


@pytest.mark.parametrize("returns", ["np.inf", "None", "'yes'", "{'a': p[0]}", "[None, 'b', 2]"])
def test_who_returns_what_the_reference_returns_passes(returns: str) -> None:
    source = f"def odd(p, c):\n    return {returns}"
    check = FunctionResults(function="odd", inputs=INPUTS)
    asked = check.questions(np.random.default_rng(1))
    right = tuple(ask(q, namespace(source, HANDOUT)) for q in asked)
    wrong = tuple(ask(q, namespace("def odd(p, c):\n    return 3", HANDOUT)) for q in asked)
    assert check.judge(replace(case(check, asked, right), expected=right)).share == 1
    assert check.judge(replace(case(check, asked, wrong), expected=right)).share == 0


class Counted(list[Any]):
    """A list that counts how many of its parts are looked at."""

    looked_at = 0

    def __iter__(self) -> Iterator[Any]:
        for part in super().__iter__():
            self.looked_at += 1
            yield part


def test_of_a_large_value_the_beginning_alone_is_put_into_words() -> None:
    told = results._text(np.zeros((100_000, 3, 100), np.uint8))
    assert told.startswith("[[[0, 0, 0, 0")
    assert len(told) == results.SHOWN
    many = Counted([1.5] * 100_000)
    assert results._text(many).startswith("[1.5, 1.5, ")
    assert many.looked_at < results.SHOWN
    assert results._text(np.float32(0.1)) == "0.1"
    assert results._text([(1, np.array([2.0, 3.25])), None, "x"]) == "[[1, [2, 3.25]], None, x]"
