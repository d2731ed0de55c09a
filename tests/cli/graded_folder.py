"""Commands on a folder that was graded, of an assignment that a test may change."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from grader.cli.main import main
from tests.course import assignment

rubrics: list[object] = []
"""What is found for the folder's assignment: the last one."""


def run(*words: object, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=answer)


def refused(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line.removeprefix("grader: ")


def points(results: Path) -> list[str]:
    document = json.loads((results / "results.json").read_text())
    return [entry["points"] for entry in document["submissions"]]


def change(results: Path, points: str = "2", variant: str = "") -> None:
    """Its first item is now worth so many points, or asks for another variant."""
    of = assignment(results / "reference", points=points, variant=variant, digest="new")
    rubrics.append(of)
