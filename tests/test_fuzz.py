"""A small run of the fuzzer, and whether it would find what it looks for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "fuzz.py"
    spec = importlib.util.spec_from_file_location("fuzz", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["fuzz"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "notebook",
        "wire",
        "zip",
        "answers.toml",
        "answers.json",
        "answers.csv",
        "quiz.csv",
        "quiz.json",
        "marks.csv",
        "people.csv",
        "picture",
        "points",
    ],
)
def test_a_reader_takes_or_refuses_what_was_mutated(fuzz: ModuleType, name: str) -> None:
    assert fuzz.fuzz(name, seed=7, count=250) == []


@pytest.mark.parametrize("name", ["store", "rubric.toml", "graph.toml"])
def test_what_another_course_gives_away_is_read_or_refused(fuzz: ModuleType, name: str) -> None:
    assert fuzz.fuzz(name, seed=7, count=60) == []


@pytest.mark.parametrize("name", ["quiz.xlsx", "quiz.ods"])
def test_a_spreadsheet_is_read_or_refused(fuzz: ModuleType, name: str) -> None:
    assert fuzz.fuzz(name, seed=7, count=8) == []


def test_all_readers_have_their_share(fuzz: ModuleType) -> None:
    shares = fuzz.shares(10_000)
    assert set(shares) == set(fuzz.readers())
    assert shares["notebook"] == 10_000
    assert sum(n for name, n in shares.items() if name.startswith(("answers", "quiz"))) == 10_000


def test_a_case_is_the_same_again(fuzz: ModuleType) -> None:
    reader = fuzz.readers()["notebook"]
    assert fuzz.case("notebook", reader, 1, 3) == fuzz.case("notebook", reader, 1, 3)
    assert fuzz.case("notebook", reader, 1, 3) != fuzz.case("notebook", reader, 1, 4)


@pytest.mark.parametrize("kind", ["crash", "hang", "memory", "panic"])
def test_what_is_wrong_is_found(
    fuzz: ModuleType, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import time

    def wrong(_: bytes) -> object:
        match kind:
            case "crash":
                os._exit(9)
            case "hang":
                time.sleep(3)
            case "memory":
                return bytearray(3 << 30)
        raise SystemExit

    reader = fuzz.Reader([b"x"], wrong, (ValueError,))
    monkeypatch.setattr(fuzz, "readers", lambda: {"bad": reader})
    monkeypatch.setattr(fuzz, "SECONDS", 1)
    assert fuzz.fuzz("bad", seed=1, count=1)
