"""The wall before the pages: line by line what a request must be to come in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.types import Message

from grader.review.guard import HEADERS, MAX_BODY
from tests.review.conftest import HOST, WHY, Room, fields

STRANGE = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost:9999",
    "127.0.0.1",
    "127.0.0.1:87650",
    "0.0.0.0:8765",
    "",
    f"{HOST}, evil.example",
    f"evil@{HOST}",
)


@pytest.mark.parametrize("host", STRANGE)
def test_only_our_own_host_and_port_are_answered(room: Room, host: str) -> None:
    browser = room.browser()
    answer = browser.get("/", headers={"host": host})
    assert (answer.status_code, "Assignment" in answer.text) == (421, False)


def test_two_host_lines_are_refused(room: Room) -> None:
    answer = room.client().get("/", headers=[("host", HOST), ("host", HOST)])
    assert answer.status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
@pytest.mark.parametrize("path", ["/", "/item/activation/why", "/events", "/static/review.js"])
def test_what_another_page_asks_for_is_refused(room: Room, site: str, path: str) -> None:
    answer = room.browser().get(path, headers={"sec-fetch-site": site})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": f"https://{HOST}"},
    ],
)
def test_another_page_can_not_send_a_form_even_with_the_key(
    room: Room, headers: dict[str, str]
) -> None:
    browser = room.browser()
    sent = fields(browser.get(f"/item/{WHY}"))
    answer = browser.post("/mark", data=sent | {"points": "2"}, headers=headers)
    assert answer.status_code == 403
    assert room.store.hand_marks.owners() == []


def test_our_own_pages_can(room: Room) -> None:
    browser = room.browser()
    sent = fields(browser.get(f"/item/{WHY}", headers={"sec-fetch-site": "none"}))
    own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    answer = browser.post("/mark", data=sent | {"points": "2"}, headers=own)
    assert answer.status_code == 200
    assert len(room.store.hand_marks.owners()) == 1


def test_a_form_without_the_sessions_own_key_is_refused(room: Room) -> None:
    jo, other = room.browser(), room.browser("Max")
    sent = fields(jo.get(f"/item/{WHY}")) | {"points": "2"}
    theirs = fields(other.get(f"/item/{WHY}"))["csrf"]
    for key in ("", "x", theirs):
        assert jo.post("/mark", data=sent | {"csrf": key}).status_code == 403
    assert room.store.hand_marks.owners() == []


@pytest.mark.parametrize("path", ["/mark", "/undo", "/steps", "/reveal", "/hand", "/reports"])
def test_nothing_is_changed_by_get(room: Room, path: str) -> None:
    assert room.browser().get(path).status_code in (404, 405)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_not_known(room: Room, method: str) -> None:
    answer = room.browser().request(method, "/")
    assert answer.status_code == 405
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_every_answer_carries_the_headers(room: Room) -> None:
    browser = room.browser()
    code = room.code("s0000")
    pages = ["/", f"/item/{WHY}", f"/student/{code}", "/nothing", "/static/review.css"]
    answers = [*(browser.get(page) for page in pages), room.client().get("/")]
    answers.append(browser.get("/", headers={"host": "evil.example"}))
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name.decode()] == value.decode(), answer.url
    assert "unsafe" not in HEADERS[b"content-security-policy"].decode()


def test_no_page_holds_a_style_or_script_of_its_own(room: Room) -> None:
    browser, code = room.browser(), room.code("s0000")
    at = f"?at={code}&item={WHY}"
    for page in [
        "/",
        f"/item/{WHY}",
        f"/student/{code}",
        f"/history{at}",
        f"/steps/{WHY}",
        "/keys",
    ]:
        text = browser.get(page).text
        assert " style=" not in text
        assert "<style" not in text
        assert text.count("<script") == 1
        assert not [word for word in text.split() if word.startswith("on") and "=" in word]


@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large_is_not_read(room: Room, told: bool) -> None:
    browser = room.browser()
    body = b"csrf=" + b"x" * MAX_BODY
    kind = {"content-type": "application/x-www-form-urlencoded"}
    content: object = body if told else iter([body[:1000]] * 70)
    answer = browser.post("/mark", content=content, headers=kind)
    assert answer.status_code == (413 if told else 400)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x--"),
        ("text/plain", b"csrf=1"),
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"a=1&" * 5000),
        ("application/x-www-form-urlencoded", b"\xff\xfe=1"),
    ],
)
def test_a_form_that_is_none_is_refused(room: Room, kind: str, body: bytes) -> None:
    answer = room.browser().post("/mark", content=body, headers={"content-type": kind})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/student/../../etc/passwd",
        "/student/%2e%2e%2fgrader.sqlite",
        "/static/..%2fguard.py",
        "/static/guard.py",
        "/student/AAA-AAA",
        "/item/activation/nothing",
        "/item/activation/why?at=s0000",
        "/student/{code}/notebook/nothing",
        "/student/{code}/picture/activation/2/99",
        "/student/{code}/picture/activation/1/0",
    ],
)
def test_what_is_not_in_the_store_is_nowhere(room: Room, path: str) -> None:
    answer = room.browser().get(path.format(code=room.code("s0000")))
    assert answer.status_code == 404


def test_names_are_in_no_page_while_it_is_blind(make: Callable[..., Room]) -> None:
    from tests.review.evening import Work

    room = make(
        works=[Work(why="I, Ada Lovelace (s0000), say: it saturates.", name="Ada Lovelace")]
    )
    browser, code = room.browser(), room.code("s0000")
    pages = ["/", f"/item/{WHY}", f"/student/{code}", f"/history?at={code}&item={WHY}"]
    pages += [f"/student/{code}/preview", f"/student/{code}/notebook/activation"]
    for page in pages:
        text = browser.get(page).text
        assert not any(word in text for word in ("Ada", "Lovelace", "s0000")), page


def test_a_form_that_never_ends_is_given_up(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.review.visit.SECONDS", 0.05)
    browser = room.browser()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    sent: list[Message] = []
    headers = [
        (b"host", HOST.encode()),
        (b"cookie", cookie.encode()),
        (b"content-type", b"application/x-www-form-urlencoded"),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mark",
        "query_string": b"",
        "headers": headers,
    }

    async def receive() -> Message:
        if not sent:
            await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(room.app(scope, receive, send))
    assert sent[0]["status"] == 400
    assert room.store.hand_marks.owners() == []


def test_a_notebook_is_a_download_that_no_browser_opens(room: Room) -> None:
    answer = room.browser().get(f"/student/{room.code('s0000')}/notebook/activation")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert "Ada" not in answer.headers["content-disposition"]
