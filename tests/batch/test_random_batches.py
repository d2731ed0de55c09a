"""Random batches, one after the other into one folder: marks keep their owners and their answers.

People of one name, withdrawals, renamed folders, work that is handed in anew, and files added
beside it in every form: nobody's mark is on another person or on another answer, and work that was
handed in is no final zero.
"""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from grader.batch.engine import LocalEngine
from grader.batch.worker import Parcel, Tell
from grader.core.model import Assignment, Evidence, Grade, Status
from grader.intake.submissions import ingest
from grader.marking import hand_marks, ownership
from grader.marking.grades import Results
from grader.platforms import PLATFORMS
from grader.store.store import Store
from tests import course
from tests.marking.test_hand_marks import NOW

PEOPLE = {"111": "Anna Schmidt", "222": "Anna Schmidt", "333": "Ben O'Lee", "444": "李娜"}
TASKS = {"sums": "Sums.ipynb", "more": "More.ipynb"}
SOLVED = "### BEGIN SOLUTION\n10\n### END SOLUTION\n### BEGIN STUB\n# 0\n### END STUB"
BLANK = "0"
SCAN = b"%PDF-1.4 a scan"


def notebook(source: str) -> bytes:
    cells = [{"cell_type": "code", "id": "a", "metadata": {}, "source": source}]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def perform(parcel: Parcel, tell: Tell) -> Evidence:
    """By the first number in the notebook: of the master that of its solution."""
    cell = parcel.notebook.cells[0]
    found = re.search(r"\d+", cell.source)
    assert found is not None
    changed = replace(parcel.notebook, cells=(replace(cell, source=found[0]),))
    return course.perform(replace(parcel, notebook=changed), tell)


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def files(rng: random.Random, works: dict[str, int]) -> dict[str, bytes]:
    """What somebody hands in: the works, each in a form that people choose, and more beside."""
    found: dict[str, bytes] = {}
    for task, number in works.items():
        name = TASKS[task]
        stem, content = name.removesuffix(".ipynb"), notebook(str(number))
        form = rng.choice(["plain", "copy", "copy", "folder", "zip", "final"])
        if form == "plain":
            found[name] = content
        elif form == "copy":
            found |= {name: notebook(BLANK), f"{stem} (1).ipynb": content}
        elif form == "folder":
            found[f"Assignment 4/{name}"] = content
        elif form == "zip":
            found[f"{stem}.zip"] = zipped(name, content)
        else:
            found[f"{stem}_final.ipynb"] = content
    added = {
        "scan.pdf": SCAN,
        "data/notes.csv": b"a,b\n1,2\n",
        ".ipynb_checkpoints/Sums-checkpoint.ipynb": notebook(BLANK),
        "plot.png": b"\x89PNG\r\n\x1a\n",
    }
    return found | {name: added[name] for name in added if rng.random() < 0.3}


def assignment(folder: Path) -> Assignment:
    of = course.assignment(folder / "reference")
    for name in TASKS.values():
        (folder / "reference" / name).write_bytes(notebook(SOLVED))
    return of


def graded(of: Assignment, folder: Path, store: Store) -> list[Grade]:
    found = ingest([folder / "batch"], of, PLATFORMS)
    owned = ownership.settled(store, found.submissions, found.submissions.names())
    course.batch(of, store, engine=LocalEngine(1, perform)).results(owned)
    return list(Results(store, of))


@settings(max_examples=8, deadline=None, phases=(Phase.generate,))
@given(st.randoms(use_true_random=False))
def test_marks_keep_owner_and_answer_and_no_work_is_a_final_zero(rng: random.Random) -> None:
    with tempfile.TemporaryDirectory() as place, Store(Path(":memory:")) as store:
        folder = Path(place)
        of = assignment(folder)
        for _ in range(4):
            handed: dict[str, dict[str, int]] = {}
            for key in rng.sample(sorted(PEOPLE), rng.randint(1, len(PEOPLE))):
                name = rng.choice([PEOPLE[key], PEOPLE[key], "Anna Schmidt"])
                handed[key] = {task: rng.randint(10, 13) for task in TASKS if rng.random() < 0.85}
                own = folder / "batch" / f"{name}_{key}_assignsubmission_file"
                for file, content in (files(rng, handed[key]) or {"x.txt": b"x"}).items():
                    (own / file).parent.mkdir(parents=True, exist_ok=True)
                    (own / file).write_bytes(content)
            grades = graded(of, folder, store)
            assert sorted(grade.submission.person.key for grade in grades) == sorted(handed)
            for grade in grades:
                _judged(grade, handed[grade.submission.person.key])
                _mark(store, of, grade, handed[grade.submission.person.key], rng)
            shutil.rmtree(folder / "batch")


def _judged(grade: Grade, works: dict[str, int]) -> None:
    """What was handed in is right, so that it passes or waits; and whose each mark is."""
    who = grade.submission.person.key
    for task in grade.tasks:
        for item in task.items:
            if task.task.id in works:
                fine = (Status.PASSED, Status.REVIEW)
                assert item.outcome.status in fine, (grade.submission, item.outcome)
            if item.mark is not None:
                assert item.mark.reason == f"{who} {works.get('sums')}"


def _mark(
    store: Store, of: Assignment, grade: Grade, works: dict[str, int], rng: random.Random
) -> None:
    """Perhaps a person marks what waits now, for this person and this answer."""
    if "sums" in works and rng.random() < 0.6:
        reason = f"{grade.submission.person.key} {works['sums']}"
        entry = hand_marks.Entry(
            student=grade.submission.student, item="sums/words", points="1", reason=reason
        )
        hand_marks.apply(store, of, [entry], "Jo", NOW)
