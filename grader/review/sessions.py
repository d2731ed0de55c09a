"""Who is who: a token in a printed address becomes a cookie, and forms carry the session's own key.

Everything is valid for this process alone.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader.review.desk import Marker

TRIES, WITHIN, DELAY = 10, 60.0, 1.0
"""So many wrong tokens within so many seconds, and each further one waits this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser of one marker."""

    marker: Marker
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class Sessions:
    """Tokens and cookies of one running server."""

    def __init__(self, markers: Sequence[Marker], port: int) -> None:
        self.cookie = f"grader-{port}"  # cookies are not kept apart by port
        self.tokens = {secrets.token_urlsafe(32): marker for marker in markers}
        self._sessions: dict[str, Session] = {}
        self._wrong: deque[float] = deque(maxlen=TRIES)

    async def enter(self, token: str) -> str | None:
        """The new cookie of whom this token belongs to; None if it is nobody's."""
        now = time.monotonic()
        if len(self._wrong) == TRIES and now - self._wrong[0] < WITHIN:
            await asyncio.sleep(DELAY)
        found = None
        for known, marker in self.tokens.items():  # all, so that time tells nothing
            if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
                found = marker
        if found is None:
            self._wrong.append(now)
            return None
        cookie = secrets.token_urlsafe(32)
        self._sessions[cookie] = Session(marker=found)
        return cookie

    def of(self, cookies: Mapping[str, str]) -> Session | None:
        """The session of a request's cookies."""
        return self._sessions.get(cookies.get(self.cookie, ""))

    @staticmethod
    def is_own(session: Session, csrf: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(session.csrf.encode(), csrf.encode("utf-8", "replace"))
