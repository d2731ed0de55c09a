"""The public checks: what is in the file, what is not, and that it reads as it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.assignment import rubric
from grader.core import codec, seeds
from grader.core.errors import UsageError
from grader.core.model import Visibility
from grader.marking import plan
from grader.student import public_checks, public_file
from tests.bundle import ROOT, made

ASSIGNMENT = rubric.find(str(ROOT / "rubrics" / "dais2021-a4"))


def document() -> dict[str, object]:
    found: dict[str, object] = json.loads(public_file.dump(made()))
    return found


def written(folder: Path, content: bytes) -> Path:
    (folder / public_file.FILE).write_bytes(content)
    return folder / public_file.FILE


def test_what_is_written_reads_as_the_same(tmp_path: Path) -> None:
    read = public_file.read(written(tmp_path, public_file.dump(made())))
    assert public_file.dump(read) == public_file.dump(made())
    for task in made().assignment.tasks:
        again = read.task(task.id)
        assert [item.check for item in again.items] == [item.check for item in task.items]
        assert (again.points, again.limits, again.prepare) == (
            task.points,
            task.limits,
            task.prepare,
        )
    digests = {
        task: {item: [codec.digest(q) for q in asked] for item, asked in items.items()}
        for task, items in read.asked.items()
    }
    assert digests["activation"]["logistic"] == [
        codec.digest(q) for q in made().asked["activation"]["logistic"]
    ]
    assert read.expected.keys() == made().expected.keys()
    assert read.withheld == made().withheld
    assert read.accuracies == {"fmssvrc": 82.0}


def test_hidden_items_show_their_title_and_points_alone() -> None:
    hidden = {i.id for t in ASSIGNMENT.tasks for i in t.items if i.visibility is Visibility.HIDDEN}
    assert {item.id for item in made().withheld} == hidden
    tasks = document()["tasks"]
    assert isinstance(tasks, list)
    for task in tasks:
        assert hidden.isdisjoint(item["id"] for item in task["items"])
        assert all(set(item) == {"id", "title", "points"} for item in task["withheld"])


def test_the_reference_answers_with_values_alone() -> None:
    plot = made().asked["activation"]["plot_tanh"][0]
    assert set(made().expected[codec.digest(plot)].value) == {"own"}
    shifted = made().asked["activation"]["tanh_grad"][5]
    assert shifted.probe == "shifted_calls"
    assert made().expected[codec.digest(shifted)].value == {}


def test_published_inputs_are_those_of_no_grading() -> None:
    """A submission's seed has 62 bits, the published one does not; the streams differ."""
    task = made().task("activation")
    published = {codec.digest(q) for asked in made().asked["activation"].values() for q in asked}
    assert public_checks.SEED >= 1 << seeds.BITS
    for seed in (0, 1, 2021, public_checks.SEED % (1 << 48), (1 << seeds.BITS) - 1):
        for item, asked in plan.plan(task, seed).items():
            drawn = [q for q in asked if "points" in q.params and len(q.params["points"]) > 5]
            assert published.isdisjoint(codec.digest(question) for question in drawn), item


def test_a_question_that_was_changed_is_refused(tmp_path: Path) -> None:
    changed = public_file.dump(made()).replace(b'"name": "tanh"', b'"name": "relu"')
    with pytest.raises(UsageError, match=r"question .* was changed.*take it from the course"):
        public_file.read(written(tmp_path, changed))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schema": 2}', b"\xff\xfe"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UsageError, match="is damaged, or of another version"):
        public_file.read(written(tmp_path, content))


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    later = document() | {"variants": {"logistic": {}}}
    read = public_file.read(written(tmp_path, json.dumps(later).encode()))
    assert public_file.dump(read) == public_file.dump(made())


