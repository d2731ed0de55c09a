"""A batch keeps every result, goes on after any end, and no job takes another one down."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader import reports
from grader.batch.batch import Batch, Settings
from grader.batch.engine import Job, LocalEngine, Queue
from grader.batch.worker import Parcel, Tell
from grader.core import digests, library_versions
from grader.core.errors import GraderError, UsageError
from grader.core.model import Case, Ending, Evidence, Limits, Question, Status, Submission
from grader.marking.grades import Results
from grader.reports import json_report
from grader.store.store import Store
from tests import course
from tests.course import Quiet, assignment, perform, submission

MANY = 200
fork = multiprocessing.get_context("fork")


def points(folder: Path, count: int = 4, **how: object) -> dict[str, str]:
    """Grades a small course in this folder; points by student."""
    of = assignment(folder / "reference")
    with Store(folder / "grader.sqlite") as store:
        work = course.batch(of, store, **how)  # type: ignore[arg-type]
        return {
            grade.submission.student: f"{grade.points:.2f}"
            for grade in work.run([submission(8 + n) for n in range(count)])
        }


def test_each_student_gets_what_the_notebook_deserves(tmp_path: Path) -> None:
    assert points(tmp_path) == {"s0008": "0.00", "s0009": "0.00", "s0010": "3.00", "s0011": "3.00"}


def test_an_unchanged_submission_is_taken_from_the_store_and_told(tmp_path: Path) -> None:
    before, again, fresh = Quiet(), Quiet(), Quiet()
    points(tmp_path, progress=before)
    points(tmp_path, progress=again)
    points(tmp_path, progress=fresh, fresh=True)
    assert (before.jobs, before.stored) == ({"sums": 4, "more": 4}, 0)
    assert (again.jobs, again.stored, again.steps) == ({}, 8, [])
    assert (fresh.jobs, fresh.stored) == ({"sums": 4, "more": 4}, 0)


def test_other_libraries_are_another_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points(tmp_path)
    changed = library_versions.versions() | {"numpy": "0.1"}
    monkeypatch.setattr(library_versions, "versions", lambda: changed)
    again = Quiet()
    points(tmp_path, progress=again)
    assert again.stored == 0


def test_other_code_beside_the_students_is_another_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points(tmp_path)
    monkeypatch.setattr(digests, "observing", lambda: "other")
    again = Quiet()
    points(tmp_path, progress=again)
    assert again.stored == 0
    assert ("(reference)", "sums", "4 questions") in again.steps


def test_what_was_seen_in_a_weak_sandbox_is_seen_again_in_a_safe_one(tmp_path: Path) -> None:
    stored = []
    for rung in ("unconfined", "unconfined", "landlock", "bubblewrap", "bubblewrap+cgroup", ""):
        told = Quiet()
        points(tmp_path, progress=told, rung=rung)
        stored.append(told.stored)
    assert stored == [0, 8, 0, 0, 8, 8]


def test_the_last_notebook_of_a_student_tells_the_points(tmp_path: Path) -> None:
    told = Quiet()
    points(tmp_path, count=3, progress=told)
    assert sum("3.00 of 5 points" in text for _, _, text in told.finished) == 1
    assert len(told.finished) == 6


def test_the_reference_is_asked_what_all_are_asked(tmp_path: Path) -> None:
    told = Quiet()
    points(tmp_path, progress=told)
    assert ("(reference)", "sums", "4 questions") in told.steps


def test_a_reference_that_does_not_run_is_one_sentence(tmp_path: Path) -> None:
    def broken(parcel: Parcel, tell: Tell) -> Evidence:
        return Evidence(task=parcel.task, ending=Ending.TIMEOUT, message="Too slow.")

    with pytest.raises(GraderError, match=r"Sums.ipynb in .* could not be run: Too slow\."):
        points(tmp_path, engine=LocalEngine(1, broken))


# --- a part of a batch --------------------------------------------------------------------------


def some(folder: Path, numbers: list[int], run: Callable[[Parcel, Tell], Evidence]) -> Quiet:
    """Grades these students beside those that the folder has."""
    of, told = assignment(folder / "reference"), Quiet()
    with Store(folder / "grader.sqlite") as store:
        settings = Settings(seed=store.batch_seed(7), beside=True, fresh=True)
        graded = Batch(of, store, settings, told, LocalEngine(1, run))
        graded.results(map(submission, numbers), {"paths": "of a part"})
    return told


def kept(folder: Path) -> dict[str, str]:
    of = assignment(folder / "reference")
    with Store(folder / "grader.sqlite") as store:
        return {g.submission.student: f"{g.points:.2f}" for g in Results(store, of)}


def test_who_is_graded_alone_takes_his_place_and_the_others_keep_what_they_had(
    tmp_path: Path,
) -> None:
    before = points(tmp_path)

    def dear(parcel: Parcel, tell: Tell) -> Evidence:
        """All numbers are now ten more."""
        cell = replace(parcel.notebook.cells[0], source="20")
        return perform(replace(parcel, notebook=replace(parcel.notebook, cells=(cell,))), tell)

    told = some(tmp_path, [9, 12], dear)
    assert told.jobs == {"sums": 2, "more": 2}
    with Store(tmp_path / "grader.sqlite") as store:
        assert store.setting("paths") is None  # what is noted is the whole batch's
    assert kept(tmp_path) == before | {"s0009": "3.00", "s0012": "3.00"}
    assert list(kept(tmp_path)) == ["s0008", "s0009", "s0010", "s0011", "s0012"]
    again = Quiet()
    points(tmp_path, progress=again)
    assert again.jobs == {}


def test_what_the_others_were_judged_by_is_not_forgotten(tmp_path: Path) -> None:
    """Else `regrade` would not judge them again by a check that has changed since."""
    points(tmp_path)
    with Store(tmp_path / "grader.sqlite") as store:
        checks = json.loads(store.setting("checks") or "{}")
        store.note(checks=json.dumps(checks | {"sums/number": "an older check"}))
    some(tmp_path, [9], perform)
    with Store(tmp_path / "grader.sqlite") as store:
        found = json.loads(store.setting("checks") or "{}")
    assert found == {item: by for item, by in checks.items() if item != "sums/number"}


# --- broken workers ---------------------------------------------------------------------------


def failing(times: int, how: Callable[[Parcel], Evidence]) -> Callable[[Parcel, Tell], Evidence]:
    """Runs in which those of notebook 10's `sums` fail so often."""
    left = [times]

    def run(parcel: Parcel, tell: Tell) -> Evidence:
        if parcel.notebook.cells[0].source == "10" and parcel.task == "sums" and parcel.seed:
            left[0] -= 1
            if left[0] >= 0:
                return how(parcel)
        return perform(parcel, tell)

    return run


