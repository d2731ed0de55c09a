"""Who waits for a check sees what it is at; a quick one shows nothing but its result."""

from __future__ import annotations

import threading
from typing import Any

from grader.student.waiting_line import WaitingLine


def test_what_it_is_at_is_shown_once_and_then_renewed() -> None:
    told: list[tuple[str, bool]] = []
    came = threading.Event()

    def publish(data: dict[str, str], transient: dict[str, Any], update: bool) -> None:
        assert transient == {"display_id": waiting.id}
        told.append((data["text/html"], update))
        came.set()

    waiting = WaitingLine(publish, seconds=0.01)
    with waiting:
        for text in ("checking a<b", "checking c"):
            waiting.now = text
            assert came.wait(30)
            came.clear()
    assert told == [("<i>checking a&lt;b</i>", False), ("<i>checking c</i>", True)]
    assert waiting.is_shown


def test_a_quick_check_shows_no_line() -> None:
    waiting = WaitingLine(lambda *_, **__: None)
    with waiting:
        waiting.now = "checking"
    assert not waiting.is_shown
