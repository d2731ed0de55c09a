"""What a kernel hands over while one question runs, and what it is told. In the driver process.

A line that begins with `?` is a turn: JSON with the question's nonce, the turn's number from 0, and
what is handed over. The reply is one line, and comes before the next turn may. What is no such line
breaks the conversation: no answer to that question is believed.
"""

from __future__ import annotations

from grader.core import codec
from grader.core.model import JSON
from grader.sandbox.outside import counterparts

MAX_TURNS = 100_000
MAX_HEARD = 64 << 20
"""Bytes of all turns of one question."""

MAX_REPLY = 1 << 14
"""Bytes of a reply: what a pipe that is empty takes at once."""

DEPTH, MAX_VALUES = 8, 20_000


class Conversation:
    """The turns of one question. `held` is the question with all its parameters, as wire text."""

    def __init__(self, nonce: str, held: str) -> None:
        self.is_broken = False  # a turn was none: forged, doubled or malformed
        self.is_over = False  # there were too many, or too much was handed over
        self._counterpart = counterparts.counterpart(codec.decode(held, most=None))
        self._nonce, self._turn, self._heard = nonce, 0, 0

    def hear(self, line: bytes) -> bytes:
        """The line to reply with. Nothing is told any more once it is broken or over."""
        self._heard += len(line)
        self.is_over |= self._turn >= MAX_TURNS or self._heard > MAX_HEARD
        if not self.is_over and not self.is_broken:
            try:
                reply = {"turn": self._turn, "reply": self._reply(line)}
                told = codec.encode(reply).encode() + b"\n"
                if len(told) > MAX_REPLY:
                    raise ValueError("a reply for more rows than there may be")
                self._turn += 1
                return told
            except Exception:  # the sender is hostile, and so may be what broke in here
                self.is_broken = True
        return codec.encode({"turn": self._turn, "over": True}).encode() + b"\n"

    def _reply(self, line: bytes) -> JSON:
        if self._counterpart is None:
            raise ValueError("a turn that nobody waits for")
        said = codec.decode(line[1:], DEPTH, MAX_VALUES)
        if said["nonce"] != self._nonce or said["turn"] != self._turn:
            raise ValueError("a turn of another conversation, or out of its order")
        return self._counterpart.hear(said["handed"])

    def record(self) -> str:
        """What the counterpart noted, as wire text; empty if there is nothing to believe."""
        if self._counterpart is None or self.is_broken or self.is_over:
            return ""
        return codec.encode(self._counterpart.record())
