"""Rubric files: what is right is read, and every refusal is one sentence with place and mend."""

from __future__ import annotations

import shutil
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core.errors import UsageError
from grader.core.model import Assignment, AttemptRule, Limits, Visibility

ROOT = Path(__file__).parents[2]

HEAD = """\
[assignment]
name = "mine"
title = "Mine"
points = "5"
pass_points = "2.50"
due = 2030-01-31T20:00:00
timezone = "Europe/Berlin"
tasks = ["first", "quiz"]
"""
FIRST = """\
[task]
id = "first"
title = "First"
points = "3"
notebook = "First.ipynb"
prepare = ["figures", "training"]
[[item]]
id = "f"
title = "The function"
points = "2"
visibility = "public"
hint = "  Think.  "
[item.check]
type = "function_values"
function = "f"
[[item.mistake]]
variant = "sign.py"
hint = "The sign is wrong."
[[item]]
id = "words"
title = "In words"
points = "1"
visibility = "hidden"
hint = "Why?"
needs = ["f"]
[item.check]
type = "text_answer"
cell = "a"
"""
QUIZ = """\
[task]
id = "quiz"
title = "Quiz"
points = "2"
[[item]]
id = "forward"
title = "Forward"
points = "2"
visibility = "hidden"
hint = "One by one."
[item.check]
type = "autodiff_values"
group = "forward"
"""
STEPS = """\
[[item.step]]
id = "product"
text = "Names the product of derivatives."
points = "0.5"
[[item.step]]
id = "all"
text = "Says it of all layers."
points = "0.5"
group = "layers"
exclusive = true
[[item.step]]
id = "some"
text = "Says it of some layers."
points = "0.25"
group = "layers"
exclusive = true
[[item.step]]
id = "confused"
text = "Takes it for the opposite."
points = "-0.5"
"""


class Course:
    """An assignment's files, which a test changes and reads."""

    def __init__(self, folder: Path) -> None:
        self.rubric = folder / "rubrics" / "mine"
        (self.rubric / "mistakes").mkdir(parents=True)
        self.texts = {"assignment": HEAD, "first": FIRST, "quiz": QUIZ}
        (self.rubric / "mistakes" / "sign.py").write_text("def f(x):\n    return -x\n")

    def change(self, file: str, old: str, new: str) -> None:
        assert old in self.texts[file]
        self.texts[file] = self.texts[file].replace(old, new, 1)

    def read(self) -> Assignment:
        for name, text in self.texts.items():
            (self.rubric / f"{name}.toml").write_text(text, encoding="utf-8")
        return rubric.load(self.rubric, self.rubric.parents[1] / "reference" / "mine")

    def refusal(self) -> str:
        with pytest.raises(UsageError) as refused:
            self.read()
        assert refused.value.exit_code == 2
        assert "\n" not in str(refused.value)
        return str(refused.value)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def test_whom_to_ask_and_what_is_asked_are_read(course: Course) -> None:
    found = course.read()
    assert (found.questions_to, found.questions_until) == ("", None)
    assert [item.question for item in found.tasks[0].items] == ["", ""]
    asked = 'questions_to = "Jo"\nquestions_until = 2030-02-10T12:00:00\ntasks ='
    course.change("assignment", "tasks =", asked)
    course.change("first", 'hint = "  Think.  "', 'question = " Write f. "\nhint = "Think."')
    course.change("first", 'cell = "a"', 'cell = "a"\nquestion = "What does f tell?"')
    found = course.read()
    assert found.questions_to == "Jo"
    assert str(found.questions_until) == "2030-02-10 12:00:00+01:00"
    assert [item.question for item in found.tasks[0].items] == ["Write f.", "What does f tell?"]


def test_what_is_written_is_read(course: Course) -> None:
    found = course.read()
    assert (found.name, found.points, found.pass_points) == ("mine", Decimal(5), Decimal("2.50"))
    assert found.due.utcoffset() == timedelta(hours=1)
    first, quiz = found.tasks
    assert (first.notebook, first.prepare) == ("First.ipynb", ("figures", "training"))
    assert first.limits == Limits()
    f, words = first.items
    assert (f.hint, f.visibility, f.points) == ("Think.", Visibility.PUBLIC, Decimal(2))
    assert (f.check.subject, f.needs, words.needs) == ("f", (), ("f",))
    assert [(one.name, one.hint) for one in f.mistakes] == [("sign.py", "The sign is wrong.")]
    assert "return -x" in f.mistakes[0].code
    assert (quiz.notebook, quiz.attempt) == (None, AttemptRule.HIGHEST)