def raises(parcel: Parcel) -> Evidence:
    raise ZeroDivisionError("oops")


def refuses(parcel: Parcel) -> Evidence:
    raise GraderError("bubblewrap is missing")


def dies(parcel: Parcel) -> Evidence:
    return Evidence(task=parcel.task, ending=Ending.CRASHED, message="stopped from outside")


@pytest.mark.parametrize("how", [raises, refuses, dies])
def test_one_failure_of_a_worker_costs_one_retry_and_no_mark(
    tmp_path: Path, how: Callable[[Parcel], Evidence]
) -> None:
    told = Quiet()
    engine = LocalEngine(2, failing(1, how))
    assert points(tmp_path, engine=engine, progress=told)["s0010"] == "3.00"
    assert ("Student 10", "sums", "failed to start; tried again") in told.steps


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (raises, "a worker failed (ZeroDivisionError: oops)"),
        (refuses, "bubblewrap is missing"),
        (dies, "the sandbox ended before the first cell: stopped from outside"),
    ],
)
def test_two_failures_are_an_error_of_this_notebook_alone_and_tried_again_next_time(
    tmp_path: Path, how: Callable[[Parcel], Evidence], said: str
) -> None:
    of = assignment(tmp_path / "reference")
    with Store(tmp_path / "grader.sqlite") as store:
        engine = LocalEngine(2, failing(2, how))
        grades = course.batch(of, store, engine=engine).run([submission(n) for n in range(9, 13)])
        (bad,) = [grade for grade in grades if grade.submission.student == "s0010"]
        outcome = bad.tasks[0].items[0].outcome
        assert outcome.status is Status.ERROR
        assert outcome.message == f"The notebook could not be run: {said}"
        assert [f"{grade.points:.2f}" for grade in grades] == ["0.00", "1.00", "3.00", "3.00"]
        again = Quiet()
        grades = course.batch(of, store, progress=again).run([submission(n) for n in range(9, 13)])
        assert again.jobs == {"sums": 1}
        assert [f"{grade.points:.2f}" for grade in grades] == ["0.00", "3.00", "3.00", "3.00"]


