"""Steps of the rubric's files and of a folder: what was edited on either side, and written back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

import pytest

from grader.core.errors import UsageError
from grader.core.model import Assignment, Step
from grader.review import rubric_steps, steps
from grader.store.decisions import Decision, StepVersion
from tests.review import evening
from tests.review.conftest import WHY, Room, fields, mark

FILE = """\
[task]
id = "activation"
title = "Activation functions"
points = "2"
notebook = "Activation.ipynb"

[[item]]
id = "why"  # a note of the author's
title = "Why do gradients vanish?"
points = "2"
visibility = "hidden"
hint = "Think."
[item.check]
type = "text_answer"
cell = "why"
"""


def with_step(of: Assignment, *changed: Step) -> Assignment:
    """The assignment with these steps in place of those of their names; `why` is its first item."""
    (task,) = of.tasks
    new = {step.id: step for step in changed}
    why = replace(task.items[0], steps=tuple(new.get(s.id, s) for s in task.items[0].steps))
    return replace(of, tasks=(replace(task, items=(why, *task.items[1:])),))


def change(room: Room, **values: object) -> None:
    """A change of a step in the browser."""
    step = next(s for s in steps.current(room.store, WHY) if s.name == values["name"])
    decision = Decision(kind="step", item=WHY, by="Jo", at=datetime.now(UTC))
    new: StepVersion = replace(step, **values)  # type: ignore[arg-type]
    room.store.decisions.add_step(new, room.store.decisions.add(decision))


def test_a_step_edited_in_the_file_is_told_and_taken_over_as_any_change(
    make: Callable[..., Room],
) -> None:
    room = make()
    number = next(s.id for s in room.store.decisions.steps(WHY) if s.name == "chain")
    mark(room.browser(), f"/item/{WHY}?at={room.code('s0002')}", step=[number])
    of = with_step(room.of, replace(evening.STEPS[0], points=Decimal("0.75")))
    again = Room(room.folder, of)
    jo = again.browser()
    assert "Steps were edited in the rubric’s file after marking began" in jo.get("/").text
    page = jo.get(f"/steps/{WHY}").text
    assert "There: Names the chain rule (+0.75)." in page
    assert again.points("s0002", WHY) == "1.00"  # marks follow what stands here
    told = page.split('class="notice"', 1)[1].split("</form>", 1)[0]
    for _ in range(2):  # what it changes, and then do it
        sent = {n: unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)"', told)}
        shown = jo.post("/steps", data=sent).text
        told = shown.split('action="/steps"', 1)[-1].split("</form>", 1)[0]
    assert again.points("s0002", WHY) == "0.75"
    assert "edited after marking began" not in jo.get(f"/steps/{WHY}").text
    again.store.__exit__(None, None, None)


def test_what_was_changed_in_the_browser_is_no_edit_of_the_file(room: Room) -> None:
    change(room, name="chain", points=Decimal("0.5"))
    assert rubric_steps.edited(room.store, WHY, room.desk.items[WHY][1]) == []


def test_a_step_that_the_file_lost_is_told_and_one_of_the_browser_is_not(room: Room) -> None:
    decision = room.store.decisions.add(Decision(kind="step", by="Jo", at=datetime.now(UTC)))
    own = StepVersion(item=WHY, name="own", text="Draws it", points=Decimal(1))
    room.store.decisions.add_step(own, decision)
    item = replace(room.desk.items[WHY][1], steps=evening.STEPS[1:])
    (found,) = rubric_steps.edited(room.store, WHY, item)
    assert (found.now.name, found.then.hidden) == ("chain", True)


def test_steps_are_written_back_and_are_those_of_the_next_year(room: Room) -> None:
    path = room.of.rubric_dir / "activation.toml"
    path.write_text(FILE)
    change(room, name="wrong", hidden=True)
    change(room, name="chain", text="Names “the” rule")
    of = with_step(room.of)
    ((name, (text, items)),) = rubric_steps.written_back(room.store, of).items()
    assert (name, items, path.read_text()) == ("activation.toml", ["why"], FILE)
    assert text.startswith(FILE)
    assert text.count("[[item.step]]") == 4
    assert 'id = "chain"\ntext = "Names “the” rule"\npoints = "1"\n' in text
    assert 'group = "conclusion"\nexclusive = true\n' in text
    assert "Confuses" not in text


def test_the_order_of_the_file_is_kept(room: Room) -> None:
    of = with_step(room.of)
    (task,) = of.tasks
    turned = replace(task.items[0], steps=task.items[0].steps[::-1])
    of = replace(of, tasks=(replace(task, items=(turned, *task.items[1:])),))
    assert rubric_steps.written_back(room.store, of) == {}


def test_nothing_is_written_where_nothing_was_changed(room: Room) -> None:
    assert rubric_steps.written_back(room.store, room.of) == {}


def test_what_cannot_be_a_rubric_is_not_written(room: Room) -> None:
    (room.of.rubric_dir / "activation.toml").write_text(FILE)
    change(room, name="chain", points=Decimal("0.5"))
    with pytest.raises(UsageError, match=r"the steps come to 1\.5 at most, not to 2 points"):
        rubric_steps.written_back(room.store, room.of)


def test_an_edit_of_the_file_is_not_overwritten(room: Room) -> None:
    of = with_step(room.of, replace(evening.STEPS[0], text="Other words"))
    with pytest.raises(UsageError, match="step chain of activation/why was edited in the rubric"):
        rubric_steps.written_back(room.store, of)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"exclusive": "1"}, "a step that is one of its group needs a group"),
        ({"group": "Conclusion"}, "of group conclusion one alone is chosen"),
    ],
)
def test_groups_are_such_as_files_have(room: Room, typed: dict[str, str], sentence: str) -> None:
    jo = room.browser()
    csrf = fields(jo.get(f"/item/{WHY}?at={room.code('s0000')}"))["csrf"]
    sent = {"csrf": csrf, "item": WHY, "text": "New", "points": "0.5"}
    answer = jo.post("/steps", data=sent | typed)
    assert (answer.status_code, sentence in answer.text) == (400, True)


def test_names_of_new_steps_are_their_first_words() -> None:
    assert steps.new_name("Größe: sagt, wie weit es reicht", []) == "grosse_sagt_wie_weit"
    assert steps.new_name("Draws it", ["draws_it", "draws_it_2"]) == "draws_it_3"
    assert steps.new_name("…", []) == "step"