def test_a_tasks_limits_come_before_the_assignments(course: Course) -> None:
    course.texts["assignment"] += "[limits]\ncell_seconds = 7\nmemory_mib = 8\n"
    course.texts["first"] += "[limits]\nmemory_mib = 9\n"
    limits = course.read().tasks[0].limits
    assert (limits.cell_seconds, limits.memory_mib, limits.disk_mib) == (7, 9, 512)


def test_the_late_rule_is_read(course: Course) -> None:
    course.texts["assignment"] += '[late]\npercent_per_day = "12.5"\ndays = 0\n'
    late = course.read().late
    assert (late.percent_per_day, late.grace_minutes, late.days) == (Decimal("12.5"), 0, 0)


def test_a_limit_of_0_is_none_where_0_is_documented(course: Course) -> None:
    """These are the ones whose default is 0."""
    zero = [limit.name for limit in fields(Limits) if limit.default == 0]
    assert zero == ["cpu_seconds", "training_epochs", "training_seconds", "submission_seconds"]
    course.texts["assignment"] += "[limits]\n" + "".join(f"{name} = 5\n" for name in zero)
    course.texts["first"] += "[limits]\n" + "".join(f"{name} = 0\n" for name in zero)
    limits = course.read().tasks[0].limits
    assert [getattr(limits, name) for name in zero] == [0, 0, 0, 0]


@pytest.mark.parametrize("name", [limit.name for limit in fields(Limits) if limit.default != 0])
def test_a_limit_of_0_is_refused_where_it_means_nothing(course: Course, name: str) -> None:
    course.texts["assignment"] += f"[limits]\n{name} = 0\n"
    assert course.refusal() == (
        f"rubrics/mine/assignment.toml: [limits]: {name} is 0; expected greater than or equal to 1"
    )


def test_steps_are_read(course: Course) -> None:
    course.texts["first"] += STEPS
    steps = course.read().tasks[0].items[1].steps
    assert [(step.id, str(step.points), step.group, step.exclusive) for step in steps] == [
        ("product", "0.5", "", False),
        ("all", "0.5", "layers", True),
        ("some", "0.25", "layers", True),
        ("confused", "-0.5", "", False),
    ]
    assert steps[0].text == "Names the product of derivatives."


def test_the_counted_network_is_a_fixture_of_its_own(course: Course) -> None:
    course.change("first", "prepare", 'network = "last"\nprepare')
    assert course.read().tasks[0].prepare == ("figures", "training", "count_last_network")


# --- refusals ---------------------------------------------------------------------------------

TEXT = 'expected a number in quotes such as "1.5", with two decimals at most'

