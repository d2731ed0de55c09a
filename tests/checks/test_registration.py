"""What is registered is complete: nothing else must be told of a check type."""

from __future__ import annotations

import pytest

from grader.assignment import rubric
from grader.checks import CHECKS
from grader.core.model import Item
from grader.marking import plan
from grader.sandbox.inside import probes
from tests.bundle import ROOT

ITEMS: dict[str, tuple[Item, tuple[str, ...]]] = {}
"""By check type: an item of our assignments, and the probes that it asks."""

for folder in sorted((ROOT / "rubrics").glob("*/assignment.toml")):
    for task in rubric.find(str(folder.parent)).tasks:
        asked = plan.plan(task, 1)
        for item in task.items:
            kind = next(name for name, kind in CHECKS.items() if type(item.check) is kind)
            ITEMS[kind] = item, tuple({question.probe for question in asked[item.id]})


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_what_a_check_type_asks_is_there_and_it_names_its_function(kind: str) -> None:
    item, asked = ITEMS[kind]
    whats = {probes.find(name).about.what for name in asked}
    assert bool(item.check.subject) == bool(whats & {probes.FUNCTION, probes.PLOT})
