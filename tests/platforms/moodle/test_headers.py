"""Headers of Moodle's tables, in the form in which all are compared."""

from __future__ import annotations

import pytest

from grader.platforms.moodle import headers


@pytest.mark.parametrize(
    ("shown", "squeezed"),
    [
        ("Last downloaded from this course", "lastdownloadedfromthiscourse"),
        ("E-Mail-Adresse", "e-mail-adresse"),
        ("Response 1.", "response1"),
        ("Grade/10.00", "grade/10.00"),  # a point that counts
        ("Bewertung/10,00", "bewertung/10,00"),
        ("Größe  X", "grössex"),
        ("", ""),
    ],
)
def test_a_header_is_squeezed_as_json_has_it(shown: str, squeezed: str) -> None:
    assert headers.squeezed(shown) == squeezed


def test_a_column_is_the_first_of_its_names() -> None:
    header = ["nachname", "e-mail", "email"]
    assert headers.column(header, headers.PEOPLE["email"]) == 1
    assert headers.column(header, headers.PEOPLE["number"]) is None