WRONG_HEAD = {
    ('points = "5"', 'point = "5"'): "[assignment]: key 'point' is unknown; did you mean 'points'?",
    ('points = "5"', "points = 5"): f"[assignment]: points is 5; {TEXT}",
    ('points = "5"', 'points = "5.001"'): f"[assignment]: points is '5.001'; {TEXT}",
    ('points = "5"', 'points = "-5"'): f"[assignment]: points is '-5'; {TEXT}",
    ('points = "5"', 'points = "1E+30"'): f"[assignment]: points is '1E+30'; {TEXT}",
    ('points = "5"', 'points = "nan"'): f"[assignment]: points is 'nan'; {TEXT}",
    ('points = "5"', 'points = "٥"'): f"[assignment]: points is '٥'; {TEXT}",
    ('points = "5"', 'points = "6"'): "the tasks add up to 5, not to 6 points",
    ('points = "5"', 'points = "0"'): (
        '[assignment]: points is "0"; expected more, or nothing can be earned'
    ),
    ('"2.50"', '"5.01"'): "[assignment]: pass_points is 5.01, more than 5 points",
    ('name = "mine"', ""): "[assignment]: key 'name' is missing",
    ('name = "mine"', 'name = "../mine"'): (
        "[assignment]: name is '../mine'; expected lower-case letters, digits and - only"
    ),
    ('name = "mine"', 'name = "yours"'): (
        "[assignment]: name is 'yours'; expected 'mine', the name of the rubric's folder"
    ),
    ('title = "Mine"', 'title = " "'): "[assignment]: title is ' '; expected text",
    ('title = "Mine"', "title = 3"): "[assignment]: title is 3; expected text",
    ('title = "Mine"', f'title = ["{"x" * 900}"]'): "x…; expected text",
    ("2030-01-31T20:00:00", '"tomorrow"'): (
        "[assignment]: due is 'tomorrow'; expected a local time such as 2021-05-30T20:00:00"
    ),
    ("2030-01-31T20:00:00", "2030-01-31"): "due is '2030-01-31'; expected a local time",
    ("2030-01-31T20:00:00", "2030-01-31T20:00:00Z"): "; expected a local time such as",
    ("2030-01-31T20:00:00", "0001-01-01T00:00:00"): "; expected a local time such as",
    ("tasks =", "questions_until = 2030-02-10T12:00:00\ntasks ="): (
        "[assignment]: questions_until does nothing without questions_to"
    ),
    ("Europe/Berlin", "Berlin"): (
        "[assignment]: timezone is 'Berlin'; expected one such as Europe/Berlin"
    ),
    ("Europe/Berlin", "../etc/passwd"): "; expected one such as Europe/Berlin",
    ("Europe/Berlin", "Europe"): "; expected one such as Europe/Berlin",
    ('["first", "quiz"]', "[]"): "[assignment]: tasks is []; expected 1 at least",
    ('["first", "quiz"]', '"first"'): "[assignment]: tasks is 'first'; expected a list",
    ('["first", "quiz"]', '["first", "../quiz"]'): (
        "[assignment]: tasks number 2 is '../quiz'; expected a name of letters, digits, _ and -"
    ),
    ('["first", "quiz"]', '["first", "first"]'): "[assignment]: task first occurs twice",
    ('["first", "quiz"]', '["first", "second"]'): (
        "rubrics/mine/second.toml is missing; every task of the assignment needs one"
    ),
    ("[assignment]", "[assigment]"): "key 'assigment' is unknown; did you mean 'assignment'?",
    ("[assignment]", "assignment = 3\n[late]"): "[late]: key 'name' is unknown; known are days,",
    ("[assignment]", "[assignment"): "assignment.toml is not TOML: ",
    ("[assignment]", f"{'a.' * 20_000}a = 1\n[assignment]"): "a key has more than 24 parts",
    ("[assignment]", f"a = {'9' * 5000}\n[assignment]"): "is not TOML: Exceeds the limit",
}
WRONG_LATE = {
    "per_day = 1": "[late]: key 'per_day' is unknown; did you mean 'percent_per_day'?",
    'percent_per_day = "ten"': "[late]: percent_per_day is 'ten'; expected a valid decimal",
    'percent_per_day = "-1"': "percent_per_day is '-1'; expected greater than or equal to 0",
    'percent_per_day = "101"': "expected less than or equal to 100",
    'percent_per_day = "nan"': "[late]: percent_per_day is 'nan'; expected a finite number",
    "days = -1": "[late]: days is -1; expected greater than or equal to 0",
    "days = 1.5": "[late]: days is 1.5; expected a whole number",
    "days = 5000": "[late]: days is 5000; expected less than or equal to 366",
    "grace_minutes = true": "[late]: grace_minutes is True; expected a whole number",
    "grace_minutes = 10000000000": "expected less than or equal to 527040",
}
WRONG_TASK = {
    ('id = "first"', 'id = "second"'): "the task's id is 'second'; expected 'first'",
    ("[task]", "[tasks]"): "key 'tasks' is unknown; did you mean 'task'?",
    ("notebook", "note_book"): "[task]: key 'note_book' is unknown; did you mean 'notebook'?",
    ('"First.ipynb"', '"../../x.ipynb"'): (
        "[task]: notebook is '../../x.ipynb'; expected a file's name alone, ending in .ipynb"
    ),
    ('"First.ipynb"', '"/etc/x.ipynb"'): "expected a file's name alone, ending in .ipynb",
    ('"First.ipynb"', r'"a\\b.ipynb"'): "expected a file's name alone, ending in .ipynb",
    ('"First.ipynb"', '".ipynb"'): "expected a file's name alone, ending in .ipynb",
    ('"First.ipynb"', '"First"'): "expected a file's name alone, ending in .ipynb",
    ('["figures", "training"]', '["figure"]'): (
        "[task]: prepare number 1 is 'figure'; expected one of fashion_mnist, figures, training,"
    ),
    ('["figures", "training"]', '["cuda"]'): "[task]: prepare number 1 is 'cuda'; expected one of",
    ('["figures", "training"]', '["figures", "figures"]'): "fixture figures occurs twice",
    ('prepare = ["figures", "training"]', 'network = "last"'): (
        '[task]: network does nothing without "training" in prepare'
    ),
    ("prepare", 'network = "best"\nprepare'): (
        "[task]: network is 'best'; expected 'evaluated' or 'last'"
    ),
    ("prepare", 'attempt = "last"\nprepare'): (
        "[task]: attempt is of a quiz, and does nothing in a task with a notebook"
    ),
    ('notebook = "First.ipynb"', ""): "[task]: prepare does nothing without a notebook",
    ('notebook = "First.ipynb"\nprepare = ["figures", "training"]', ""): (
        "item f: its check looks at a notebook; the task needs a notebook"
    ),
    ('points = "3"', 'points = "4"'): "rubrics/mine/first.toml: the items add up to 3, not to 4",
    ('points = "3"', 'points = "0"'): '[task]: points is "0"; expected more',
    ("[task]", "[limits]\ncell_second = 3\n[task]"): "[limits]: key 'cell_second' is unknown",
    (
        "[task]",
        "[limits]\ncell_seconds = 1.5\n[task]",
    ): "cell_seconds is 1.5; expected a whole number",
}
WRONG_TASK |= {
    ('["figures", "training"]', '["figures"]\n[limits]\ntraining_seconds = 9'): (
        '[limits]: training_seconds does nothing without "training" in the task\'s prepare'
    ),
}
WRONG_ITEM = {
    ('cell = "a"', 'cell = "a"\n[[item.mistake]]\nvariant = "sign.py"\nhint = "h"'): (
        "item words: a mistake does nothing here: its check runs no function"
    ),
    ('id = "f"', 'id = "f/g"'): (
        "item f/g: id is 'f/g'; expected a name of letters, digits, _ and -"
    ),
    ('id = "f"', 'id = "=f"'): "expected a name of letters, digits, _ and -",
    ('id = "f"', f'id = "{"f" * 99}"'): "expected a name of letters, digits, _ and -",
    ('id = "f"', ""): "item number 1: key 'id' is missing",
    ('id = "words"', 'id = "f"'): "item f occurs twice",
    ('hint = "Why?"', 'hints = "Why?"'): "item words: key 'hints' is unknown; did you mean 'hint'?",
    ('hint = "Why?"', ""): "item words: key 'hint' is missing",
    ('"hidden"', '"secret"'): "item words: visibility is 'secret'; expected 'public' or 'hidden'",
    ('["f"]', '["g"]'): "item words: needs 'g', which is no item here",
    ('["f"]', '["words"]'): "items need each other: words, words",
    ('["f"]', "[3]"): "item words: needs number 1 is 3; expected a name of letters",
    ('[item.check]\ntype = "text_answer"\ncell = "a"', ""): "item words: table [check] is missing",
    ('type = "text_answer"', ""): "item words: check: key 'type' is missing",
    ('"text_answer"', '"text_answers"'): (
        "item words: check type 'text_answers' does not exist; did you mean 'text_answer'?"
    ),
    ('cell = "a"', 'cel = "a"'): "item words: check: key 'cel' is unknown; did you mean 'cell'?",
    ('cell = "a"', ""): "item words: check: key 'cell' is missing",
    ('cell = "a"', 'cell = "a"\ncomments = "yes"'): (
        "item words: check: comments is 'yes'; expected true or false"
    ),
    ('function = "f"', 'function = "f"\ntolerance = "0.1"'): (
        "item f: check: tolerance is '0.1'; expected a number"
    ),
    ('variant = "sign.py"', 'variant = "../sign.py"'): (
        "item f: mistake ../sign.py: variant is '../sign.py'; expected a file's name alone"
    ),
    ('variant = "sign.py"', 'variant = "gone.py"'): "item f: mine/mistakes/gone.py is missing",
    ('variant = "sign.py"', ""): "item f: mistake number 1: key 'variant' is missing",
    ('hint = "The sign is wrong."', ""): "item f: mistake sign.py: key 'hint' is missing",
    ("[[item]]", "[item]"): "not TOML",
}
WRONG_STEP = {
    ('"product"', '"a b"'): "item words: step a b: id is 'a b'; expected a name of letters",
    ('"product"', '"all"'): "item words: step all occurs twice",
    ('points = "0.5"', 'points = "0.75"'): (
        "item words: the steps come to 1.25 at most, not to 1 points"
    ),
    ('points = "0.25"', 'points = "0.75"'): (
        "item words: the steps come to 1.25 at most, not to 1 points"
    ),
    ('points = "-0.5"', "points = -0.5"): f"item words: step confused: points is -0.5; {TEXT}",
    ('points = "-0.5"', 'points = "--1"'): f"item words: step confused: points is '--1'; {TEXT}",
    ('text = "Takes it for the opposite."', ""): "item words: step confused: key 'text' is missing",
    ('"layers"\nexclusive = true', '"layers"'): (
        "item words: of group layers some steps are exclusive, and some are not"
    ),
    ('group = "layers"\nexclusive', 'group = "alone"\nexclusive'): (
        "item words: group alone has one exclusive step, which excludes nothing"
    ),
    ('group = "layers"\n', ""): "item words: step all is exclusive, but of no group",
    ("exclusive = true", "exclude = true"): (
        "item words: step all: key 'exclude' is unknown; did you mean 'exclusive'?"
    ),
}


