"""Its addresses: each page is reached from the first one by links, so by keyboard, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape

from starlette.routing import compile_path

from grader.review.app import PAGES
from grader.store.decisions import Appeal
from tests.review.conftest import WHY, Room, mark
from tests.review.evening import Work, png
from tests.review.test_appeals import NOW

PATTERNS = {path: compile_path(path)[0] for path in PAGES}


def links(page: str) -> set[str]:
    """Where the links and pictures of a page lead."""
    found = re.findall(r'(?:href|src)="(/[^"#]*)', page)
    return {unescape(one) for one in found if not one.startswith("/static")}


def test_each_page_is_reached_by_links_from_the_course(make: Callable[..., Room]) -> None:
    works = [Work(why=why, images=(png(),)) for why in ("a", "quite another answer")]
    room = make(works=works, calibrate=1, blind=False, second=Decimal(1))
    mark(room.browser(), f"/item/{WHY}?at={room.code('s0001')}", points="1")
    appeal = Appeal(student="s0001", item=WHY, text="look", source="mail", at=NOW)
    room.store.decisions.add_appeal(appeal)
    seen, left, reached = set[str](), {"/"}, set[str]()
    browser = room.browser("Max")  # who begins with what the lead has marked
    while left - seen and len(seen) < 200:
        address = min(left - seen, key=len)
        seen.add(address)
        path = address.partition("?")[0]
        kind = next(kind for kind, pattern in PATTERNS.items() if pattern.match(path))
        page = browser.get(address)
        assert page.status_code == 200, address
        if kind not in reached or kind.startswith("/item"):
            reached |= {kind, *(k for k, p in PATTERNS.items() if p.match(page.url.path))}
            left |= links(page.text) if "html" in page.headers["content-type"] else set()
    assert reached == set(PAGES)


def test_one_of_something_is_told_as_one(make: Callable[..., Room]) -> None:
    room = make(works=[Work(why="a")], second=Decimal(1))
    appeal = Appeal(student="s0000", item="activation/relu", text="look", source="mail", at=NOW)
    room.store.decisions.add_appeal(appeal)
    code, browser = room.code("s0000"), room.browser()
    pages = [
        "/",
        f"/item/{WHY}?at={code}",
        f"/item/{WHY}?at={code}&show=all",
        f"/student/{code}",
        f"/history?at={code}&item={WHY}",
        f"/agreement/{WHY}",
        "/requests",
    ]
    things = "answers|students|requests|marks|cards|items|files|others"
    several = re.compile(rf"(?<![\d.,])1 ({things})\b")
    for _ in range(2):
        for address in pages:
            text = re.sub(r"<[^>]+>", "", browser.get(address).text)
            assert not several.search(text), address
        mark(browser, f"/item/{WHY}?at={code}", points="1")
        mark(room.browser("Max"), f"/item/{WHY}?at={code}&round=2", points="2")
