"""People are found in texts in any order and spelling, and words of code are none of them."""

from __future__ import annotations

import pytest

from grader.intake import mentions


def without(text: str, *names: str, plain: bool = True) -> str:
    known = [one for name in names for one in mentions.of_name(name, "X")]
    return mentions.replaced(text, [one for one in known if one.is_plain or not plain])


@pytest.mark.parametrize(
    "text",
    [
        "Ada Strong",
        "STRONG, ADA",
        "strong_ada",
        "ada-strong",
        "adastrong",
        "AdaStrong",
    ],
)
def test_a_name_is_found_in_each_order_and_with_anything_between(text: str) -> None:
    assert without(f"by {text}!", "Ada Strong") == "by X!"


@pytest.mark.parametrize(
    "text", ["Jörg Mußter-Süßholz", "joerg_mussterSuessholz", "Jo\u0308rg Mußter Süßholz"]
)
def test_umlauts_are_found_in_each_spelling(text: str) -> None:
    assert without(text, "Jörg Mußter-Süßholz") == "X"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("小明 王", "我是王小明。"),
        ("Łukasz Żółtak", "ŁUKASZ ŻÓŁTAK"),
        ("Séamus O'Erfunden", "Séamus OErfunden"),
        ("Anna Lena von der Höhe", "von der Höhe, Anna Lena"),
        ("Anna Lena von der Höhe", "Anna Höhe"),
        ("Jörg Müller", r"J\u00f6rg M\u00fcller"),
    ],
)
def test_names_of_other_forms_are_found(name: str, text: str) -> None:
    assert "X" in without(text, name)
    assert without(text, name).strip("我是。") == "X"


@pytest.mark.parametrize("text", ["Canada strongly", "torch.optim.Adam", "ada + strong", "Strong"])
def test_what_is_no_name_stays(text: str) -> None:
    assert without(text.replace(" + ", " and then "), "Ada Strong", "Adam") == text.replace(
        " + ", " and then "
    )


def test_a_name_of_one_word_is_replaced_where_no_code_is() -> None:
    assert without("Adam.ipynb was taken", "Adam", plain=False) == "X.ipynb was taken"


def test_addresses_and_numbers_are_found_whole() -> None:
    known = [
        *mentions.of_address("ada.s@x.org", "X"),
        *mentions.of_address("max.a", "Y"),
        *mentions.of_number("2026001", "7"),
        *mentions.of_number("12", "Z"),
    ]
    text = "ADA.S@x.org ada.s@x.organic 2026001 92026001 12 max.a"
    plain = [one for one in known if one.is_plain]
    assert mentions.replaced(text, plain) == "X ada.s@x.organic 7 92026001 12 max.a"
    assert mentions.replaced("max.a", known) == "Y"


def test_only_what_may_be_in_the_texts_is_looked_for() -> None:
    known = [*mentions.of_name("Ada Strong", "X"), *mentions.of_name("Mei Lin", "Y")]
    assert {one.stands for one in mentions.among(["a", "by MEI LIN"], known)} == {"Y"}


def test_a_name_of_signs_alone_is_nobody() -> None:
    assert list(mentions.of_name("\u2026 _ -", "X")) == []
    assert list(mentions.of_address("  ", "X")) == []


@pytest.mark.parametrize("number", ["1234", "\u0661\u0662\u0663\u0664\u0665", "12a45", "-12345"])
def test_what_is_no_long_number_is_not_looked_for(number: str) -> None:
    assert list(mentions.of_number(number, "X")) == []


@pytest.mark.parametrize(
    ("address", "is_plain"),
    [("ada@x", True), ("ada.strong", True), ("adastrong", False), ("a.b", False), ("ab1234", True)],
)
def test_a_user_name_that_may_be_a_word_is_none_in_code(address: str, is_plain: bool) -> None:
    (mention,) = mentions.of_address(address, "X")
    assert mention.is_plain is is_plain


def test_signs_of_patterns_in_an_address_are_signs() -> None:
    (mention,) = mentions.of_address("a.d+a@x.org", "X")
    assert mention.replaced("a.d+a@x.org addda@x.org") == "X addda@x.org"


def test_of_a_very_long_name_the_first_words_are_looked_for() -> None:
    words = [f"w{chr(97 + n)}" for n in range(200)]
    found = list(mentions.of_name(" ".join(words[:20]), "X"))
    assert len(found) < 40
    assert mentions.replaced(" ".join(words[:6]), found) == "X"


def test_a_text_that_mentions_nobody_is_as_it_was_byte_for_byte() -> None:
    text = "Jo\u0308rg"
    assert mentions.replaced(text, mentions.of_name("Ada Strong", "X")) == text
