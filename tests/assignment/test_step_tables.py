"""Steps written back: where they stood, and not one other line is touched."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.assignment.step_tables import replaced
from grader.core.errors import UsageError
from grader.core.model import Step

HEAD = """\
# of 2021
[task]
id = "words"
title = "Words"
points = "3"
notebook = "Words.ipynb"

[[item]]  # the first
id = "one"
title = "One"
points = "1"
visibility = "hidden"
hint = '''
[[item]]
is no header here'''
[item.check]
type = "text_answer"
cell = "one"
"""
OLD = """
[[item.step]]
id = "good"
text = "Is good."
points = "1"

[[item.step]]
id = "bad"
text = "Is bad."
points = "-0.5"
"""
SECOND = """
# about the second
[[item]]
id = "two"
title = "Two"
points = "2"
visibility = "hidden"
hint = "Think."
[item.check]
type = "text_answer"
cell = "two"
"""
PLAIN = HEAD.replace("[[item]]\nis no", "is no")
NEW = (
    Step(id="all", text='Says "all".', points=Decimal("1.00"), group="how", exclusive=True),
    Step(id="some", text="Tells some – ü", points=Decimal("0.5"), group="how", exclusive=True),
)
WRITTEN = """
[[item.step]]
id = "all"
text = "Says \\"all\\"."
points = "1"
group = "how"
exclusive = true

[[item.step]]
id = "some"
text = "Tells some – ü"
points = "0.5"
group = "how"
exclusive = true
"""


def test_steps_stand_where_others_stood_or_last_in_their_item() -> None:
    assert replaced(PLAIN + OLD + SECOND, {"one": NEW}, "w.toml") == PLAIN + WRITTEN + SECOND
    assert replaced(PLAIN + SECOND, {"one": NEW}, "w.toml") == PLAIN + WRITTEN + SECOND


def test_all_steps_of_an_item_can_go() -> None:
    assert replaced(PLAIN + OLD + SECOND, {"one": ()}, "w.toml") == PLAIN + SECOND


@pytest.mark.parametrize(
    ("text", "steps", "sentence"),
    [
        (HEAD + OLD + SECOND, {"one": NEW}, "w.toml: steps cannot be written into it as it is"),
        (PLAIN + SECOND, {"three": NEW}, "w.toml: steps cannot be written into it as it is"),
        (PLAIN + SECOND, {"two": NEW}, "the steps come to 1 at most, not to 2 points"),
        (PLAIN + SECOND, {"one": NEW[:1]}, "has one exclusive step, which excludes nothing"),
    ],
)
def test_what_would_be_no_rubric_is_refused(
    text: str, steps: dict[str, tuple[Step, ...]], sentence: str
) -> None:
    with pytest.raises(UsageError, match=r"w\.toml") as refused:
        replaced(text, steps, "w.toml")
    assert sentence in str(refused.value)
