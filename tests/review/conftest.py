"""One folder, desk and client for a test; nothing is served to the network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from grader.core.model import Assignment
from grader.review.app import application
from grader.review.desk import Desk, Marker
from grader.review.guard import Guard
from grader.review.sessions import Sessions
from grader.store.store import Store
from tests.review import evening

HOST = "127.0.0.1:8765"
JO, MAX = Marker(name="Jo", leads=True), Marker(name="Max")


class Room:
    """A folder that Jo and Max mark: their browsers, and what lies behind."""

    def __init__(self, folder: Path, of: Assignment, **settings: Any) -> None:
        self.folder, self.of = folder, of
        self.store = Store(folder / "grader.sqlite")
        self.desk = Desk(self.store, of, settings.pop("markers", (JO, MAX)), **settings)
        self.sessions = Sessions(self.desk.markers, 8765)
        self.written: list[int] = []
        self.app: Guard
        self.app, self.web = application(
            self.desk, self.sessions, [HOST], lambda: self.written.append(1)
        )

    def client(self, **headers: str) -> TestClient:
        """A browser without a cookie."""
        return TestClient(self.app, base_url=f"http://{HOST}", headers={"host": HOST, **headers})

    def browser(self, name: str = "Jo") -> TestClient:
        """A browser that has entered."""
        client = self.client()
        token = next(t for t, m in self.sessions.tokens.items() if m.name == name)
        assert client.get(f"/enter?token={token}").status_code == 200
        return client

    def code(self, student: str) -> str:
        """A student's pseudonym."""
        return self.desk.people[student].code

    def points(self, student: str, item: str) -> str:
        """What counts in the store: points, or "open"."""
        task, _, name = item.partition("/")
        grade = self.desk.grade(student)
        found = next(t for t in grade.tasks if t.task.id == task)
        graded = next(i for i in found.items if i.item.id == name)
        return "open" if graded.is_open else f"{graded.points:.2f}"


WHY = "activation/why"


def fields(page: httpx.Response, form: str = "mark") -> dict[str, str]:
    """The hidden fields of a page's form."""
    text = page.text.split(f'id="{form}"', 1)[1].split("</form>", 1)[0]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text)
    return {name: unescape(value) for name, value in found if name != "equal"}


def mark(client: TestClient, address: str, **typed: Any) -> httpx.Response:
    """Opens an answer, fills its form in, and sends it."""
    page = client.get(address)
    assert page.status_code == 200, page.text
    answer: httpx.Response = client.post("/mark", data=fields(page) | typed, follow_redirects=False)
    return answer


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Room]]:
    """Makes rooms over one folder; closes their stores."""
    rooms: list[Room] = []

    def made(count: int = 5, works: list[evening.Work] | None = None, **settings: Any) -> Room:
        if not rooms:
            evening.fill(tmp_path / "results", works or evening.works(count))
        of = evening.assignment(tmp_path / "results" / "reference")
        rooms.append(Room(tmp_path / "results", of, **settings))
        return rooms[-1]

    yield made
    for room in rooms:
        room.store.__exit__(None, None, None)


@pytest.fixture
def room(make: Callable[..., Room]) -> Room:
    """Five students."""
    return make()
