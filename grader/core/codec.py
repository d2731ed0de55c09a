"""Plain data across the trust line: strict encoding and decoding of questions and answers.

Trusted side. Text is JSON. An array is `{"$array": "<base64 of .npy>"}`, a float that JSON has no
word for `{"$float": "nan" | "inf" | "-inf"}`. Nothing else is special, nothing is ever executed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

import numpy as np

from grader.core import bounded
from grader.core.model import JSON, Answer, AnswerStatus, Evidence, Question, Resource
from grader.core.untrusted_text import encodable

MAX_DEPTH = 32
MAX_ARRAY_BYTES = 256 << 20
MAX_VALUES = bounded.MOST_VALUES

MAX_HEADER = 2000
"""Bytes before an array's values."""

MAX_BITS = 1023
"""Of a whole number: what is larger can't become a float, and no check counts so far."""


class WireError(ValueError):
    """What was received is not what the protocol allows."""


def encode(value: JSON, resolve: Callable[[str], np.ndarray] | None = None) -> str:
    """Plain data as JSON text. `resolve` turns a `Resource`'s name into its array."""
    return json.dumps(_pack(value, resolve), allow_nan=False, sort_keys=True)


def digest(question: Question) -> str:
    """A question's key: sha256 over probe and parameters, resources by name."""
    return hashlib.sha256(encode(sent(question)).encode()).hexdigest()[:32]


def sent(question: Question) -> dict[str, JSON]:
    """What a question is to who answers it; resources are still names."""
    own = {"source": question.source} if question.source else {}
    return {"probe": question.probe, "params": dict(question.params), **own}


def answer_to(question: Question, evidence: Evidence | None) -> Answer:
    """What was answered to a question; LOST if nothing was."""
    lost = Answer(status=AnswerStatus.LOST, error=evidence.message if evidence else "")
    return evidence.answers.get(digest(question), lost) if evidence else lost


def decode(text: str | bytes, depth: int = MAX_DEPTH, most: int | None = MAX_VALUES) -> JSON:
    """Plain data from JSON text of a hostile sender: at most `depth` deep and `most` values.

    Raises:
        WireError: not JSON, too deep, too much, an unknown marker, or an array that is not what
            it says.
    """
    if most is not None and bounded.values(text) > most:
        raise WireError(f"more than {most} values")
    try:
        raw = json.loads(text, parse_constant=_reject)
    except (ValueError, RecursionError) as bad:
        raise WireError(f"not JSON: {type(bad).__name__}") from None
    return _unpack(raw, depth)


def _reject(word: str) -> NoReturn:
    raise WireError(f"{word} is not JSON")


def _pack(value: JSON, resolve: Callable[[str], np.ndarray] | None) -> JSON:
    match value:
        case None | bool() | int() | str():
            return value
        case Resource(name=name):
            return _pack(resolve(name), resolve) if resolve else {"$resource": name}
        case np.ndarray():
            buffer = io.BytesIO()
            np.save(buffer, np.asarray(value, order="C"), allow_pickle=False)
            return {"$array": base64.b64encode(buffer.getvalue()).decode()}
        case np.generic():
            return _pack(value.item(), resolve)
        case float() if not math.isfinite(value):
            return {"$float": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
        case dict():
            return {str(key): _pack(inner, resolve) for key, inner in value.items()}
        case list() | tuple():
            return [_pack(inner, resolve) for inner in value]
        case float():
            return value
    raise WireError(f"{type(value).__name__} is not plain data")


def _unpack(value: JSON, depth: int) -> JSON:
    if depth < 0:
        raise WireError("nested too deeply")
    if isinstance(value, list):
        return [_unpack(inner, depth - 1) for inner in value]
    if isinstance(value, dict):
        if len(value) == 1:
            ((marker, inner),) = value.items()
            if marker == "$array":
                return read_array(inner)
            if marker == "$float":
                if inner not in ("nan", "inf", "-inf"):
                    raise WireError("an unknown $float")
                return float(inner)
        if any(key.startswith("$") for key in value):
            raise WireError("an unknown marker")
        return {encodable(key): _unpack(inner, depth - 1) for key, inner in value.items()}
    if type(value) is int and value.bit_length() > MAX_BITS:
        raise WireError("a whole number that is too large")
    return encodable(value) if isinstance(value, str) else value


def read_array(text: JSON) -> np.ndarray:
    """A numpy array (kinds b, i, u, f) from base64 of `.npy` bytes, sizes checked before reading.

    Raises:
        WireError: anything that is not exactly such an array.
    """
    if not isinstance(text, str):
        raise WireError("an array that is not text")
    try:
        blob = base64.b64decode(text, validate=True)
        start = {1: 10, 2: 12}[blob[6]]
        start += int.from_bytes(blob[8:start], "little")
        shape, fortran, dtype = _header(blob[: min(start, MAX_HEADER)])
    except Exception as bad:  # the header is Python text, whose reading fails in many ways
        raise WireError(f"not an array: {type(bad).__name__}") from None
    size = dtype.itemsize * math.prod(shape)
    if dtype.kind not in "biuf" or dtype.hasobject or any(n < 0 for n in shape):
        raise WireError("an array of a kind that is not allowed")
    if size > MAX_ARRAY_BYTES or size != len(blob) - start:
        raise WireError("an array whose size is not what it says")
    if len(shape) > MAX_DEPTH or any(n > MAX_ARRAY_BYTES for n in shape):
        raise WireError("an array of a shape that is not allowed")
    flat = np.frombuffer(blob, dtype=dtype, offset=start)
    return flat.reshape(shape, order="F" if fortran else "C")


@lru_cache(maxsize=256)  # arrays are many, their shapes are few, and numpy asks Python's parser
def _header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    stream = io.BytesIO(head)
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    return read(stream, max_header_size=MAX_HEADER)
