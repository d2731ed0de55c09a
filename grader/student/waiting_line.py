"""The line that `%check` shows when it takes longer than a second: what it is at.

Told from a thread of its own, by the publisher that the notebook had before a question began: while
one is asked, what is displayed is kept from the notebook.
"""

from __future__ import annotations

import html
import sys
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

SECONDS = 1.0


class WaitingLine:
    """Within, `now` is shown once it has taken so long, and then each time it is another."""

    def __init__(self, publish: Callable[..., Any], seconds: float = SECONDS) -> None:
        """`publish` is that of the notebook's display publisher."""
        self.now, self.id, self.is_shown = "", uuid4().hex, False
        self._publish, self._seconds, self._over = publish, seconds, threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> WaitingLine:
        if sys.platform != "emscripten":  # Python in a browser has no threads
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _show(self) -> None:
        told = ""
        while not self._over.wait(self._seconds):
            if self.now == told:
                continue
            told = self.now
            data = {"text/plain": told, "text/html": f"<i>{html.escape(told)}</i>"}
            self._publish(data, transient={"display_id": self.id}, update=self.is_shown)
            self.is_shown = True
