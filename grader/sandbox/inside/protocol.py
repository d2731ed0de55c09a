"""Answers questions beside student code: one JSON line in, one JSON line out, over two pipes.

Untrusted side: student code shares this process and may change or forge anything here. Nothing in
here decides; the trusted side believes only plain data, and that only as a claim.
"""

import base64
import io
import json
import math
import os
import signal
import threading
import traceback

import numpy as np

from . import conversation, kept

MAX_TEXT = 2000

# Student code may rebind names in modules by accident (`json = …` does not reach here, but
# `np.save = None` does): keep what the way out needs.
_dumps, _loads, _write, _read = json.dumps, json.loads, os.write, os.read
_save, _load = np.save, np.load
_b64encode, _b64decode = base64.b64encode, base64.b64decode
_alarm, _on_signal = getattr(signal, "setitimer", None), signal.signal  # Windows has no alarm


class Undefined(Exception):
    """The student's namespace has no such name."""


class OutOfTime(BaseException):
    """Raised by the alarm inside a probe. Not an Exception, so that student code lets it pass."""


def pack(value, depth=0):
    """Plain data as JSON-ready data; arrays as base64 of `.npy` (see grader/core/codec.py)."""
    if depth > 24:
        raise ValueError("answer nested too deeply")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise ValueError(f"array of kind {value.dtype.kind}")
        buffer = io.BytesIO()
        _save(buffer, np.array(value, copy=True, order="C", subok=False), allow_pickle=False)
        return {"$array": _b64encode(buffer.getvalue()).decode()}
    if isinstance(value, np.generic):
        return pack(value.item(), depth)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return {"$float": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    if isinstance(value, dict):
        return {str(key): pack(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [pack(inner, depth + 1) for inner in value]
    raise ValueError(f"{type(value).__name__} is not plain data")


def unpack(value):
    """The inverse of `pack`, for questions (they come from the trusted side)."""
    if isinstance(value, list):
        return [unpack(inner) for inner in value]
    if isinstance(value, dict):
        if "$array" in value:
            return _load(io.BytesIO(_b64decode(value["$array"])), allow_pickle=False)
        if "$float" in value:
            return float(value["$float"])
        return {key: unpack(inner) for key, inner in value.items()}
    return value


def describe_error(error):
    """`Type: text` of an exception, short, and safe against hostile `__str__`."""
    try:
        text = str(error)
    except BaseException:
        text = "(its text could not be read)"
    return f"{type(error).__name__}: {text}"[:MAX_TEXT]


class Channel:
    """The two pipes. One question is read and answered for each call of `answer_next`."""

    def __init__(self, questions_fd, answers_fd, find, namespace):
        self._in, self._out = questions_fd, answers_fd
        self._find, self._namespace = find, namespace
        self._rest = bytearray()  # kept when an alarm rings while a line is read
        self._nonce, self._turn, self._lock = "", 0, threading.RLock()

    def _line(self):
        looked = 0
        while (end := self._rest.find(b"\n", looked)) < 0:
            looked = len(self._rest)
            chunk = _read(self._in, 1 << 20)
            if not chunk:
                raise EOFError("no question")
            self._rest += chunk
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line

    def _say(self, text):
        blob = text.encode() + b"\n"
        while blob:
            blob = blob[_write(self._out, blob) :]

    def answer_next(self):
        """Reads one question, asks the probe, writes one answer."""
        while "probe" not in (question := _loads(self._line())):
            pass  # a reply that came after its question's time
        self._nonce, self._turn = question["nonce"], 0
        with conversation.through(self.hand_over):
            answer = self.reply(question)
        self._say(_dumps({"nonce": question["nonce"], **answer}))

    def hand_over(self, handed):
        """Hands plain data (no arrays) over to the trusted side while a question runs; its reply.

        Raises:
            OutOfTime: more was handed over than may be.
        """
        with self._lock:
            turn, self._turn = self._turn, self._turn + 1
            said = {"nonce": self._nonce, "turn": turn, "handed": handed}
            self._say("?" + _dumps(said))
            while (reply := _loads(self._line()))["turn"] != turn:
                pass
            if "reply" not in reply:
                raise OutOfTime
            return reply["reply"]

    def reply(self, question):
        """The answer to one question: how it came about, the packed value, and the error."""
        answer = {"status": "ok", "value": None, "error": ""}
        try:
            answer["value"] = self._ask(question)
        except Undefined as missing:
            answer.update(status="undefined", error=str(missing)[:MAX_TEXT])
        except OutOfTime:
            answer.update(status="timeout", error=f"no answer within {question['seconds']} s")
        except BaseException as error:
            answer.update(status="raised", error=describe_error(error))
            if os.environ.get("GRADER_DEBUG"):
                answer["error"] += "\n" + traceback.format_exc()[-4000:]
        return answer

    def _ask(self, question):
        def ring(_signal, _frame):
            raise OutOfTime

        probe = self._find(question["probe"], question.get("source", ""))
        with kept.state(self._namespace):
            before = _on_signal(signal.SIGALRM, ring)
            _alarm(signal.ITIMER_REAL, question["seconds"])
            try:
                return pack(probe(self._namespace, unpack(question["params"])))
            finally:
                _alarm(signal.ITIMER_REAL, 0)
                _on_signal(signal.SIGALRM, before)
