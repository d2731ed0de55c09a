"""The counterparts of questions that came as one: each is spoken to in its turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.sandbox.outside import counterparts

PARAMS = {"script": np.array([[2, 0, 1]]), "classes": 3, "target": np.arange(3)}
KFOLD: dict[str, Any] = {"probe": "kfold", "params": PARAMS}
PLAIN: dict[str, Any] = {"probe": "call_function", "params": {"name": "f"}}
TOLD = {"told": [["model", [3]], ["call", 0, "a", [0, 1], [0, 0], False]]}


def apart() -> counterparts.Counterpart:
    """Of one question without a counterpart, and of two that have one."""
    params = {"cells": [], "questions": [PLAIN, KFOLD, KFOLD]}
    found = counterparts.counterpart({"probe": "within", "params": params})
    assert found is not None
    return found


def test_most_questions_have_none_and_go_in_as_they_are() -> None:
    assert counterparts.counterpart(PLAIN) is None
    assert counterparts.sent(PLAIN) is PLAIN


def test_of_questions_that_come_as_one_no_script_goes_in() -> None:
    params = {"cells": ["x = 1"], "questions": [PLAIN, KFOLD]}
    gone = counterparts.sent({"probe": "within", "params": params, "seconds": 5})
    plain, kfold = gone["params"]["questions"]
    assert (gone["seconds"], gone["params"]["cells"], plain) == (5, ["x = 1"], PLAIN)
    assert set(kfold["params"]) == {"classes", "target"}
    assert set(PARAMS) == {"script", "classes", "target"}  # the question itself keeps it


def test_each_has_its_own_reply_and_record() -> None:
    found = apart()
    assert found.record() == [None, {"phases": []}, {"phases": []}]
    assert found.hear({"about": 2, "handed": TOLD}) == {"classes": [2, 0], "lasting": True}
    first, second, third = found.record()
    assert (first, second) == (None, {"phases": []})
    assert [phase["evaluations"] for phase in third["phases"]] == [[[0, 1]]]


@pytest.mark.parametrize("about", [0, -1, True, 1.0, 3, "1", None])
def test_no_other_part_can_be_spoken_to(about: Any) -> None:
    found = apart()
    with pytest.raises((ValueError, IndexError, TypeError)):
        found.hear({"about": about, "handed": TOLD})
    assert found.record() == [None, {"phases": []}, {"phases": []}]


def test_one_that_is_answered_is_not_spoken_to_again() -> None:
    found = apart()
    found.hear({"about": 1, "handed": TOLD})
    found.hear({"about": 2, "handed": TOLD})
    with pytest.raises(ValueError, match="no question that is being asked"):
        found.hear({"about": 1, "handed": {"told": []}})
