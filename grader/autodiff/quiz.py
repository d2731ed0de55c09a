"""A quiz: one expression, and the numbers that each student may have got. Trusted, pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.autodiff import graph as graphs
from grader.autodiff import marking, variants
from grader.autodiff.answers import by_name, number, parts
from grader.autodiff.graph import Graph
from grader.errors import UsageError
from grader.model import QuizResponse

ENOUGH = 3
"""So many answers of one variant, and more than twice those of any other, tell it by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The graph, and its variants: at least one."""

    variants: tuple[Graph, ...]

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
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    count = table.get("variants", 0) if count is None else count
    seed = table.get("seed", 0) if seed is None else seed
    if type(count) is not int or type(seed) is not int or not 0 <= count <= 1000:
        raise UsageError(f"{path}: variants must be a whole number up to 1000, and seed a number")
    return Quiz(variants=tuple(variants.draw(graph, count, seed)) if count else (graph,))


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
        matches = [v for v in quiz.variants if _hits(v, given) == _readable(given) > 0]
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
    ranked = sorted(((_hits(v, given), n) for n, v in enumerate(quiz.variants)), reverse=True)
    (best, place), (second, _) = ranked[:2]
    return quiz.variants[place] if best >= ENOUGH and best > 2 * second else None


def _hits(variant: Graph, given: Mapping[str, str]) -> int:
    """How many answers are this variant's; values that all variants share do not count."""
    return sum(
        mark.verdict is marking.Verdict.RIGHT
        for mark in marking.mark(variant, given)
        if mark.name != f"adj_{variant.nodes[-1].name}"
    )


def _readable(given: Mapping[str, str]) -> int:
    last = max((n for n in given if n.startswith("adj_v")), key=lambda n: int(n[5:]), default="")
    return sum(number(text) is not None for name, text in given.items() if name != last)
