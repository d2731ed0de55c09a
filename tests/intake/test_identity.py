"""An id follows from the person alone, tells the name in every script, and is nobody else's."""

from __future__ import annotations

import pytest

from grader.intake.identity import by_key, by_name, cleaned


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("小明 王", "xiaoming-wang-22"),
        ("Łukasz Żółtak", "lukasz-zoltak-22"),
        ("Séamus O'Erfunden", "seamus-oerfunden-22"),
        ("Jörg Mußter-Süßholz", "joerg-musster-suessholz-22"),
        ("Thị Minh Châu Nguyễn", "thi-minh-chau-nguyen-22"),
        ("Мария", "mariya-22"),
        ("Participant 22", "participant-22"),
        ("…", "student-22"),
    ],
)
def test_an_id_tells_the_name_and_the_number(name: str, student: str) -> None:
    found = by_key("moodle", "22", name)
    assert (found.student, found.name, found.decides) == (student, name, "moodle 22")


def test_namesakes_have_two_ids_whoever_comes_first() -> None:
    assert {by_key("moodle", n, "Anna Schmidt").student for n in ("111", "222")} == {
        "anna-schmidt-111",
        "anna-schmidt-222",
    }


@pytest.mark.parametrize(
    "name", ["Ada Lovelace", "ada lovelace", "Änne Öztürk von der Höh", "Tomás Novak"]
)
def test_a_plain_name_is_its_own_id(name: str) -> None:
    assert by_name(name).student == cleaned(name).translate(
        {ord(" "): "-", ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("á"): "a"}
    )


def test_names_that_a_slug_does_not_tell_apart_have_different_ids() -> None:
    names = ["ADA", "ada", "李娜", "里纳", "Ada (2)", "Ada #2", "Łada", "Lada"]
    assert len({by_name(name).student for name in names}) == len(names)


def test_a_key_that_is_no_number_is_not_shown() -> None:
    assert "@" not in by_key("roster", "ada@x.org", "Ada").student


def test_names_are_compared_as_moodle_writes_them_into_file_names() -> None:
    assert cleaned("Séamus O'Erfunden") == cleaned("Séamus OErfunden")
    assert cleaned("Zoë Unter_Strich") == cleaned("Zoe\u0308 Unter Strich")
    assert cleaned("Team B/2") == cleaned("Team B2")


def test_an_id_is_short_and_plain_whatever_the_name() -> None:
    found = by_key("moodle", "22", "x" * 500)
    assert found.student == "x" * 60 + "-22"
    for name in ("../../etc/passwd", "a\0b", "CON", " . ", "\u202eadA"):
        assert set(by_name(name).student) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_name_that_ends_in_the_number_has_it_once() -> None:
    assert by_key("moodle", "22", "Participant 22").student == "participant-22"
    assert by_key("moodle", "22", "22").student == "22"
    assert by_key("moodle", "22", "Ada 122").student == "ada-122-22"


def test_the_same_key_of_two_platforms_decides_two_things() -> None:
    one, other = (by_key(platform, "AB1", "Ada") for platform in ("moodle", "canvas"))
    assert (one.student, other.student) == ("ada-ab1", "ada-ab1")
    assert (one.decides, other.decides) == ("moodle AB1", "canvas AB1")
