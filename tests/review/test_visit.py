"""One request as pages see it: what was sent, whose it is, and what refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from grader.review import visit
from grader.review.sessions import Session
from grader.review.visit import NotHere, Visit
from grader.store.decisions import Decision
from tests.review.conftest import JO, WHY, Room

AT = datetime(2021, 6, 1, tzinfo=UTC)


def visiting(
    room: Room,
    *,
    form: Mapping[str, tuple[str, ...]] | None = None,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Visit:
    """A request of Jo's."""
    return Visit(
        web=room.web,
        session=Session(marker=JO),
        path=path or {},
        query=query or {},
        form=form or {},
    )


# --- what was sent ----------------------------------------------------------------------------


def test_of_a_field_that_was_sent_twice_the_first_counts(room: Room) -> None:
    asked = visiting(room, form={"points": ("1", "2")})
    assert (asked.sent("points"), asked.sent("comment")) == ("1", "")


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("17", 17),
        ("", 0),
        ("-1", 0),
        ("1.5", 0),
        ("x", 0),
        ("٣", 0),
        ("9" * 15, 0),
        ("9" * 5000, 0),
    ],
)
def test_a_number_is_one_of_ordinary_size_or_none(room: Room, sent: str, number: int) -> None:
    assert visiting(room, form={"appeal": (sent,)}).number("appeal") == number


# --- whose it is ------------------------------------------------------------------------------


def test_the_form_names_the_item_before_the_path_and_that_before_the_query(room: Room) -> None:
    task, name = WHY.split("/")
    other = next(item for item in room.desk.items if item != WHY)
    path = {"task": task, "item": name}
    assert visiting(room, form={"item": (other,)}, path=path).item() == other
    assert visiting(room, path=path, query={"item": other}).item() == WHY
    assert visiting(room, query={"item": WHY}).item() == WHY


@pytest.mark.parametrize("name", ["", "activation", "activation/none", "../etc"])
def test_an_item_that_is_none_is_not_here(room: Room, name: str) -> None:
    with pytest.raises(NotHere):
        visiting(room, query={"item": name}).item()


def test_a_student_is_named_by_code_and_never_by_id(room: Room) -> None:
    code = room.code("s0001")
    assert visiting(room, form={"at": (code,)}).student() == "s0001"
    assert visiting(room, path={"code": code}).student() == "s0001"
    assert visiting(room, query={"at": code}).student() == "s0001"
    for other in ("s0001", "", code.lower() + "x"):
        with pytest.raises(NotHere):
            visiting(room, query={"at": other}).student()


# --- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "query"),
    [
        ({}, ""),
        ({"a": "", "b": None, "c": False}, ""),
        ({"a": "x&y=z", "b": 7, "c": True}, "?a=x%26y%3Dz&b=7&c=True"),
        ({"a": "ü"}, "?a=%C3%BC"),
    ],
)
def test_an_address_holds_what_is_not_empty(values: dict[str, object], query: str) -> None:
    assert visit.query(**values) == query


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("undo", {}, "took a mark back"),
        ("hand", {"note": "unsure"}, "handed this to the lead: unsure"),
        ("appeal", {}, "answered the student's request"),
        ("other", {"note": "n"}, "other n"),
    ],
)
def test_a_decision_is_told_in_words(kind: str, body: dict[str, str], told: str) -> None:
    assert visit.told(Decision(kind=kind, by="Jo", at=AT, body=body)) == told


# --- what is answered -------------------------------------------------------------------------


def test_who_has_not_entered_is_told_so(room: Room) -> None:
    closed = room.client().get("/")
    assert closed.status_code == 403
    assert "csrf" not in closed.text


def test_an_address_of_nothing_is_a_page_that_says_so(room: Room) -> None:
    found = room.browser().get("/item/activation/none")
    assert found.status_code == 404
    assert "There is nothing at this address." in found.text


@pytest.mark.parametrize("name", ["none.css", "review.css.map", "%2e%2e/app.py"])
def test_no_file_but_our_own_style_and_script_is_served(room: Room, name: str) -> None:
    assert room.browser().get(f"/static/{name}").status_code == 404


def test_our_style_and_script_are_served_with_their_kinds(room: Room) -> None:
    for name, kind in visit.FILES.items():
        found = room.browser().get(f"/static/{name}")
        assert found.status_code == 200
        assert found.headers["content-type"].startswith(kind)
