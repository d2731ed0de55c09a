"""In which order jobs start, and how many at once."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path

import pytest

from grader.batch import engine
from grader.batch.engine import Job, LocalEngine, Queue
from grader.batch.worker import Parcel, Tell
from grader.core.model import Ending, Evidence, Limits, Notebook, Task


def job(name: str, seconds: int, memory: int = 100) -> Job:
    limits = Limits(notebook_seconds=seconds, memory_mib=memory)
    task = Task(id=name, title="T", points=Decimal(1), notebook="T.ipynb", items=(), limits=limits)
    parcel = Parcel(
        task=name,
        notebook=Notebook(name="T.ipynb", cells=()),
        questions=(),
        prepare=(),
        limits=limits,
        seed=0,
    )
    return Job(student=name, name=name, task=task, key=name, number=0, parcel=lambda: parcel)


def order(queue: Queue, slots: int) -> list[str]:
    """Names in the order in which jobs start if each ends before the next one starts."""
    found = []
    while (next_one := queue.pop([], slots)) is not None:
        found.append(next_one.name)
    return found


def test_the_longest_of_a_kind_is_first() -> None:
    jobs = [job("a", 60), job("b", 300), job("c", 120)]
    assert order(Queue(jobs), 2) == ["b", "c", "a"]


def test_jobs_of_one_length_start_in_the_order_they_came() -> None:
    assert order(Queue([job(name, 60) for name in "abcde"]), 4) == list("abcde")


def test_a_single_slot_takes_long_and_short_by_turns() -> None:
    jobs = [job("l1", 1200), job("l2", 1200), job("s1", 60), job("s2", 60), job("s3", 60)]
    assert order(Queue(jobs), 1) == ["l1", "s1", "l2", "s2", "s3"]


def test_one_of_several_slots_is_left_to_short_ones_while_there_are_any() -> None:
    queue = Queue([*(job(f"l{n}", 1200) for n in range(4)), job("s", 60)])
    running: list[Job] = []
    while len(running) < 3 and (next_one := queue.pop(running, 3)):
        running.append(next_one)
    assert [entry.name for entry in running] == ["l0", "l1", "s"]
    running.pop()
    last = queue.pop(running, 3)
    assert last is not None
    assert last.name == "l2"  # no short one waits any longer


def test_what_does_not_fit_waits_and_what_fits_goes_first() -> None:
    queue = Queue([job("large", 1200, 5000), job("small", 60, 500)])
    running = [job("other", 60)]
    fitting = queue.pop(running, 4, room_mib=1000)
    assert fitting is not None
    assert fitting.name == "small"
    assert queue.pop(running, 4, room_mib=1000) is None
    assert len(queue) == 1


def test_a_job_larger_than_the_machine_runs_alone() -> None:
    alone = Queue([job("large", 1200, 5000)]).pop([], 4, room_mib=1000)
    assert alone is not None
    assert alone.name == "large"


@pytest.mark.parametrize(("free", "most"), [(10_000, 3), (250, 2), (10, 1)])
def test_as_many_run_at_once_as_there_are_slots_and_memory(free: int, most: int) -> None:
    lock, now, seen = threading.Lock(), [0], list[int]()
    full = threading.Semaphore(0)

    def perform(parcel: Parcel, tell: Tell) -> Evidence:
        with lock:
            now[0] += 1
            seen.append(now[0])
            if now[0] == most:
                full.release(100)
        assert full.acquire(timeout=60)  # so many must be there at once
        with lock:
            now[0] -= 1
        return Evidence(task=parcel.task, ending=Ending.COMPLETED)

    jobs = [job(f"j{number}", 60) for number in range(most * 2)]
    local = LocalEngine(3, perform, lambda: free)
    done = {entry.name for entry, _ in local.run(Queue(jobs), lambda _, text: None)}
    assert done == {entry.name for entry in jobs}
    assert max(seen) == most


def test_the_next_job_runs_while_a_result_is_looked_at() -> None:
    started = {name: threading.Event() for name in "ab"}

    def perform(parcel: Parcel, tell: Tell) -> Evidence:
        started[parcel.task].set()
        return Evidence(task=parcel.task, ending=Ending.COMPLETED)

    results = LocalEngine(1, perform).run(
        Queue([job("a", 60), job("b", 60)]), lambda job, text: None
    )
    first, _ = next(results)
    assert first.name == "a"
    assert started["b"].wait(60)
    assert [job.name for job, _ in results] == ["b"]


def test_jobs_that_are_added_meanwhile_are_run_too() -> None:
    def perform(parcel: Parcel, tell: Tell) -> Evidence:
        return Evidence(task=parcel.task, ending=Ending.COMPLETED)

    queue, found = Queue([job("first", 60)]), []
    for done, _ in LocalEngine(1, perform).run(queue, lambda _, text: None):
        found.append(done.name)
        if done.name == "first":
            queue.add(job("second", 60))
    assert found == ["first", "second"]


def test_free_memory_is_that_of_the_machine_or_of_the_control_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {
        "/proc/meminfo": "MemTotal: 999 kB\nMemAvailable: 4096000 kB\n",
        "/proc/self/cgroup": "0::/batch\n",
        "/sys/fs/cgroup/batch/memory.max": f"{3000 << 20}\n",
        "/sys/fs/cgroup/batch/memory.current": f"{1500 << 20}\n",
        "/sys/fs/cgroup/batch/memory.stat": f"anon 5\ninactive_file {500 << 20}\n",
    }
    monkeypatch.setattr(engine, "_read", lambda path: files.get(str(Path(path)), ""))
    assert engine.free_memory() == 2000
    files["/sys/fs/cgroup/batch/memory.max"] = "max\n"
    assert engine.free_memory() == 4000
    files.clear()
    assert engine.free_memory() == float("inf")