class Endless(course.Sum):
    """Asks for one more run, for ever."""

    def again(self, case: Case) -> tuple[Question, ...]:
        return case.asked


def test_a_submission_whose_runs_take_too_long_together_is_not_run_again(tmp_path: Path) -> None:
    of = assignment(tmp_path / "reference")
    limits = Limits(submission_seconds=100)
    tasks = (
        of.tasks[0],
        replace(of.tasks[1], limits=limits, items=(course.item("again", Endless(), "1"),)),
    )
    ran: list[tuple[str, int]] = []

    def slow(parcel: Parcel, tell: Tell) -> Evidence:
        ran.append((parcel.task, parcel.number))
        return replace(perform(parcel, tell), seconds=30.0)

    with Store(tmp_path / "grader.sqlite") as store:
        work = course.batch(replace(of, tasks=tasks), store, engine=LocalEngine(1, slow))
        (graded,) = work.run([submission(12)])
        assert store.spent("s0012") == 120
    assert [number for task, number in ran if task == "more" and number] == [1, 2]
    told = "Right. The runs of this submission took more than 100 s together. A person must decide."
    outcome = graded.tasks[1].items[0].outcome
    assert (outcome.status, outcome.message) == (Status.REVIEW, told)


# --- large courses ----------------------------------------------------------------------------


def test_a_course_with_large_files_needs_no_more_memory_than_some_of_its_students(
    tmp_path: Path,
) -> None:
    of, size, students = assignment(tmp_path / "reference"), 1 << 20, 40
    seen: list[int] = []

    def read() -> Iterator[Submission]:
        for number in range(students):
            yield replace(submission(number), files={"data.csv": os.urandom(size)})

    def with_files(parcel: Parcel, tell: Tell) -> Evidence:
        seen.extend(map(len, parcel.files.values()))  # the reference has none
        return perform(parcel, tell)

    with Store(tmp_path / "grader.sqlite") as store:
        work = course.batch(of, store, engine=LocalEngine(2, with_files))
        tracemalloc.start()
        found = work.results(read())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert [grade.points for grade in found] == [0] * 10 + [3] * 30
    assert seen == [size] * 2 * students
    assert peak < students / 3 * size


def test_a_batch_that_cannot_be_read_to_its_end_leaves_the_last_one(tmp_path: Path) -> None:
    def read() -> Iterator[Submission]:
        yield submission(12)
        raise KeyboardInterrupt

    before = points(tmp_path)
    with Store(tmp_path / "grader.sqlite") as store:
        work = course.batch(assignment(tmp_path / "reference"), store)
        with pytest.raises(KeyboardInterrupt):
            work.results(read(), {"assignment": "another"})
        assert store.students() == [*before]
        assert store.setting("assignment") is None
        work.results([submission(12)], {"assignment": "course"})
        assert store.setting("assignment") == "course"
    assert points(tmp_path) == before


# --- interruptions ----------------------------------------------------------------------------


def rendered(folder: Path, count: int) -> bytes:
    """results.json of what a folder holds, the batch run to its end."""
    of = assignment(folder / "reference")
    with Store(folder / "grader.sqlite") as store:
        found = course.batch(of, store).results([submission(n) for n in range(count)])
        return json_report.render(list(found), of)["results.json"]


def slowly(parcel: Parcel, tell: Tell) -> Evidence:
    time.sleep(0.002)
    return perform(parcel, tell)


