"""How one comes in: a token in the printed address, exchanged for a cookie, for this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from grader.review.sessions import Sessions
from tests.review.conftest import JO, MAX, Room


def test_without_a_cookie_every_page_is_closed(room: Room) -> None:
    stranger = room.client()
    for page in ("/", "/item/activation/why", "/keys", "/requests", "/events"):
        assert stranger.get(page).status_code == 403
    for form in ("/mark", "/undo", "/reports"):
        assert stranger.post(form, data={"csrf": "x"}).status_code == 403


def test_the_token_leaves_the_address_and_the_cookie_is_kept_from_scripts_and_others(
    room: Room,
) -> None:
    token = next(iter(room.sessions.tokens))
    answer = room.client().get(f"/enter?token={token}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("grader-8765=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    assert token not in cookie


@pytest.mark.parametrize("token", ["", "x", "\N{LATIN SMALL LETTER U WITH DIAERESIS}"])
def test_a_wrong_token_lets_nobody_in(room: Room, token: str) -> None:
    answer = room.client().get("/enter", params={"token": token})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_tokens_of_another_start_are_worth_nothing(make: Callable[..., Room]) -> None:
    first, second = make(), make()
    token = next(iter(first.sessions.tokens))
    assert second.client().get(f"/enter?token={token}").status_code == 403
    jo = first.browser()
    cookies = dict(jo.cookies)
    assert second.client(cookie=f"grader-8765={cookies['grader-8765']}").get("/").status_code == 403


def test_each_marker_has_an_address_of_their_own(room: Room) -> None:
    for name in ("Jo", "Max"):
        assert f'<span class="who">{name}' in room.browser(name).get("/").text


def test_after_ten_wrong_tries_each_further_one_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("grader.review.sessions.asyncio.sleep", sleep)
    known = Sessions((JO, MAX), 1)
    for _ in range(12):
        assert asyncio.run(known.enter("wrong")) is None
    assert waited == [1.0, 1.0]


def test_a_cookie_is_of_one_port_and_a_form_of_one_session() -> None:
    known = Sessions((JO, MAX), 1)
    token = next(iter(known.tokens))
    one, other = (asyncio.run(known.enter(token)) for _ in "ab")
    assert one is not None
    assert other is not None
    first, second = known.of({"grader-1": one}), known.of({"grader-1": other})
    assert first is not None
    assert second is not None
    assert (first.marker, second.marker) == (JO, JO)
    assert known.of({"grader-2": one}) is known.of({}) is None
    assert Sessions.is_own(first, first.csrf)
    assert not Sessions.is_own(first, second.csrf)
    assert not Sessions.is_own(first, "\ud800")


def test_who_has_the_right_token_comes_in_after_wrong_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, waited = [1000.0], list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("grader.review.sessions.asyncio.sleep", sleep)
    monkeypatch.setattr("grader.review.sessions.time.monotonic", lambda: now[0])
    known = Sessions((JO,), 1)
    for _ in range(10):
        assert asyncio.run(known.enter("wrong")) is None
    assert asyncio.run(known.enter(next(iter(known.tokens)))) is not None
    assert waited == [1.0]
    now[0] += 60
    assert asyncio.run(known.enter("wrong")) is None
    assert waited == [1.0]
