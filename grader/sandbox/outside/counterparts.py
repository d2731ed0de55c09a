"""The counterparts of probes: what a probe hands over while it runs is answered and noted here.

Trusted side, in the driver process. What is handed over is a claim of hostile code; what it is told
and what is noted of it are not, for neither ever lies where student code could write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from grader.core.model import JSON
from grader.sandbox.outside.cross_validation import CrossValidation

Params = Mapping[str, JSON]


class Counterpart(Protocol):
    """The trusted side of one question, from the moment that it is asked."""

    def __init__(self, params: Params) -> None:
        """With the question's parameters, all of them."""

    @staticmethod
    def sent(params: Params) -> Params:
        """The parameters that go into the sandbox."""

    def hear(self, handed: JSON) -> JSON:
        """The reply to what a double was given.

        Raises:
            Exception: of any kind, where it is not what the probe hands over.
        """

    def record(self) -> JSON:
        """What was noted, as plain data."""


class Apart:
    """Of the probe `within`, whose questions have counterparts of their own."""

    def __init__(self, params: Params) -> None:
        self._parts = [counterpart(asked) for asked in params["questions"]]
        self._last = 0

    @staticmethod
    def sent(params: Params) -> Params:
        """All, but of its questions what is sent of each."""
        return {**params, "questions": [sent(asked) for asked in params["questions"]]}

    def hear(self, handed: JSON) -> JSON:
        """The reply of the part that is spoken to; they are asked one after the other."""
        about = handed["about"]
        part = self._parts[about]
        if type(about) is not int or about < self._last or part is None:
            raise ValueError("no question that is being asked")
        self._last = about
        return part.hear(handed["handed"])

    def record(self) -> JSON:
        """A record for each question, None for those that have no counterpart."""
        return [part and part.record() for part in self._parts]


COUNTERPARTS: dict[str, type[Counterpart]] = {"kfold": CrossValidation, "within": Apart}
"""By probe. Most probes hand nothing over, and have none; no course's own probe does."""


def kind_of(asked: Mapping[str, JSON]) -> type[Counterpart] | None:
    """The counterpart that a question (as of `codec.sent`) needs, if it needs one."""
    return None if asked.get("source") else COUNTERPARTS.get(asked["probe"])


def sent(asked: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """What of a question goes into the sandbox."""
    kind = kind_of(asked)
    return {**asked, "params": kind.sent(asked["params"])} if kind else asked


def counterpart(asked: Mapping[str, JSON]) -> Counterpart | None:
    """A fresh counterpart for a question, where it needs one."""
    kind = kind_of(asked)
    return kind(asked["params"]) if kind else None