@pytest.mark.parametrize(("change", "told"), WRONG_HEAD.items(), ids=str)
def test_what_is_wrong_in_an_assignment_is_told(
    course: Course, change: tuple[str, str], told: str
) -> None:
    course.change("assignment", *change)
    line = course.refusal()
    assert told in line
    assert line.startswith("rubrics/mine/")


@pytest.mark.parametrize(("line", "told"), WRONG_LATE.items())
def test_what_is_wrong_in_the_late_rule_is_told(course: Course, line: str, told: str) -> None:
    course.texts["assignment"] += f"[late]\n{line}\n"
    assert told in course.refusal()


@pytest.mark.parametrize(("change", "told"), (WRONG_TASK | WRONG_ITEM).items(), ids=str)
def test_what_is_wrong_in_a_task_is_told(
    course: Course, change: tuple[str, str], told: str
) -> None:
    course.change("first", *change)
    line = course.refusal()
    assert told in line
    assert line.startswith("rubrics/mine/first.toml")


@pytest.mark.parametrize(("change", "told"), WRONG_STEP.items(), ids=str)
def test_what_is_wrong_in_the_steps_is_told(
    course: Course, change: tuple[str, str], told: str
) -> None:
    course.texts["first"] += STEPS
    course.change("first", *change)
    assert told in course.refusal()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("[[item]]", "[limits]\ncell_seconds = 3\n[[item]]"), "[limits] are of a notebook"),
        (('points = "2"', 'points = "2"\nprepare = ["figures"]'), "prepare does nothing"),
        (
            ('points = "2"', 'points = "2"\nattempt = "best"'),
            "expected 'highest', 'first' or 'last'",
        ),
        (('group = "forward"', 'group = "forward"\ngraph = "../x.toml"'), "expected a file's name"),
    ],
    ids=str,
)
def test_what_does_nothing_in_a_quiz_is_told(
    course: Course, change: tuple[str, str], told: str
) -> None:
    course.change("quiz", *change)
    assert told in course.refusal()


