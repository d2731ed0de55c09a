"""Full sight of the bundle and ten thousand checks teach no hidden input and no hidden answer."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.assignment import release, rubric
from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Case, Resource, Submission
from grader.core.notebook import read
from grader.marking import plan
from grader.student import public_checks, public_file
from grader.student.selfcheck import SelfCheck
from tests.bundle import REFERENCE, RIGHT, ROOT, door, made, namespace

pytestmark = pytest.mark.hostile

ASSIGNMENT = rubric.find(str(ROOT / "rubrics" / "dais2021-a4"))
CALLS = 10_000


def bundle() -> dict[str, bytes]:
    return release.notebooks(ASSIGNMENT) | {public_file.FILE: public_file.dump(made())}


def arrays(value: object) -> list[np.ndarray[Any, Any]]:
    """Every array in a question's parameters or an answer."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        return [array for inner in value.values() for array in arrays(inner)]
    return [a for inner in value for a in arrays(inner)] if isinstance(value, (list, tuple)) else []


def hidden_of(seed: int) -> dict[str, list[np.ndarray[Any, Any]]]:
    """Everything that the grading of one submission asks, by item; fixed points are no secret."""
    found = {}
    for task in ASSIGNMENT.tasks:
        for item, asked in plan.plan(task, seed).items():
            drawn = [a for q in asked for a in arrays(dict(q.params)) if a.size > 5]
            found[f"{task.id}/{item}"] = drawn
    return found


def numbers_seen() -> set[float]:
    """Every number that the bundle shows: in arrays, and written out."""
    seen: set[float] = set()

    def look(value: object) -> None:
        if isinstance(value, dict) and set(value) == {"$array"}:
            seen.update(float(x) for x in codec.read_array(value["$array"]).reshape(-1))
        elif isinstance(value, dict):
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)
        elif isinstance(value, (int, float)):
            seen.add(float(value))

    look(json.loads(bundle()[public_file.FILE]))
    return seen


def test_no_hidden_input_or_answer_is_in_the_bundle() -> None:
    """Neither as bytes, nor in base64, nor as single numbers."""
    names = namespace((REFERENCE / "ActivationFunctions.ipynb").read_bytes())
    everything = b"".join(bundle().values())
    seen = numbers_seen()
    for batch in (1, 7, 20210530):
        submission = Submission(student="eve", name="Eve", notebooks={}, missing={}, digest="d")
        seed = plan.submission_seed(batch, submission)
        for key, drawn in hidden_of(seed).items():
            for array in drawn:
                raw = array.tobytes()
                assert raw not in everything, key
                assert base64.b64encode(raw)[:-4] not in everything, key
                if array.dtype.kind == "f" and key.startswith("activation"):
                    drawn_points = array[array != np.round(array, 1)]
                    assert set(map(float, drawn_points)).isdisjoint(seen), key
                    for name in ("logistic", "tanh", "tanh_grad"):
                        values = np.asarray(names[name](drawn_points))
                        inner = {float(v) for v in values if 0 < abs(v) < 0.999}
                        assert inner.isdisjoint(seen), key


def test_no_seed_in_reach_makes_a_gradings_inputs() -> None:
    """Seeds near the published one, small ones, and every whole number that the bundle holds."""
    submission = Submission(student="eve", name="Eve", notebooks={}, missing={}, digest="d")
    true = plan.submission_seed(20210530, submission)
    item = made().task("activation").items[0]
    secret = next(q for q in plan.plan(made().task("activation"), true)[item.id])
    whole = {int(x) for x in numbers_seen() if np.isfinite(x) and x == int(x) and x >= 0}
    nearby = {public_checks.SEED + n for n in range(300)} | {
        public_checks.SEED % (1 << 48),
        public_checks.SEED >> 16,
    }
    guesses = whole | nearby | set(range(2000))
    assert true not in guesses
    few = replace(made().task("activation"), items=(item,))
    for guess in guesses:
        drawn = plan.plan(few, guess)[item.id][0]
        assert codec.digest(drawn) != codec.digest(secret)


def test_ten_thousand_chosen_wrong_answers_learn_public_things_alone() -> None:
    """Whatever is answered: what comes back is a fixed word, own values, and public points."""
    item = made().task("activation").items[0]
    asked = made().asked["activation"][item.id]
    expected = tuple(made().expected[codec.digest(question)] for question in asked)
    rng, chance = np.random.default_rng(3), random.Random(3)
    allowed = {f"{item.check.subject}({x:g})" for x in (-2, -0.5, 1, 3, -1000, 1000)}
    told: set[str] = set()

    def forged(right: Answer) -> Answer:
        truth = right.value["values"]
        wrong = rng.normal(size=truth.shape) * 10.0 ** chance.randint(-8, 3)
        values = np.where(rng.random(truth.shape) < chance.random(), truth, wrong)
        return Answer(status=AnswerStatus.OK, value={"values": values})

    for _ in range(CALLS):
        case = Case(asked=asked, answers=tuple(map(forged, expected)), expected=expected)
        outcome = item.check.judge(case)
        told.add(outcome.message)
        for line in outcome.details.get("expected", []):
            assert line.split(" = ")[0] in allowed
    assert len(told) <= 5, told


def test_the_checked_notebook_is_asked_public_questions_alone() -> None:
    """A notebook that writes down all that it is asked has seen nothing but the bundle."""
    seen: list[str] = []

    def spying(notebook: Any, questions: Any, around: Any, **more: Any) -> Any:
        seen.extend(codec.digest(question) for question in questions)
        assert around.mounts == {}
        assert around.files == {}
        return door(notebook, questions, around, **more)

    submission = Submission(
        student="e", name="e", missing={}, notebooks={"activation": read(RIGHT, "a.ipynb")}
    )
    SelfCheck(public=made(), submission=submission, door=spying).run((made().task("activation"),))
    public_ones = set(json.loads(bundle()[public_file.FILE])["questions"])
    assert set(seen) <= public_ones
    assert seen


def test_resources_named_in_the_bundle_are_names_and_no_data() -> None:
    named = [
        value
        for items in made().asked.values()
        for asked in items.values()
        for question in asked
        for value in question.params.values()
        if isinstance(value, Resource)
    ]
    assert named
    assert len(bundle()[public_file.FILE]) < 400_000
