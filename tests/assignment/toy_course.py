"""A new assignment with a check type and a probe of its own, for tests."""

from __future__ import annotations

from pathlib import Path

from grader.assignment import scaffold

CHECKS = '''\
from typing import ClassVar

import numpy as np

from grader.checks.base import Check, failed, passed
from grader.core.model import Question


class Total(Check):
    """The sum of what a function returns is the reference's."""

    reference: ClassVar[bool] = True
    function: str
    points: int = 5

    def questions(self, rng):
        params = {"name": self.function, "points": rng.normal(size=self.points)}
        return (Question(probe="total", params=params),)

    def judge(self, case):
        given, wanted = (one.value for one in (case.answers[0], case.expected[0]))
        if given is None or not np.isclose(given["total"], wanted["total"]):
            return failed("The total is another one.")
        return passed("The total is right.")


CHECKS = {"total": Total}
'''

PROBE = '''\
"""What the values of a function come to. Runs beside student code."""

import numpy as np

from . import FUNCTION, probe
from .functions import find


@probe(FUNCTION)
def total(namespace, params):
    function, name = find(namespace, params["name"])
    return {"name": name, "total": float(np.sum(function(params["points"])))}
'''

ITEM = """
[[item]]
id = "total"
title = "Total of the spread"
points = "2"
visibility = "public"
hint = "Add them up."
[item.check]
type = "total"
function = "spread"
[[item.mistake]]
variant = "largest_alone.py"
hint = "This is the largest value alone."
"""


def written(home: Path, name: str = "toy") -> Path:
    """The rubric's folder of what `grader new` writes, with one item more of an own type."""
    for place, text in scaffold.files(name).items():
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    rubric = home / "rubrics" / name
    for file, old, new in (
        ("assignment.toml", 'points = "10"', 'points = "12"'),
        ("first.toml", 'points = "10"', 'points = "12"'),
    ):
        text = (rubric / file).read_text(encoding="utf-8").replace(old, new, 1)
        (rubric / file).write_text(text, encoding="utf-8")
    with (rubric / "first.toml").open("a", encoding="utf-8") as stream:
        stream.write(ITEM)
    reference = home / "reference" / name
    (reference / "probes").mkdir()
    (reference / "checks.py").write_text(CHECKS, encoding="utf-8")
    (reference / "probes" / "total.py").write_text(PROBE, encoding="utf-8")
    return rubric
