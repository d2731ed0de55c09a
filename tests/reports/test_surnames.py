"""The order of names, as a reader looks for them."""

from __future__ import annotations

import random

import pytest

from grader.reports import surnames


@pytest.mark.parametrize(
    "names",
    [
        ["Zoë Adler", "Bo Olsen", "Ada Öztürk", "Al Zorn"],
        ["Ada Mueller", "Jörg Müller", "Bea Mund"],
        ["Ann Straße", "Bob Strasse", "Cy Strauß"],
        ["Ann Luka", "Jan Łukasz", "Mia Lund", "Bo Øst", "Ada Otter"],
        ["Ada Lovelace", "Bob Lovelace"],
        ["Lovelace, Ada", "Bob Lovelace", "Lovelace, Cy"],
        ["Group 2", "Group 9", "Group 10"],
        ["", "Ada", "Ada Lovelace", "李梅"],
    ],
)
def test_names_are_sorted_by_surname_and_letters_by_their_place(names: list[str]) -> None:
    mixed = random.Random(1).sample(names, len(names))
    assert sorted(mixed, key=surnames.key) == names


def test_names_that_read_the_same_have_one_order() -> None:
    assert surnames.key("Ada Muller") != surnames.key("Ada Müller")
