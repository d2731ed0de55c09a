"""A conversation ends with the first turn that is none; the rest of it is not believed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from grader.core import codec
from grader.sandbox.kernels import conversation
from grader.sandbox.kernels.conversation import Conversation
from grader.sandbox.kernels.pipes import read_answer
from grader.sandbox.outside import counterparts

NONCE = "n" * 32
PARAMS: dict[str, Any] = {
    "target": np.arange(6) % 3,
    "script": np.arange(12).reshape(2, 6) % 3,
    "classes": 3,
    "k": 2,
}
KFOLD: dict[str, Any] = {"probe": "kfold", "params": PARAMS}
CALL = ["call", 0, "a", [4], [0], False]
FIRST = {"told": [["model", [3]], CALL]}
ANSWER = json.dumps({"nonce": NONCE, "status": "ok", "value": 1, "error": ""}).encode()


def begun(asked: dict[str, Any] = KFOLD) -> Conversation:
    """A conversation about a question."""
    return Conversation(NONCE, codec.encode(asked))


def turn(number: int, handed: Any = None, nonce: str = NONCE) -> bytes:
    """The line of a turn."""
    said = {"nonce": nonce, "turn": number, "handed": FIRST if handed is None else handed}
    return b"?" + codec.encode(said).encode()


def reply(talk: Conversation, line: bytes) -> Any:
    """What is replied to a line."""
    return codec.decode(talk.hear(line))


def test_a_turn_is_replied_to_and_noted() -> None:
    talk = begun()
    said = reply(talk, turn(0))
    assert said["turn"] == 0
    assert said["reply"]["classes"] == [PARAMS["script"][0][4]]
    told = read_answer(ANSWER, NONCE, talk)
    assert told["status"] == "ok"
    assert codec.decode(told["record"])["phases"][0]["evaluations"] == [[4]]


@pytest.mark.parametrize(
    "line",
    [
        turn(1),
        turn(0, nonce="forged"),
        turn(0, {"told": 5}),
        turn(0, {"told": [["pull", 3, [1]]]}),
        b"?",
        b"?" + b"[" * 5000,
        b"?null",
        b'?{"nonce": NaN}',
        "?ü".encode(),
    ],
)
def test_a_turn_that_is_none_breaks_it_off(line: bytes) -> None:
    talk = begun()
    assert "over" in reply(talk, line)
    assert "over" in reply(talk, turn(0))
    assert read_answer(ANSWER, NONCE, talk)["status"] == "malformed"


def test_a_doubled_turn_breaks_it_off() -> None:
    talk = begun()
    reply(talk, turn(0))
    assert "over" in reply(talk, turn(0))
    assert talk.is_broken


@pytest.mark.parametrize(("name", "most"), [("MAX_TURNS", 3), ("MAX_HEARD", 2 * len(turn(0)) + 99)])
def test_it_is_over_when_there_is_too_much_of_it(
    monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(conversation, name, most)
    talk = begun()
    later = {"told": [CALL]}
    said = [reply(talk, turn(n, later if n else None)) for n in range(5)]
    assert ["reply" in one for one in said] == [True, True, True, False, False]
    assert read_answer(ANSWER, NONCE, talk)["status"] == "timeout"


def test_a_reply_is_never_longer_than_a_pipe_takes() -> None:
    talk = begun()
    call = ["call", 0, "a", [1] * 9_000, [0] * 9_000, False]
    assert len(talk.hear(turn(0, {"told": [["model", [3]], call]}))) < 100
    assert talk.is_broken


def test_questions_that_come_as_one_each_have_a_record() -> None:
    plain: dict[str, Any] = {"probe": "confusion", "params": {"x": 1}}
    asked = {"probe": "within", "params": {"cells": [], "questions": [plain, KFOLD, KFOLD]}}
    talk = begun(asked)
    reply(talk, turn(0, {"about": 1, "handed": FIRST}))
    reply(talk, turn(1, {"about": 2, "handed": FIRST}))
    first, second, third = codec.decode(talk.record())
    assert first is None
    assert len(second["phases"]) == len(third["phases"]) == 1
    assert "over" in reply(talk, turn(2, {"about": 1, "handed": FIRST}))  # that one is answered


def test_a_part_that_has_nobody_is_not_spoken_to() -> None:
    plain: dict[str, Any] = {"probe": "confusion", "params": {}}
    talk = begun({"probe": "within", "params": {"cells": [], "questions": [plain]}})
    assert "over" in reply(talk, turn(0, {"about": 0, "handed": FIRST}))


def test_what_is_held_does_not_go_in() -> None:
    asked = {"probe": "within", "params": {"cells": [], "questions": [KFOLD]}}
    assert "script" in codec.encode(asked)
    assert "script" not in codec.encode(dict(counterparts.sent(asked)))


def test_a_courses_own_probe_has_no_counterpart() -> None:
    own = KFOLD | {"source": "def kfold(): ..."}
    assert counterparts.kind_of(own) is None
    assert counterparts.sent(own) == own
