"""A quiz: one expression, and the numbers that each student may have got. Trusted, pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.core import toml_text
from grader.core.errors import UsageError
from grader.core.model import QuizResponse
from grader.quiz import graph as graphs
from grader.quiz import marking, variants
from grader.quiz.answers import by_name, number, parts
from grader.quiz.graph import Graph

ENOUGH = 3
"""So many answers of one variant, and more than twice those of any other, tell it by themselves."""


TELLS_WITHIN = 0.005
"""The share of a value within which an answer counts for a variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The graph, and its variants: at least one, each with its right values and tolerances."""

    variants: tuple[Graph, ...]
    keys: tuple[Mapping[str, tuple[float, float]], ...]

    @property
    def names(self) -> dict[str, list[str]]:
        """The names of all values by group, in the order of the quiz."""
        return {g: list(values) for g, values in graphs.solution(self.variants[0]).items()}


def read(path: Path, count: int | None = None, seed: int | None = None) -> Quiz:
    """The quiz that an `autodiff.toml` describes; `count` and `seed` replace its own.

    With `variants = 0`, or none, everybody gets the file's `[point]`.

    Raises:
        UsageError: the file is not right, or the expression has not so many variants.
    """
    graph = graphs.read(path)
    table = toml_text.parse(path.read_bytes())
    count = table.get("variants", 0) if count is None else count
    seed = table.get("seed", 0) if seed is None else seed
    if type(count) is not int or type(seed) is not int or not 0 <= count <= 1000:
        raise UsageError(f"{path}: variants must be a whole number up to 1000, and seed a number")
    drawn = tuple(variants.draw(graph, count, seed)) if count else (graph,)
    return Quiz(variants=drawn, keys=tuple(_key(variant) for variant in drawn))


def _key(variant: Graph) -> dict[str, tuple[float, float]]:
    """What tells a variant: its values, without the one that is 1 in all of them."""
    order = marking.steps(variant)
    right = marking.solve(variant, order)
    slack = marking.tolerances(variant, order, right, TELLS_WITHIN)
    shared = f"adj_{variant.nodes[-1].name}"
    return {s.name: (right[s.name], slack[s.name]) for s in order if s.name != shared}


def fits(quiz: Quiz, response: QuizResponse) -> bool:
    """Whether the answers have this quiz's form: its names, or its numbers of parts."""
    sizes = [len(group) for group in quiz.names.values()]
    cells = [text for key, text in response.values.items() if key.startswith("response ")]
    if not cells:
        known = {name for group in quiz.names.values() for name in group}
        return bool(known & set(response.values))
    if len(cells) == sum(sizes):
        return True
    wanted = [sum(sizes)] if len(cells) == 1 else sizes
    found = [len(parts(cell)) if cell.strip() not in ("", "-") else None for cell in cells]
    return len(found) == len(wanted) and all(
        n in (None, size) or (n == 0 and size == 1) for n, size in zip(found, wanted, strict=True)
    )


def find(quiz: Quiz, response: QuizResponse) -> Graph | None:
    """The variant that a student had: from the question's text, the right answers, or the answers.

    None if it can't be told for certain.
    """
    told = _stated(quiz, response.question)
    if told is not None:
        return next((v for v in quiz.variants if dict(v.point) == told), None)
    if response.right:
        given = by_name(response.right, quiz.names)
        known = _numbers(given)
        matches = [
            v
            for v, key in zip(quiz.variants, quiz.keys, strict=True)
            if _hits(key, known) == len(known.keys() & key.keys()) > 0
        ]
        return matches[0] if len(matches) == 1 else None
    if len(quiz.variants) == 1:
        return quiz.variants[0]
    return _from_answers(quiz, by_name(response.values, quiz.names))


def _stated(quiz: Quiz, text: str) -> dict[str, float] | None:
    """The inputs as the question states them (`x1 = 2.0`); None if it does not state all."""
    point = {}
    for name in quiz.variants[0].point:
        found = re.search(rf"\b{re.escape(name)}\s*=\s*([-−+]?\d+(?:[.,]\d+)?)", text)
        value = number(found[1]) if found else None
        if value is None:
            return None
        point[name] = value
    return point


def _from_answers(quiz: Quiz, given: Mapping[str, str]) -> Graph | None:
    known = _numbers(given)
    ranked = sorted(((_hits(key, known), n) for n, key in enumerate(quiz.keys)), reverse=True)
    (best, place), (second, _) = ranked[:2]
    return quiz.variants[place] if best >= ENOUGH and best > 2 * second else None


def _numbers(given: Mapping[str, str]) -> dict[str, float]:
    read = {name: number(text) for name, text in given.items()}
    return {name: value for name, value in read.items() if value is not None}


def _hits(key: Mapping[str, tuple[float, float]], given: Mapping[str, float]) -> int:
    """How many answers are those of one variant."""
    return sum(
        name in given and abs(given[name] - right) <= slack for name, (right, slack) in key.items()
    )
