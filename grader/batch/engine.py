"""Runs jobs: an engine takes them from a queue and yields evidence as it comes. Trusted side.

Whatever goes wrong in one job stays in that job: it is tried once more, then its evidence says so.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from grader.batch.worker import Parcel, Tell
from grader.core.errors import GraderError
from grader.core.model import AnswerStatus, Ending, Evidence, Task
from grader.sandbox.walls import proc

LONG_SECONDS = 600
"""A notebook that may take longer counts as long: nearly always one that trains."""

TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """A run that is to be made. Light: what it needs is put together when its turn comes."""

    student: str
    name: str
    task: Task
    key: str
    number: int
    parcel: Callable[[], Parcel]

    @property
    def seconds(self) -> int:
        """What it may take."""
        return self.task.limits.notebook_seconds

    @property
    def is_long(self) -> bool:
        """Whether short ones should not have to wait for it."""
        return self.seconds >= LONG_SECONDS


class Queue:
    """Jobs that wait: the longest first, but where both kinds wait, both kinds run."""

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self._heaps: dict[bool, list[tuple[int, int, Job]]] = {True: [], False: []}
        self._counter = count()
        self._last_long = False
        for job in jobs:
            self.add(job)

    def __len__(self) -> int:
        return sum(len(heap) for heap in self._heaps.values())

    def add(self, job: Job) -> None:
        """One more. Engines see it before they take another."""
        heapq.heappush(self._heaps[job.is_long], (-job.seconds, next(self._counter), job))

    def pop(self, running: Sequence[Job], slots: int, room_mib: float = float("inf")) -> Job | None:
        """The next to start beside those that run, or None if what waits does not fit now.

        With several slots, one is left to short notebooks while there are any; a single one
        takes long and short by turns. A job larger than the whole machine runs alone.
        """
        long = sum(job.is_long for job in running)
        prefer = long < slots - 1 if slots > 1 else not self._last_long
        for kind in (prefer, not prefer):
            heap = self._heaps[kind]
            if heap and (not running or heap[0][2].task.limits.memory_mib <= room_mib):
                self._last_long = kind
                return heapq.heappop(heap)[2]
        return None


class Engine(Protocol):
    """What runs jobs. More may be added to the queue while its results are read."""

    @property
    def here(self) -> bool:
        """Whether notebooks run on this machine, which then needs a sandbox."""

    def run(self, queue: Queue, tell: Callable[[Job, str], None]) -> Iterator[tuple[Job, Evidence]]:
        """Each job of the queue with its evidence, as it comes; ends when all are done."""


class Attempts:
    """Decides which results count. Shared by all engines."""

    def __init__(self) -> None:
        self._tried: dict[Job, int] = {}

    def settle(self, job: Job, result: Evidence | BaseException) -> Evidence | None:
        """The evidence that counts, or None if the job deserves another try."""
        reason = _broken(result)
        if not reason:
            assert isinstance(result, Evidence)
            return result
        self._tried[job] = self._tried.get(job, 0) + 1
        if self._tried[job] < TRIES:
            return None
        failed = (
            result
            if isinstance(result, Evidence)
            else Evidence(task=job.task.id, ending=Ending.SETUP_FAILED)
        )
        return replace(failed, ending=Ending.SETUP_FAILED, message=reason)


def _broken(result: Evidence | BaseException) -> str:
    """Why a result says nothing about the notebook; empty if it does."""
    if isinstance(result, GraderError):
        return str(result)
    if isinstance(result, BaseException):
        return f"a worker failed ({type(result).__name__}: {result})"
    if result.ending is Ending.SETUP_FAILED:
        return result.message or "the sandbox could not be set up"
    lost = all(answer.status is AnswerStatus.LOST for answer in result.answers.values())
    if result.ending is Ending.CRASHED and not result.cells and lost:
        return f"the sandbox ended before the first cell: {result.message}"
    return ""


class LocalEngine:
    """Jobs in threads of this process, each of which waits for a driver process of its own.

    The threads end with the process, and the drivers with the threads: an interruption never
    waits for a notebook.
    """

    here = True

    def __init__(
        self,
        jobs: int,
        perform: Callable[[Parcel, Tell], Evidence],
        free_mib: Callable[[], float] | None = None,
    ) -> None:
        self._jobs, self._perform = jobs, perform
        self._free = free_mib or free_memory

    def run(self, queue: Queue, tell: Callable[[Job, str], None]) -> Iterator[tuple[Job, Evidence]]:
        """As many at once as there are slots, and as their memory limits fit into what is free."""
        done: SimpleQueue[tuple[Job, Evidence | BaseException]] = SimpleQueue()
        attempts, running, budget = Attempts(), list[Job](), self._free()

        def begin() -> None:
            while len(running) < self._jobs:
                taken = sum(job.task.limits.memory_mib for job in running)
                room = min(budget - taken, self._free())
                job = queue.pop(running, self._jobs, room)
                if job is None:
                    break
                running.append(job)
                threading.Thread(target=self._work, args=(job, tell, done), daemon=True).start()

        while queue or running:
            begin()
            job, result = done.get()
            running.remove(job)
            evidence = attempts.settle(job, result)
            if evidence is None:
                tell(job, "failed to start; tried again")
                queue.add(job)
            else:
                begin()  # it need not wait until this one has been judged
                yield job, evidence

    def _work(
        self,
        job: Job,
        tell: Callable[[Job, str], None],
        done: SimpleQueue[tuple[Job, Evidence | BaseException]],
    ) -> None:
        try:
            done.put((job, self._perform(job.parcel(), lambda text: tell(job, text))))
        except BaseException as bad:  # a thread that ended without a word would end the batch
            done.put((job, bad))


def free_memory() -> float:
    """MiB that new processes may take: of the machine, and of the control group we are in."""
    found = [float("inf")]
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            found.append(int(line.split()[1]) / 1024)
    group = _read("/proc/self/cgroup").strip().rpartition("::")[2]
    for place in (Path("/sys/fs/cgroup"), Path(f"/sys/fs/cgroup{group}")):
        most, now = _read(place / "memory.max").strip(), _read(place / "memory.current").strip()
        if most.isdigit() and now.isdigit():
            stat = dict(line.split() for line in _read(place / "memory.stat").splitlines())
            cache = int(stat.get("inactive_file", 0))  # given back as soon as it is wanted
            found.append((int(most) - int(now) + cache) / (1 << 20))
    return min(found)


def _read(path: str | Path) -> str:
    try:
        return proc.text(path)
    except OSError:
        return ""