@pytest.mark.parametrize(
    ("code", "told"),
    [("def f(x:\n", "is no Python"), ("x = 1\0", "is no Python"), ("(" * 900, "is no Python")],
    ids=["syntax", "null", "deep"],
)
def test_a_mistake_that_is_no_python_is_told(course: Course, code: str, told: str) -> None:
    (course.rubric / "mistakes" / "sign.py").write_text(code)
    assert f"item f: mine/mistakes/sign.py {told}" in course.refusal()


def test_a_mistyped_key_is_told_before_what_is_missing_for_it(course: Course) -> None:
    course.change("first", "function = ", "funktion = ")
    assert course.refusal() == (
        "rubrics/mine/first.toml: item f: check: key 'funktion' is unknown; "
        "did you mean 'function'?"
    )


# --- which assignment -------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A home, a current folder and a checkout, each without an assignment."""
    found = {name: tmp_path / name for name in ("home", "here", "checkout")}
    for place in found.values():
        place.mkdir()
    (found["checkout"] / "pyproject.toml").touch()
    monkeypatch.setenv("GRADER_HOME", str(found["home"]))
    monkeypatch.chdir(found["here"])
    monkeypatch.setattr(rubric, "CHECKOUT", found["checkout"])
    return found


def put(place: Path, *names: str) -> None:
    """Assignments with these names below a place."""
    for name in names:
        folder = place / "rubrics" / name
        folder.mkdir(parents=True)
        head = HEAD.replace('"mine"', f'"{name}"').replace('"5"', '"2"').replace('"first", ', "")
        (folder / "assignment.toml").write_text(head.replace("2.50", "1"))
        (folder / "quiz.toml").write_text(QUIZ)


