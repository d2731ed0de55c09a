"""Odd values anywhere in a rubric file: refused in one sentence, or read and then asked about."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.assignment import rubric
from grader.core import toml_text
from grader.core.errors import UsageError
from grader.core.model import Limits

ROOT = Path(__file__).parents[2]
FILES = [path for path in sorted(ROOT.glob("rubrics/*/*.toml")) if path.stem != "assignment"]
ODD: list[Any] = [
    0,
    -1,
    10**30,
    0.5,
    -0.0,
    float("nan"),
    float("inf"),
    True,
    "",
    " ",
    "1E+30",
    "٣",
    "../../x.ipynb",
    "a\nb\x1b[31m",
    "x" * 5000,
    [],
    [[]],
    ["figures", "figures"],
    {},
    {"a": {"b": [1]}},
    date(2021, 5, 30),
    datetime(1, 1, 1, tzinfo=UTC),
]
TRIED = 150


def trails(value: Any, trail: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value of a file, tables and lists included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield (*trail, key)
        if isinstance(part, dict | list):
            yield from trails(part, (*trail, key))


def changed(data: Any, trail: tuple[str | int, ...], value: Any) -> Any:
    """A copy with another value at one place."""
    whole = copy.deepcopy(data)
    place = whole
    for key in trail[:-1]:
        place = place[key]
    place[trail[-1]] = value
    return whole


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_odd_value_is_told_or_harmless(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = toml_text.parse(path.read_bytes())
    places = list(trails(data))
    rng = random.Random(path.stem)
    refused = 0
    for _ in range(TRIED):
        trail, value = rng.choice(places), rng.choice(ODD)
        odd = changed(data, trail, value)
        monkeypatch.setattr(rubric, "_read", lambda _, odd=odd: odd)
        try:
            task = rubric.task(path, Limits())
        except UsageError as told:
            refused += 1
            assert str(told).startswith(f"rubrics/{path.parent.name}/{path.name}: "), told
            assert "\n" not in str(told), (trail, value)
            assert len(str(told)) < 800, told
            continue
        for item in task.items:
            if item.id in trail or item is task.items[_number(trail) % len(task.items)]:
                item.check.questions(np.random.default_rng(0))
    assert refused > TRIED / 2


def _number(trail: tuple[str | int, ...]) -> int:
    return next((part for part in trail if isinstance(part, int)), 0)
