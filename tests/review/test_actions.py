"""Marking through the pages: saved before it is answered, nothing lost, nothing doubled."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from grader.review.queues import Queue
from grader.store.decisions import Appeal
from tests.review import evening
from tests.review.conftest import JO, WHY, Room, fields, mark
from tests.review.test_appeals import NOW

RELU = "activation/relu"
NUMBER = "activation/number"


def at(room: Room, student: str, item: str = WHY, more: str = "") -> str:
    return f"/item/{item}?at={room.code(student)}{more}"


def steps(room: Room, *names: str) -> list[int]:
    known = {step.name: step.id for step in room.store.decisions.steps(WHY)}
    return [known[name] for name in names]


def test_a_mark_of_steps_is_their_sum_and_their_words(room: Room) -> None:
    chosen = steps(room, "chain", "half", "wrong")
    answer = mark(room.browser(), at(room, "s0000"), step=chosen, comment="See page 3.")
    assert answer.status_code == 303
    (given,) = room.store.hand_marks.all("s0000", WHY)
    assert (f"{given.points:.2f}", given.by, given.comment) == ("0.75", "Jo", "See page 3.")
    assert given.reason.split("\n") == [
        "Names the chain rule (+1)",
        "Half right (+0.25)",
        "Confuses vanishing and exploding (−0.5)",
        "See page 3.",
    ]
    assert room.points("s0000", WHY) == "0.75"


@pytest.mark.parametrize(
    ("chosen", "typed", "points"),
    [
        (("wrong",), "", "0.00"),
        (("chain", "small", "full"), "", "2.00"),
        (("chain",), "1,5", "1.50"),
        ((), "0", "0.00"),
    ],
)
def test_points_stay_within_what_the_item_is_worth(
    room: Room, chosen: tuple[str, ...], typed: str, points: str
) -> None:
    mark(room.browser(), at(room, "s0000"), step=steps(room, *chosen), points=typed)
    assert room.points("s0000", WHY) == points


@pytest.mark.parametrize(
    ("chosen", "typed", "sentence"),
    [
        ((), "", "choose a step, or type points"),
        (
            ("full", "half"),
            "",
            "“Right conclusion” and “Half right” exclude each other; choose one",
        ),
        ((), "2.5", "2.5 points for activation/why are out of range; it is worth 0 to 2"),
        ((), "two", "points are &#39;two&#39;; expected a number such as 1,5"),
    ],
)
def test_what_can_not_be_a_mark_is_told_beside_what_was_typed(
    room: Room, chosen: tuple[str, ...], typed: str, sentence: str
) -> None:
    words = "a long comment <b>"
    answer = mark(
        room.browser(), at(room, "s0000"), step=steps(room, *chosen), points=typed, comment=words
    )
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "a long comment &lt;b&gt;</textarea>" in answer.text
    assert room.points("s0000", WHY) == "open"


def test_after_a_mark_the_next_that_waits_opens_and_in_the_end_nothing_does(room: Room) -> None:
    browser, address = room.browser(), f"/item/{RELU}"
    for student in range(1):
        answer = mark(browser, address, points="1", all="1", equal=_equals(browser, address))
        assert answer.status_code == 303, student
        address = answer.headers["location"]
    assert "nothing waits for you here" in browser.get(address).text
    assert [room.points(f"s000{n}", RELU) for n in range(5)] == ["1.00"] * 5


def _equals(browser: object, address: str) -> list[str]:
    page = browser.get(address).text  # type: ignore[attr-defined]
    return re.findall(r'name="equal" value="([^"]*)"', page)


def test_equal_answers_are_one_card_and_one_undo(room: Room) -> None:
    browser = room.browser()
    page = browser.get(at(room, "s0000"))
    assert "2 equal ones" in page.text  # but for capitals and a full stop
    other = room.code("s0001")
    sent = fields(page) | {"points": "1", "all": "1", "equal": other}
    browser.post("/mark", data=sent)
    assert [room.points(s, WHY) for s in ("s0000", "s0001", "s0002")] == ["1.00", "1.00", "open"]
    browser.post("/undo", data={"csrf": sent["csrf"]})
    assert [room.points(s, WHY) for s in ("s0000", "s0001")] == ["open", "open"]
    assert len(room.store.hand_marks.all("s0001")) == 1  # nothing is removed


def test_an_answer_that_is_not_equal_can_not_be_marked_along(room: Room) -> None:
    browser = room.browser()
    sent = fields(browser.get(at(room, "s0000")))
    browser.post("/mark", data=sent | {"points": "1", "all": "1", "equal": room.code("s0002")})
    assert room.points("s0002", WHY) == "open"


def said(answer: httpx.Response) -> str:
    """What the next page tells of what was done."""
    return parse_qs(urlsplit(answer.headers["location"]).query)["said"][0]


def test_what_was_done_is_told_in_words(room: Room) -> None:
    browser, first = room.browser(), room.code("s0000")
    sent = fields(browser.get(at(room, "s0000")))
    csrf = {"csrf": sent["csrf"]}

    def told(where: str, **more: str) -> str:
        return said(browser.post(where, data=csrf | more, follow_redirects=False))

    both = sent | {"points": "1", "all": "1", "equal": room.code("s0001")}
    assert told("/mark", **both) == f"Saved: {first}, and 1 equal, 1 of 2"
    assert told("/undo") == f"Taken back: {first}, and 1 equal"
    here = {"item": WHY, "at": first}
    assert told("/skip", **here) == f"Skipped: {first}; it comes back last"
    assert told("/hand", **here, note="odd") == f"Handed to the lead: {first}"
    assert told("/reports") == "The reports are written"


def test_of_all_answers_the_following_one_opens_and_the_last_one_stays(room: Room) -> None:
    browser, order = room.browser(), Queue(room.desk, WHY, JO, every=True).all()
    for here, following in zip(order, [*order[1:], order[-1]], strict=True):
        answer = mark(browser, at(room, here, more="&show=all"), points="1")
        assert f"at={room.code(following)}&show=all" in answer.headers["location"]


def test_who_came_from_elsewhere_goes_back_there(room: Room) -> None:
    browser, code = room.browser(), room.code("s0000")
    page = browser.get(at(room, "s0000", NUMBER, "&show=all")).text
    assert "Save and go back" in page
    answer = mark(browser, at(room, "s0000", NUMBER, "&show=all"), points="1", comment="why")
    assert answer.headers["location"].startswith(f"/student/{code}?task=activation&item=number&")
    appeal = Appeal(student="s0000", item=NUMBER, text="look", source="mail", at=NOW)
    room.store.decisions.add_appeal(appeal)
    answer = mark(browser, at(room, "s0000", NUMBER), points="2", comment="right")
    assert answer.headers["location"].startswith("/requests?")
    sent = {
        "csrf": fields(browser.get(at(room, "s0000")))["csrf"],
        "at": code,
        "task": "activation",
    }
    answer = browser.post("/reveal", data=sent | {"note": "why"}, follow_redirects=False)
    assert answer.headers["location"] == f"/student/{code}?task=activation"


def test_a_history_tells_what_counts_and_no_change_by_a_mark_that_does_not(
    make: Callable[..., Room],
) -> None:
    room = make(second=Decimal(1))
    mark(room.browser(), at(room, "s0000"), points="0.5")
    mark(room.browser("Max"), at(room, "s0000", more="&round=2"), points="1.5")
    page = room.browser().get(f"/history?at={room.code('s0000')}&item={WHY}").text
    words = " ".join(re.sub(r"<[^>]+>", "", page).split())
    assert "✎ marked: 0.5 of 2 points." in words
    assert "→" not in words


def test_the_item_one_came_from_is_at_hand_on_the_submission(room: Room) -> None:
    page = room.browser().get(at(room, "s0000", RELU)).text
    address = unescape(page.split('id="submission" href="', 1)[1].split('"', 1)[0])
    page = room.browser().get(address.partition("#")[0]).text
    here = page.split('id="item-relu" aria-current="true"', 1)[1].split('id="item-', 1)[0]
    assert page.count('aria-keyshortcuts="o"') == here.count('aria-keyshortcuts="o"') == 1


def test_undo_brings_back_what_counted_before(room: Room) -> None:
    browser = room.browser()
    mark(browser, at(room, "s0000"), points="1")
    mark(browser, at(room, "s0000", more="&show=all"), points="2")
    csrf = fields(browser.get(at(room, "s0000")))["csrf"]
    for expected in ("1.00", "open"):
        browser.post("/undo", data={"csrf": csrf})
        assert room.points("s0000", WHY) == expected
    answer = browser.post("/undo", data={"csrf": csrf})
    assert "there is no mark of yours to take back" in answer.text


def test_an_automatic_mark_is_overridden_with_a_reason_only(room: Room) -> None:
    browser, address = room.browser(), at(room, "s0000", NUMBER, "&show=all")
    refused = mark(browser, address, points="1")
    assert (refused.status_code, "is changed with a reason" in refused.text) == (400, True)
    assert mark(browser, address, points="1", comment="copied").status_code == 303
    assert room.points("s0000", NUMBER) == "1.00"
    (given,) = room.store.hand_marks.all("s0000", NUMBER)
    assert (f"{given.before:.2f}", given.reason) == ("2.00", "copied")


# --- several at once --------------------------------------------------------------------------


def test_the_second_of_two_pages_is_kept_shown_and_settled(room: Room) -> None:
    jo, other = room.browser(), room.browser("Max")
    first, second = (fields(b.get(at(room, "s0000"))) for b in (jo, other))
    jo.post("/mark", data=first | {"points": "1", "comment": "mine"})
    answer = other.post("/mark", data=second | {"points": "2", "comment": "theirs"})
    assert answer.status_code == 409
    assert "Somebody else marked this answer while your page was open." in answer.text
    assert room.points("s0000", WHY) == "1.00"
    kept = room.store.hand_marks.all("s0000", WHY)
    assert [(m.by, m.comment, m.counts) for m in kept] == [
        ("Jo", "mine", True),
        ("Max", "theirs", False),
    ]
    sent = {"csrf": second["csrf"], "item": WHY, "at": room.code("s0000")}
    other.post("/settle", data=sent | {"mark": str(kept[1].id), "seen": str(kept[1].id)})
    assert room.points("s0000", WHY) == "2.00"
    assert len(room.store.hand_marks.all("s0000", WHY)) == 3


def test_of_three_pages_the_first_counts_and_all_are_kept(room: Room) -> None:
    browsers = [room.browser(), room.browser("Max"), room.browser()]
    pages = [fields(b.get(at(room, "s0000"))) for b in browsers]
    codes = [
        b.post("/mark", data=page | {"points": str(n)}).status_code
        for n, (b, page) in enumerate(zip(browsers, pages, strict=True))
    ]
    assert codes == [200, 409, 409]
    assert room.points("s0000", WHY) == "0.00"
    assert len(room.store.hand_marks.all("s0000", WHY)) == 3


def test_a_request_that_is_sent_twice_is_one_mark(room: Room) -> None:
    browser = room.browser()
    sent = fields(browser.get(at(room, "s0000"))) | {"points": "1"}
    codes = [browser.post("/mark", data=sent).status_code for _ in range(3)]
    assert codes == [200, 200, 200]
    assert len(room.store.hand_marks.all("s0000")) == 1


def test_looking_writes_nothing_and_does_not_say_who_marked(room: Room) -> None:
    mark(room.browser(), at(room, "s0000"), points="1")
    before = list(room.store._db.iterdump())
    other, code = room.browser("Max"), room.code("s0000")
    for page in ("/", at(room, "s0000"), f"/student/{code}", f"/steps/{WHY}", "/requests"):
        other.get(page)
    assert list(room.store._db.iterdump()) == before


def test_what_somebody_has_open_is_shown_skipped_and_can_be_taken(room: Room) -> None:
    jo, other = room.browser(), room.browser("Max")
    jo.get(at(room, "s0002"))
    page = other.get(at(room, "s0002"))
    assert "Jo has this answer open." in page.text
    csrf = fields(page)["csrf"]
    sent = {"csrf": csrf, "item": WHY, "at": room.code("s0002")}
    other.post("/take", data=sent)
    assert room.desk.claims.holder(WHY, "s0002") == "Max"
    other.post("/release", data={"csrf": csrf})
    assert room.desk.claims.holder(WHY, "s0002") == ""


def test_a_server_that_dies_after_a_mark_has_it_once(make: Callable[..., Room]) -> None:
    room = make()
    browser = room.browser()
    sent = fields(browser.get(at(room, "s0000"))) | {"points": "1"}
    browser.post("/mark", data=sent)
    again = make()  # a new process: other tokens, the same folder
    other = again.browser()
    page = fields(other.get(at(again, "s0000")))
    assert other.post("/mark", data=sent | {"csrf": page["csrf"]}).status_code == 200
    assert len(again.store.hand_marks.all("s0000")) == 1
    assert again.points("s0000", WHY) == "1.00"


def test_two_hundred_saves_from_four_threads_are_two_hundred_rows(
    make: Callable[..., Room],
) -> None:
    room = make(works=[evening.Work(why=f"Answer {n * n}.") for n in range(50)])
    wrong: list[int] = []

    def evening_of(name: str, item: str) -> None:
        browser = room.browser(name)
        for number in range(50):
            answer = mark(
                browser, at(room, f"s{number:04}", item, "&show=all"), points="1", comment="x"
            )
            wrong.extend([answer.status_code] if answer.status_code != 303 else [])

    items = (WHY, RELU, NUMBER, "activation/curve")
    threads = [
        threading.Thread(target=evening_of, args=("Jo" if n % 2 else "Max", item))
        for n, item in enumerate(items)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    marks = [m for n in range(50) for m in room.store.hand_marks.all(f"s{n:04}")]
    assert sorted(m.id for m in marks) == list(range(1, 201))
    assert all(m.counts for m in marks)


def test_a_mark_for_an_answer_that_has_changed_waits_with_the_old_one_beside_it(
    make: Callable[..., Room],
) -> None:
    room = make()
    mark(room.browser(), at(room, "s0002"), points="1.5", comment="first")
    works = evening.works(5)
    works[2] = evening.Work(why="Because of the learning rate.")
    evening.fill(room.folder, works)
    again = make()
    assert again.points("s0002", WHY) == "open"
    assert "1 changed since marked" in again.browser().get("/").text
    page = again.browser().get(at(again, "s0002")).text
    assert "Jo gave 1.5 points for an answer that has changed since" in page
    assert "<b>1.5</b> of 2 by Jo" in page
    assert "Because of the learning rate." in page
    mark(again.browser("Max"), at(again, "s0002"), points="0")
    assert again.points("s0002", WHY) == "0.00"


# --- hand on, skip, names, apart --------------------------------------------------------------


def test_what_is_handed_on_waits_for_the_lead_with_the_note(room: Room) -> None:
    other = room.browser("Max")
    page = fields(other.get(at(room, "s0002")))
    sent = {"csrf": page["csrf"], "item": WHY, "at": room.code("s0002")}
    assert "write a word to the lead" in other.post("/hand", data=sent).text
    other.post("/hand", data=sent | {"note": "odd"})
    assert "Handed to the lead. Max: odd" in room.browser().get(at(room, "s0002")).text
    assert "1 for the lead" in room.browser().get("/").text
    seen = {other.get(f"/item/{WHY}").text.split("<h1", 1)[1].split("</h1>")[0] for _ in range(2)}
    assert not any(room.code("s0002") in heading for heading in seen)


def test_what_is_skipped_comes_back_last(room: Room) -> None:
    from grader.review.queues import Queue

    browser = room.browser()
    first = Queue(room.desk, WHY, JO).all()
    page = fields(browser.get(at(room, first[0])))
    browser.post("/skip", data={"csrf": page["csrf"], "item": WHY, "at": room.code(first[0])})
    assert Queue(room.desk, WHY, JO).all() == [*first[1:], first[0]]


def test_a_name_is_shown_for_a_reason_that_is_kept(room: Room) -> None:
    browser, code = room.browser(), room.code("s0000")
    csrf = fields(browser.get(at(room, "s0000")))["csrf"]
    assert "It holds the student’s name" in browser.get(f"/student/{code}/preview").text
    browser.post("/reveal", data={"csrf": csrf, "at": code, "note": "asked in the exercise"})
    page = browser.get(f"/student/{code}/preview")
    assert "Ada Lovelace 0" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    (told,) = room.store.decisions.all("reveal")
    assert (told.by, told.student, told.body["note"]) == ("Jo", "s0000", "asked in the exercise")
    assert "Ada" not in room.browser("Max").get(f"/student/{code}").text


def test_who_must_not_mark_whom_can_not(make: Callable[..., Room]) -> None:
    room = make(conflicts=[("Max", "s0002")])
    answer = mark(room.browser("Max"), at(room, "s0002"), points="1")
    assert (answer.status_code, "kept apart" in answer.text) == (400, True)
    assert room.points("s0002", WHY) == "open"
    assert mark(room.browser("Jo"), at(room, "s0002"), points="1").status_code == 303


def test_from_an_answer_one_comes_to_its_cell_in_the_notebook(room: Room) -> None:
    browser = room.browser()
    (link,) = re.findall(r'id="submission" href="([^"]*)"', browser.get(at(room, "s0000")).text)
    path, _, anchor = unescape(link).partition("#")
    page = browser.get(path).text
    assert f'<span id="{anchor}">' in page.split('id="cell-3"', 1)[1].split("</div>", 1)[0]


def test_reports_are_written_when_asked_for(room: Room) -> None:
    browser = room.browser()
    csrf = fields(browser.get(at(room, "s0000")))["csrf"]
    assert "The reports are written." in browser.post("/reports", data={"csrf": csrf}).text
    assert room.written == [1]


def test_where_to_look_for_what_is_no_notebook_is_told(room: Room) -> None:
    found = room.store.submission("s0000")
    room.store.put_submissions([replace(found, notebooks={})])
    page = room.browser().get(f"/student/{room.code('s0000')}").text
    assert "<code>grader grade</code> read it: <code>work</code>." in page
