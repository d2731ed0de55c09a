"""A course of 40 as Moodle gives it: submissions, worksheet and quiz; or, in teams, without a quiz.

Two are of one name; one is late, one has an extension, one saved a draft, three hand in nothing.
Nothing is run: a notebook says whether it is right.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from grader.assignment import rubric
from grader.checks.base import Check, failed, passed
from grader.core.model import Assignment, Case, LateRule, Outcome
from tests import course

KEYS = range(101, 141)
LATE, EXTENDED, DRAFT, MISSING = 104, 106, 110, (138, 139, 140)
NAMESAKES, QUIZ_ALONE = (120, 121), 139
SIZE = 4
"""People of a team."""

HEADER = (
    'Identifier,"Full name","Email address","ID number",Status,{}Grade,"Maximum grade",'
    '"Grade can be changed","Last modified (submission)","Last modified (grade)",'
    '"Feedback comments"'
)
IN_TIME, ON_TUESDAY = "Sunday, 30 May 2021, 7:00 PM", "Tuesday, 1 June 2021, 7:00 PM"
EXAMPLES = Path(__file__).parents[1] / "submissions" / "examples"


class Says(Check):
    """Passed if the first cell says so. Nothing is run."""

    observes: ClassVar[bool] = False

    def judge(self, case: Case) -> Outcome:
        assert case.notebook is not None
        return passed("Right.") if "right" in case.notebook.cells[0].source else failed("Wrong.")


def assignment(folder: Path) -> Assignment:
    """Of 100 points: 10 for the quiz, 60 for what a notebook says, 30 for its words."""
    like, real = course.assignment(folder), rubric.find("dais2021-a4")
    shutil.copy(real.reference_dir / "autodiff.toml", folder)
    items = (course.item("says", Says(), "60"), course.item("words", course.Words(), "30"))
    sums = replace(like.tasks[0], points=Decimal(90), items=items)
    return replace(
        like,
        points=Decimal(100),
        pass_points=Decimal(50),
        tasks=(real.tasks[0], sums),
        due=datetime(2021, 5, 30, 20, tzinfo=ZoneInfo("Europe/Berlin")),
        late=LateRule(percent_per_day=Decimal(10)),
    )


def name(key: int) -> str:
    return "Max Doppelmann" if key in NAMESAKES else f"Séamus O'Person {key}"


def team(key: int) -> int:
    """The number of a person's team, which is no number of a person."""
    return 1000 + (key - KEYS[0]) // SIZE


def members(number: int) -> list[int]:
    return [key for key in KEYS if team(key) == number]


def is_right(key: int) -> bool:
    return key % 3 != 0


@dataclass(frozen=True)
class Course:
    """What is downloaded: `folder` holds all of it."""

    folder: Path
    in_teams: bool = False

    @property
    def worksheet(self) -> Path:
        return self.folder / "Grades-DL-Blatt 4-90210.csv"

    def write(self) -> None:
        """The downloads in one folder, as they come."""
        self.folder.mkdir()
        with zipfile.ZipFile(self.folder / "DL-Blatt 4-90210.zip", "w") as archive:
            for label, text in self._work():
                archive.writestr(f"{label}_assignsubmission_file/Sums.ipynb", notebook(text))
        lines = [HEADER.format("Group," if self.in_teams else "")]
        lines += [self._row(key) for key in KEYS]
        self.worksheet.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
        if not self.in_teams:
            self._write_quiz()

    def _work(self) -> list[tuple[str, str]]:
        """Whose folders there are, and what their notebooks say."""
        if self.in_teams:
            numbers = dict.fromkeys(team(key) for key in KEYS)
            return [(f"Team B{n}_{n}", told(members(n)[0])) for n in numbers if not self._none(n)]
        keys = [key for key in KEYS if key not in MISSING]
        return [(f"{name(key).replace(chr(39), '')}_{key}", told(key)) for key in keys]

    def _none(self, number: int) -> bool:
        return set(MISSING) <= set(members(number))

    def _is(self, key: int, who: int) -> bool:
        return team(key) == team(who) if self.in_teams else key == who

    def _row(self, key: int) -> str:
        status, when = "Submitted for grading", IN_TIME
        if self._is(key, LATE):
            status, when = "Submitted for grading - 1 day 23 hours late", ON_TUESDAY
        elif self._is(key, EXTENDED):
            until = "Extension granted until: Tuesday, 1 June 2021, 8:00 PM"
            status, when = f"Submitted for grading - {until}", ON_TUESDAY
        elif self._is(key, DRAFT):
            status = "Draft (not submitted)"
        elif any(self._is(key, who) for who in MISSING):
            status, when = "No submission", "-"
        cells = [f"Participant {key}", name(key), f"s{key}.person@x.org", str(2_026_000 + key)]
        cells += [f"{status} -  - ", *([f"Team B/{team(key)}"] if self.in_teams else [])]
        cells += ["", "100.00", "Yes", when, "-", ""]
        return ",".join(f'"{cell}"' for cell in cells)

    def _write_quiz(self) -> None:
        """Everybody's answers are right, or nearly."""
        header, ada, joerg = (
            (EXAMPLES / "DAIS2021-Autodiff-Antworten.csv")
            .read_text(encoding="utf-8-sig")
            .splitlines()[:3]
        )
        rows = []
        for key in KEYS:
            if key not in MISSING or key == QUIZ_ALONE:
                rest = (ada if is_right(key) else joerg).partition(".org,")[2]
                first, _, last = name(key).partition(" ")
                rows.append(f"{last},{first},s{key}.person@x.org,{rest}")
        quiz = self.folder / "DL-Autodiff-responses.csv"
        quiz.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8-sig")

    def moodles_marks(self, words: float) -> dict[int, float]:
        """What Moodle is to hold, by person; everybody got as many points for `words`."""
        return {key: self._mark(key, words) for key in KEYS if self._hands_in(key)}

    def _hands_in(self, key: int) -> bool:
        if self.in_teams:
            return not self._none(team(key))
        return key not in MISSING or key == QUIZ_ALONE

    def _mark(self, key: int, words: float) -> float:
        own = members(team(key))[0] if self.in_teams else key
        quiz = 0 if self.in_teams else 10 if is_right(own) else 9.4
        if key == QUIZ_ALONE and not self.in_teams:
            return quiz
        return quiz + 60 * is_right(own) + words - 20 * self._is(key, LATE)


def told(key: int) -> str:
    """A person's notebook names him."""
    verdict = "right" if is_right(key) else "wrong"
    return f"# {name(key)} ({2_026_000 + key}), s{key}.person@x.org\n{verdict}"


def notebook(text: str) -> str:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": text, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
