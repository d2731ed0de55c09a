"""What others do, as a stream that open pages hear."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from grader.review import events
from grader.review.claims import Claims
from tests.review.conftest import Room


class Stopping:
    """Says after so many looks that the server ends."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


class Asking:
    """A request whose page is open, until it is not."""

    def __init__(self, looks: int = 100) -> None:
        self._left = looks

    async def is_disconnected(self) -> bool:
        self._left -= 1
        return self._left < 0


class Served:
    """A server with these claims, for so many looks."""

    def __init__(self, claims: Claims, looks: int) -> None:
        self.desk, self.stopping = self, Stopping(looks)
        self.claims = claims


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EVERY", 0)


def heard(
    claims: Claims, *, by: str = "Jo", after: int = 0, looks: int = 1, open_for: int = 100
) -> list[str]:
    async def listen() -> list[str]:
        served: Any = Served(claims, looks)
        asking: Any = Asking(open_for)
        stream: AsyncIterator[str] = events._stream(served, by, after, asking)
        return [told async for told in stream]

    return asyncio.run(listen())


def told_by(*names: str) -> Claims:
    claims = Claims()
    for name in names:
        claims.tell(f'{name} marked "x"\n', by=name, item="t/i", code="ABCD")
    return claims


def test_what_others_did_is_told_and_the_own_is_not() -> None:
    (event,) = heard(told_by("Jo", "Max"))
    head, data = event.strip().split("\n")
    assert head == "id: 2"
    assert json.loads(data.removeprefix("data: ")) == {
        "text": 'Max marked "x"\n',
        "item": "t/i",
        "code": "ABCD",
    }


def test_a_stream_begins_after_what_the_page_has_seen_and_tells_each_once() -> None:
    told = heard(told_by("Max", "Max", "Max"), after=1, looks=3)
    assert [event.split("\n")[0] for event in told] == ["id: 2", "id: 3"]


def test_a_silent_stream_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 3)
    assert heard(told_by("Jo"), after=1, looks=7) == [": still there\n\n"] * 2


def test_a_stream_ends_with_its_page() -> None:
    assert heard(told_by("Max"), looks=100, open_for=0) == []


def test_who_has_not_entered_hears_nothing(room: Room) -> None:
    answer = room.client().get("/events")
    assert answer.status_code == 403
    assert answer.text == ""