def test_the_file_is_found_beside_above_and_below(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "sheet4" / "work"
    inner.mkdir(parents=True)
    file = written(inner.parent, b"{}")
    assert public_file.find(inner.parent) == public_file.find(inner) == file
    assert public_file.find(tmp_path / "repository") == file
    assert public_file.find(tmp_path) == file


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("logistic", ["logistic"]),
        ("plot-tanh", ["plot_tanh"]),
        ("Confusion_Matrix", ["confusion_counts"]),
        ("evaluation", ["kfold_results", "kfold_parameters", "confusion_counts"]),
        ("Evaluation.ipynb", ["kfold_results", "kfold_parameters", "confusion_counts"]),
    ],
)
def test_items_are_found_by_their_names(name: str, items: list[str]) -> None:
    (task,) = public_checks.select(made(), [name])
    assert [item.id for item in task.items] == items
    assert task.points == sum(item.points for item in task.items)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("logstic", "did you mean logistic"),
        ("kfold_partition", "by a person or by the full"),
        ("autodiff", "by a person or by the full"),
        ("xyz", "there are logistic, logistic_grad"),
    ],
)
def test_a_name_of_nothing_public_says_what_there_is(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        public_checks.select(made(), [name])


def test_what_is_asked_the_version_and_whom_to_ask_come_along(tmp_path: Path) -> None:
    read = public_file.read(written(tmp_path, public_file.dump(made())))
    asked = {item.id: item.question for task in read.assignment.tasks for item in task.items}
    assert asked["mlp"] == "Replace the given network by a better multi-layer perceptron."
    assert read.assignment.version == made().assignment.version != ""
    assert read.assignment.questions_to.startswith("the teaching assistants")
    assert read.assignment.questions_until == made().assignment.questions_until


def test_public_points_of_values_are_exact(tmp_path: Path) -> None:
    read = public_file.read(written(tmp_path, public_file.dump(made())))
    for digest, answer in made().expected.items():
        if "values" in (answer.value or {}):
            again = read.expected[digest].value["values"]
            np.testing.assert_array_equal(again, answer.value["values"])


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("tasks", 1, "items", 0, "asked", 0), "0" * 32, "KeyError"),
        (("tasks", 1, "items", 0, "check"), {}, "KeyError: 'type'"),
        (("tasks", 1, "items", 0, "check"), {"type": "own.py"}, "KeyError: 'own.py'"),
        (("tasks", 1, "items", 0, "points"), "NaN", "ValidationError"),
        (("tasks", 1, "limits"), {"patience": 1}, "ValidationError"),
        (("tasks", 1, "limits"), {"memory_mib": -1}, "ValidationError"),
        (("tasks", 1, "limits"), {"processes": 0}, "ValidationError"),
        (("tasks", 1, "limits"), {"cell_seconds": 10**22}, "ValidationError"),
        (("assignment", "due"), "tomorrow", "ValidationError"),
        (("mistakes",), {"a": {"status": "ok", "value": {"$array": "!"}}}, "WireError"),
        (("mistakes",), {"a": {"status": "perhaps", "value": 1}}, "ValidationError"),
    ],
)
def test_whatever_is_damaged_the_file_and_the_mend_are_told(
    tmp_path: Path, place: tuple[str | int, ...], value: object, told: str
) -> None:
    changed = document()
    inner: Any = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    path = written(tmp_path, json.dumps(changed).encode())
    with pytest.raises(UsageError) as refused:
        public_file.read(path)
    assert str(refused.value).startswith(f"{path} is damaged, or of another version of the grader")
    assert told in str(refused.value)
    assert str(refused.value).endswith("; take it from the course again")


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(No such file or directory\)$"):
        public_file.read(tmp_path / public_file.FILE)
    (tmp_path / public_file.FILE).mkdir()
    assert public_file.find(tmp_path / public_file.FILE) != tmp_path / public_file.FILE
    with pytest.raises(UsageError, match=r"cannot be read \(Is a directory\)$"):
        public_file.read(tmp_path / public_file.FILE)


def test_the_nearest_of_several_files_is_taken(tmp_path: Path) -> None:
    for folder in ("b", "a", "a/inner"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, b"{}")
    assert public_file.find(tmp_path) == tmp_path.resolve() / "a" / public_file.FILE
    assert public_file.find(tmp_path / "a" / "inner") == (
        tmp_path.resolve() / "a" / "inner" / public_file.FILE
    )


def test_numbers_keep_twelve_digits_and_all_else_its_form() -> None:
    value = {"a": [1 / 3, 7, True, None, "x"], "b": np.array([[2 / 3], [1e300]])}
    found = public_checks._round(value)
    assert found["a"] == [0.333333333333, 7, True, None, "x"]
    assert found["b"].tolist() == [[0.666666666667], [1e300]]
    whole = np.arange(3)
    assert public_checks._round(whole) is whole


def test_a_name_said_twice_is_asked_once_and_tasks_keep_their_order() -> None:
    tasks = public_checks.select(made(), ["confusion_matrix", "relu", "RELU", "Confusion-Counts"])
    assert [(task.id, [item.id for item in task.items]) for task in tasks] == [
        ("activation", ["relu"]),
        ("evaluation", ["confusion_counts"]),
    ]
    assert [task.id for task in public_checks.select(made(), [])] == [
        "activation",
        "evaluation",
        "fmssvrc",
    ]


def test_a_long_name_of_nothing_is_cut() -> None:
    with pytest.raises(UsageError, match=r"^there is no public item x{60}; there are logistic,"):
        public_checks.select(made(), ["x" * 5000])
