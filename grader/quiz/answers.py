"""Reads what students give as answers: numbers as they type them, and answer files. Trusted."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from grader.core import bounded, toml_text
from grader.core.errors import UsageError
from grader.core.model import QuizResponse
from grader.core.untrusted_text import encodable

MAX_BYTES, MAX_TEXT = 64 << 10, 200


EXPONENT = re.compile(r"(?:[eE]|[x*×]10(?:\^|\*\*))([+-]?\d{1,3})")
NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?![\d.,+*/^=-])")


def number(text: str) -> float | None:
    """A number as people write it: `0.5`, `0,5`, `1/2`, `1e-3`, `3*10^-4`, `−2`; else None.

    As Moodle reads it (a comma is a decimal point, unless there is a point, too; a unit after the
    number is passed over), and fractions beside.
    """
    cleaned = re.sub(r"\s+", "", text.replace("−", "-"))
    fraction = re.fullmatch(r"([+-]?\d{1,15})/(\d{1,15})", cleaned)
    if fraction:
        bottom = int(fraction[2])
        return float(Fraction(int(fraction[1]), bottom)) if bottom else None
    cleaned = EXPONENT.sub(r"e\1", cleaned)
    many = "." in cleaned or cleaned.count(",") > 1
    cleaned = cleaned.replace(",", "" if many else ".")
    found = NUMBER.match(cleaned)
    value = float(found[1]) if found else math.nan
    return value if math.isfinite(value) else None


POWER = re.compile(r"(?:e|E|(?:x|\*|×)10(?:\^|\*\*))([+-]?\d+)")
LEADING = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.ASCII)


def as_moodle(text: str, language: str) -> float | None:
    """The number that Moodle reads in an attempt begun in English or German; None if it reads none.

    The leading number counts, whatever stands behind it; in English a comma parts thousands.
    """
    plain = POWER.sub(r"e\1", text[:MAX_TEXT].replace(" ", ""))
    many = "." in plain or plain.count(",") > 1 or language == "en"
    found = LEADING.match(plain.replace(",", "" if many else "."))
    value = float(found[0]) if found else math.nan
    return value if math.isfinite(value) else None


def session(values: Mapping[str, str]) -> str:
    """The language an attempt was begun in, as its words for parts tell; "" if there are none."""
    for cell in values.values():
        if found := re.match(r"\s*(part|Teil) 1:", cell):
            return "en" if found[1] == "part" else "de"
    return ""


def read(name: str, content: bytes) -> QuizResponse:
    """An answer file's values by name, as text.

    Raises:
        UsageError: it is not the TOML, JSON or CSV that its name says.
    """
    if len(content) > MAX_BYTES:
        raise UsageError(f"{name} is larger than {MAX_BYTES >> 10} KiB, more than any answers need")
    try:
        text = content.decode("utf-8-sig")
        if name.endswith(".csv"):
            table: object = dict(_pairs(text))
        else:
            is_toml = name.endswith(".toml")
            table = toml_text.parse(text.encode()) if is_toml else bounded.json_value(text)
        values = _flat(table) if isinstance(table, dict) else None
    except (ValueError, RecursionError, csv.Error) as bad:
        raise UsageError(f"{name} could not be read: {bad}") from None
    if values is None:
        raise UsageError(f"{name} must hold names and values, such as v1 = 0.5")
    return QuizResponse(values=values, source=name)


def _pairs(text: str) -> list[tuple[str, str]]:
    separator = ";" if text.count(";") > text.count(",") else ","
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    return [(row[0].strip(), row[1].strip()) for row in rows if len(row) >= 2]


def _flat(table: dict[object, object]) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            values |= _flat(value)
        elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
            values[encodable(str(key)[:40])] = encodable(str(value)[:MAX_TEXT])
    return values


PART = re.compile(r"(?:^|; )(?:part|Teil) (\d+):(?: |$)")


def parts(cell: str) -> list[str]:
    """The responses in one cell of an embedded-answers question, in order.

    Moodle writes `part 1: 0.5; Teil 2: ; part 3:`, the word in the student's language. Matches
    whose numbers are not 1, 2, 3, … belong to a response, as does the first of two of one number:
    each part begins as late as the ones after it allow.
    """
    cell = cell.strip()
    found = [(int(match[1]), match.start(), match.end()) for match in PART.finditer(cell)]
    count = 0
    for number_, _, _ in found:
        count += number_ == count + 1
    starts: list[tuple[int, int]] = []
    for number_, start, end in reversed(found):
        if number_ == count - len(starts) and (number_ > 1 or start == 0):
            starts.append((start, end))
    starts.reverse()
    if not count or len(starts) < count:
        return []
    ends = [start for start, _ in starts[1:]] + [len(cell)]
    return [cell[begin:end].strip() for (_, begin), end in zip(starts, ends, strict=True)]


def by_name(values: Mapping[str, str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The answers' texts by value name. `names` has the values of each group, in order.

    Answers that carry names are taken by these. Those of a Moodle download (`response 1`, …) come
    as one question with a part for each value, as one question for each group, or as one for each
    value.
    """
    responses = [text for key, text in values.items() if key.startswith("response ")]
    if not responses:
        return dict(values)
    everything = [name for group in names.values() for name in group]
    if len(responses) == len(everything):
        return dict(zip(everything, responses, strict=True))
    if len(responses) == 1:
        return dict(zip(everything, parts(responses[0]), strict=False))
    found: dict[str, str] = {}
    for group, cell in zip(names.values(), responses, strict=False):
        found |= dict(zip(group, parts(cell) or [cell], strict=False))
    return found