def work(folder: Path) -> None:
    """What a grader process does that will be killed."""
    of = assignment(folder / "reference")
    with Store(folder / "grader.sqlite").claim() as store:
        engine = LocalEngine(2, slowly)
        course.batch(of, store, engine=engine).results([submission(n) for n in range(MANY)])
    os._exit(0)


def results(folder: Path) -> int:
    """How many runs a folder's store holds, seen from another process."""
    try:
        with closing(sqlite3.connect(f"file:{folder / 'grader.sqlite'}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM evidence").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def test_killed_at_twenty_moments_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    killed.mkdir()
    undisturbed.mkdir()
    random.seed(20)
    kept = 0
    for _ in range(20):
        process = fork.Process(target=work, args=(killed,))
        process.start()
        wanted = min(kept + random.randint(0, 30), 2 * MANY)
        while results(killed) < wanted and process.is_alive():
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.02))
        with suppress(ProcessLookupError):  # it may just have ended
            os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert results(killed) >= max(kept, wanted)
        kept = results(killed)
    assert kept >= 100
    assert rendered(killed, MANY) == rendered(undisturbed, MANY)
    with closing(sqlite3.connect(killed / "grader.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM evidence").fetchone() == (2 * MANY,)
        assert db.execute("SELECT count(*) FROM submission").fetchone() == (MANY,)


class Interrupted:
    """An engine whose user presses Ctrl-C after so many results."""

    here = True

    def __init__(self, after: int) -> None:
        self._after = after

    def run(self, queue: Queue, tell: Callable[[Job, str], None]) -> Iterator[tuple[Job, Evidence]]:
        for number, found in enumerate(LocalEngine(1, perform).run(queue, tell)):
            if number == self._after and found[0].key:
                raise KeyboardInterrupt
            yield found


def test_an_interruption_knows_what_is_done_and_the_next_run_goes_on(tmp_path: Path) -> None:
    of = assignment(tmp_path / "reference")
    with Store(tmp_path / "grader.sqlite") as store:
        work = course.batch(of, store, engine=Interrupted(3))
        with pytest.raises(KeyboardInterrupt):
            work.results([submission(n) for n in range(4)])
        assert len(work.done) == 3
        again = Quiet()
        course.batch(of, store, progress=again).results([submission(n) for n in range(4)])
        assert (sum(again.jobs.values()), again.stored) == (5, 3)


def hold(folder: Path, ready: multiprocessing.synchronize.Event) -> None:
    with Store(folder / "grader.sqlite").claim():
        ready.set()
        time.sleep(60)


def test_two_graders_on_one_folder_is_one_sentence_until_the_first_is_dead(tmp_path: Path) -> None:
    ready = fork.Event()
    other = fork.Process(target=hold, args=(tmp_path, ready))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(UsageError) as refusal:
            Store(tmp_path / "grader.sqlite").claim()
        assert str(refusal.value) == (
            f"{tmp_path} is in use by another grader (process {other.pid}); "
            "wait until it is done (Ctrl-C ends a review), or choose another result folder"
        )
    finally:
        os.kill(other.pid or 0, signal.SIGKILL)
        other.join()
    with Store(tmp_path / "grader.sqlite").claim() as store:
        assert store.setting("holder") == str(os.getpid())


@pytest.mark.parametrize(
    "given", [object(), float("nan"), [1.0, -float("inf")], {"at": np.zeros(2)}, np.float32("nan")]
)
def test_details_that_are_no_plain_data_are_an_error_of_their_item(
    given: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a report could not show gets into the store."""
    judge = course.Sum.judge
    monkeypatch.setattr(
        course.Sum,
        "judge",
        lambda self, case: replace(judge(self, case), details={"given": given}),
    )
    of = assignment(tmp_path / "reference")
    with Store(tmp_path / "grader.sqlite") as store:
        (grade,) = course.batch(of, store).run([submission(12)])
    found = [entry.outcome.status for entry in grade.tasks[0].items]
    assert found == [Status.ERROR, Status.REVIEW]
    files = reports.FORMATS["json"].files([grade], of, {})
    assert json.loads(files["results.json"])["submissions"][0]["name"] == "Student 12"
