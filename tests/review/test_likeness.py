"""What is equal, what is near, and above all what is neither."""

from __future__ import annotations

import pytest

from grader.review.likeness import LONGEST, equal, neighbours, normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It saturates.", "it  saturates"),
        ("It **saturates** there", "It saturates there"),
        ("* It saturates\n* so what", "It saturates\nso what"),
        ("1) It saturates\n10. so what", "It saturates\nso what"),
        ("It __saturates__.", "it saturates"),
        ("# Answer\nIt does", "Answer It does"),
        ("u\u0308ber null", "\u00fcber null"),
    ],
)
def test_layout_makes_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x < 0", "x > 0"),
        ("-1", "1"),
        ("- 1", "1"),
        ("- sin(x)", "sin(x)"),
        ("+ tanh", "- tanh"),
        ("a.", "a.."),
        ("x\u00b2", "x2"),
        ("n!", "n"),
        ("W x", "w x"),
        ("a == b", "a != b"),
        ("2*3", "23"),
        ("2**3**4", "234"),
        ("0.5", "05"),
        ("f'(x)", "f(x)"),
        ("1. 5", "5"),
        ("it does not", "it does"),
    ],
)
def test_a_difference_that_counts_stays_one(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_equal_answers_are_one_group_and_empty_place_is_none() -> None:
    groups = equal({"a": "Yes.", "b": "no", "c": "yes"})
    assert groups == {"a": ("a", "c"), "c": ("a", "c"), "b": ("b",)}


def test_near_answers_are_neighbours_and_the_order_is_else_as_it_was() -> None:
    long = "the gradient vanishes because the sigmoid saturates for large inputs"
    texts = {"a": long, "b": "something else entirely", "c": f"{long} x", "d": "no", "e": long}
    assert neighbours(list("abcde"), texts) == list("aecbd")
    assert neighbours(list("bdeca"), texts) == list("bdeac")


def test_everybody_has_one_place_also_who_gave_no_answer() -> None:
    order = [str(n) for n in range(30)]
    texts = {str(n): "same" if n % 3 else f"other {n}" for n in range(25)}
    assert sorted(neighbours(order, texts)) == sorted(order)


def test_answers_of_nothing_but_spaces_are_equal_to_none() -> None:
    assert equal({"a": " \n\t", "b": "", "c": "-"}) == {
        "a": ("a", "b"),
        "b": ("a", "b"),
        "c": ("c",),
    }


def test_an_answer_within_another_is_no_neighbour() -> None:
    short = "the sigmoid saturates"
    texts = {"a": short, "b": "no", "c": f"{short}, but that is not why the gradient vanishes here"}
    assert neighbours(list("abc"), texts) == list("abc")


def test_only_the_beginning_of_a_long_answer_is_compared() -> None:
    begin = "word " * (LONGEST // 5)
    texts = {"a": begin + "x " * 500, "b": "no", "c": begin + "y " * 500}
    assert neighbours(list("abc"), texts) == list("acb")


def test_beginnings_of_emphasis_without_an_end_are_text() -> None:
    """Each was searched to the end of its line: minutes, for one answer."""
    flood = "**a " * 250_000
    assert normalised(flood) == flood.rstrip()