@pytest.mark.parametrize("place", ["home", "here", "checkout"])
def test_without_a_name_the_only_assignment_is_taken(places: dict[str, Path], place: str) -> None:
    put(places[place], "mine")
    found = rubric.find()
    assert found.rubric_dir == places[place] / "rubrics" / "mine"
    assert found.reference_dir == places[place] / "reference" / "mine"


def test_the_nearest_place_decides(places: dict[str, Path]) -> None:
    put(places["checkout"], "example", "other")
    put(places["here"], "mine")
    assert rubric.find().name == "mine"
    assert rubric.find("other").name == "other"


def test_several_are_listed(places: dict[str, Path]) -> None:
    put(places["here"], "second", "first")
    with pytest.raises(UsageError) as told:
        rubric.find()
    assert str(told.value) == (
        f"there are several assignments in {places['here']}/rubrics: first, second; name one "
        "(--assignment NAME, or grader selftest NAME)"
    )


@pytest.mark.usefixtures("places")
def test_none_is_told() -> None:
    with pytest.raises(UsageError, match="; go to the course's folder, or name a rubric"):
        rubric.find()


def test_beside_an_installed_package_nothing_is_looked_for(places: dict[str, Path]) -> None:
    put(places["checkout"], "of-another-package")
    (places["checkout"] / "pyproject.toml").unlink()
    with pytest.raises(UsageError, match="no assignment was found"):
        rubric.find()


def test_the_checkout_is_where_the_package_lies() -> None:
    assert Path(rubric.__file__) == rubric.CHECKOUT / "grader" / "assignment" / "rubric.py"


def test_an_assignment_that_is_nowhere_is_told() -> None:
    with pytest.raises(
        UsageError, match="assignment gone was not found: there is no rubrics/gone/"
    ):
        rubric.find("gone")
    for odd in ("x" * 5000, "a\0b"):
        with pytest.raises(UsageError, match="was not found: there is no rubrics/"):
            rubric.find(odd)


@pytest.mark.parametrize(
    ("base", "told"), [("assign", ""), ("nothing", "base is 'nothing', which no item here checks")]
)
def test_a_base_is_a_function_that_another_item_checks(
    base: str, told: str, tmp_path: Path
) -> None:
    for kind in ("rubrics", "reference"):
        shutil.copytree(ROOT / kind / "kmeans-example", tmp_path / kind / "kmeans-example")
    path = tmp_path / "rubrics" / "kmeans-example" / "kmeans.toml"
    text = path.read_text().replace('function = "update"', f'function = "update"\nbase = "{base}"')
    path.write_text(text)
    if told:
        with pytest.raises(UsageError, match=f"item update: {told}$"):
            rubric.find(str(path.parent))
    else:
        (task,) = rubric.find(str(path.parent)).tasks
        assert [i.check.model_dump().get("base") for i in task.items if i.id == "update"] == [base]
