"""Notebooks that use more than they may: each ends with a sentence, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from grader.core.errors import SandboxError
from grader.core.model import Cell, Ending, Evidence, Limits, Notebook
from grader.sandbox.kernels import fork_servers
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings
from grader.sandbox.walls import cgroup, choose, landlock, scratch, selftest

# Not beside tests that kill graders: what these leave would be taken for what was left here.
pytestmark = [pytest.mark.hostile, pytest.mark.sandbox, pytest.mark.xdist_group("one user")]

MARK = f"limits-{os.getpid()}"
SLEEPER = f"[sys.executable, '-c', 'import time; time.sleep(600)', {MARK!r}]"


@dataclass(frozen=True)
class Attack:
    """Code cells, and the limits that they hit."""

    sources: tuple[str, ...]
    limits: dict[str, int] = field(default_factory=dict)


ATTACKS = {
    "fork bomb": Attack(
        ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "print('never')"),
        {"processes": 40, "cell_seconds": 3},
    ),
    "thread bomb": Attack(
        (
            "import threading, time\n"
            "while True: threading.Thread(target=time.sleep, args=[600], daemon=True).start()",
            "print('next')",
        ),
        {"processes": 60},
    ),
    "memory in children": Attack(
        (
            "import subprocess, sys, time\n"
            "eat = 'import time; x = bytearray(b\"x\" * (150 << 20)); time.sleep(600)'\n"
            "for _ in range(4): subprocess.Popen([sys.executable, '-c', eat])\ntime.sleep(600)",
        ),
        {"memory_mib": 400, "cell_seconds": 30},  # to start them takes a while
    ),
    "large file": Attack(
        (
            "with open('/dev/shm/x', 'wb') as file:\n"
            "    for _ in range(200): file.write(bytes(1 << 20))",
            "import os; os.remove('/dev/shm/x'); print('next')",
        ),
        {"disk_mib": 32, "file_mib": 32},
    ),
    "large folder": Attack(
        (
            "import time\nfor n in range(400):\n"
            "    with open(f'{n}.bin', 'wb') as file: file.write(bytes(1 << 20))\ntime.sleep(600)",
            "print('next')",
        ),
        {"disk_mib": 64, "cell_seconds": 6},
    ),
    "many files": Attack(
        (
            "import time\nfor n in range(6000): open(f'{n}', 'w').close()\ntime.sleep(600)",
            "print('never')",
        ),
        {"disk_files": 2000},
    ),
    "many messages": Attack(
        ("import sys\nfor n in range(20_000): print(n, end=' ', flush=True)", "print('never')"),
        {"output_messages": 100},
    ),
    "much output": Attack(("print('x' * (2 << 20))", "print('next')"), {"output_kib": 16}),
    "ignored interrupt": Attack(
        ("import time\nwhile True:\n    try: time.sleep(1)\n    except KeyboardInterrupt: pass",),
        {"cell_seconds": 2},
    ),
    "stops itself": Attack(
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "print('never')"),
        {"cell_seconds": 2},
    ),
    "busy children": Attack(
        (
            "import subprocess, sys, time\nburn = 'while True: pass'\n"
            "for _ in range(3): subprocess.Popen([sys.executable, '-c', burn])\ntime.sleep(600)",
        ),
        {"cpu_seconds": 2},
    ),
    "slow notebook": Attack(("import time\ntime.sleep(2)",) * 9, {"notebook_seconds": 4}),
    "nested folders": Attack(
        (
            "import os, time\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\n"
            "time.sleep(3)\nprint('deep')",
        ),
    ),
    "daemon": Attack(
        (
            "import os, subprocess, sys\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            f"        os.execv(sys.executable, {SLEEPER})\n"
            "    os._exit(0)\n"
            "import signal\nold = signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            f"subprocess.Popen({SLEEPER}, start_new_session=True)\nprint('away')",
        ),
    ),
}


def observed(rung: str, attack: Attack) -> Evidence:
    cells = tuple(Cell(id=f"c{n}", kind="code", source=s) for n, s in enumerate(attack.sources))
    return observe(
        Notebook(name="attack.ipynb", cells=cells),
        (),
        Surroundings(rung=rung, limits=Limits(**{"cell_seconds": 20, **attack.limits})),
        task="test",
        seed=1,
        resources=lambda name: np.zeros(1),
    )


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder for temporary files that only these tests use; the fork server's is another."""
    if fork := fork_servers.kernels.fork(wait=True):
        fork.channel.close()
    with tempfile.TemporaryDirectory(prefix="limits-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", name)
            patch.setattr(tempfile, "tempdir", name)
            yield Path(name)


def here(rung: str) -> str:
    """The rung's name, the best one's for "best"; skips where there is none.

    Landlock is tried wherever the kernel has it: other programs' sockets do not matter here.
    """
    if rung == "landlock":
        if landlock.version() < landlock.NEEDED:
            pytest.skip("too old a kernel")
        return rung
    try:
        return choose.best()
    except SandboxError as none:
        pytest.skip(str(none))


@dataclass(frozen=True)
class Held:
    """How all attacks ended on one rung, and what was left of them."""

    rung: str
    evidence: dict[str, Evidence]
    processes: list[int]
    folders: list[str]
    groups: list[Path]


@pytest.fixture(scope="module", params=["best", "landlock"])
def held(request: pytest.FixtureRequest, place: Path) -> Held:
    """All attacks on one rung, some at once: they mostly wait. Bombs go off alone.

    Below bubblewrap the kernel counts the processes of a user, and only one notebook runs there.
    """
    rung = here(request.param)
    before = groups()
    bombs = {name: attack for name, attack in ATTACKS.items() if "bomb" in name}
    evidence = {name: observed(rung, attack) for name, attack in bombs.items()}
    with ThreadPoolExecutor(4) as pool:
        rest = {name: attack for name, attack in ATTACKS.items() if name not in bombs}
        futures = {name: pool.submit(observed, rung, attack) for name, attack in rest.items()}
        evidence |= {name: future.result() for name, future in futures.items()}
    return Held(
        rung=rung,
        evidence=evidence,
        processes=selftest.survivors(MARK),
        folders=[path.name for path in place.iterdir()],
        groups=left(before),
    )


def groups() -> set[Path]:
    """Control groups of graders that this process may see, also of others that grade beside us."""
    try:
        return {g for parent in cgroup.places().values() for g in parent.glob("grader-*")}
    except SandboxError:
        return set()


def left(before: set[Path], seconds: float = 60) -> list[Path]:
    """New control groups that nobody removes in this time, and that no living process holds."""
    found = groups() - before
    deadline = time.monotonic() + seconds
    while found and time.monotonic() < deadline:
        found = {group for group in found if scratch.is_stale(group, 0)}
        time.sleep(0.1)
    return sorted(found)


def test_a_fork_bomb_ends_with_a_sentence(held: Held) -> None:
    run = held.evidence["fork bomb"]
    if run.ending is Ending.COMPLETED:  # nothing but the bomb itself was hit
        assert run.cells[0].status == "timeout"
        return
    assert run.ending in (Ending.TIMEOUT, Ending.PROCESSES, Ending.CRASHED, Ending.OUTPUT)
    assert run.message in (
        "A cell ran longer than 3 s and could not be interrupted.",
        "It started more than 40 processes and threads.",
        "It printed more than a notebook may.",
        "The kernel died.",
    )
    assert "never" not in "".join(cell.text for cell in run.cells)


def test_a_thread_bomb_is_an_error_of_its_cell(held: Held) -> None:
    run = held.evidence["thread bomb"]
    assert run.cells[0].error == "RuntimeError: can't start new thread"
    assert run.cells[1].text == "next\n"


def test_memory_is_counted_for_all_processes_together(held: Held) -> None:
    run = held.evidence["memory in children"]
    assert (run.ending, run.message) == (Ending.MEMORY, "It used more than 400 MiB of memory.")


def test_memory_is_counted_without_control_groups_too(place: Path) -> None:
    if here("best") != "bubblewrap+cgroup":
        pytest.skip("the best sandbox here has none: tested above")
    run = observed("bubblewrap", ATTACKS["memory in children"])
    assert (run.ending, run.message) == (Ending.MEMORY, "It used more than 400 MiB of memory.")


def test_a_large_file_is_an_error_of_its_cell(held: Held) -> None:
    run = held.evidence["large file"]
    assert run.cells[0].error.startswith("OSError: [Errno ")
    assert run.cells[1].text == "next\n"


def test_many_files_of_permitted_size_fill_no_more_than_the_disk_limit(held: Held) -> None:
    run = held.evidence["large folder"]
    if run.rung.startswith("bubblewrap"):
        assert run.cells[0].error == "OSError: [Errno 28] No space left on device"
        assert run.cells[1].text == "next\n"
    else:
        assert run.ending is Ending.DISK
        assert run.message == "It wrote more than 64 MiB or 100000 files."


def test_the_number_of_files_is_limited(held: Held) -> None:
    run = held.evidence["many files"]
    assert (run.ending, run.message) == (Ending.DISK, "It wrote more than 512 MiB or 2000 files.")


def test_output_is_capped_in_messages_and_bytes(held: Held) -> None:
    run = held.evidence["many messages"]
    assert (run.ending, run.message) == (Ending.OUTPUT, "It printed more than a notebook may.")
    run = held.evidence["much output"]
    assert len(run.cells[0].text) <= 16 << 10
    assert run.cells[1].text == "next\n"


@pytest.mark.parametrize("name", ["ignored interrupt", "stops itself"])
def test_who_cannot_be_interrupted_is_ended(held: Held, name: str) -> None:
    run = held.evidence[name]
    assert run.ending is Ending.TIMEOUT
    assert run.message == "A cell ran longer than 2 s and could not be interrupted."
    assert [cell.status for cell in run.cells] == ["timeout"]


def test_processor_time_is_counted_for_all_processes_together(held: Held) -> None:
    run = held.evidence["busy children"]
    assert run.ending is Ending.TIMEOUT
    assert run.message == "Its processes together used more than 2 s of processor time."


def test_the_notebook_as_a_whole_has_its_time(held: Held) -> None:
    run = held.evidence["slow notebook"]
    assert (run.ending, run.message) == (Ending.TIMEOUT, "It ran longer than 4 s.")
    assert run.cells[0].status == "ok"
    assert len(run.cells) < 4


def test_folders_that_are_nested_deeply_are_no_crash(held: Held) -> None:
    run = held.evidence["nested folders"]
    assert (run.ending, run.message) == (Ending.COMPLETED, "")
    assert run.cells[0].text == "deep\n"


def test_nothing_is_left_behind(held: Held) -> None:
    assert held.evidence["daemon"].cells[0].text == "away\n"
    assert held.processes == []
    assert held.folders == []
    assert held.groups == []


GRADER = """
import sys, numpy as np
from grader.core.model import Cell, Limits, Notebook
from grader.sandbox.observe import Surroundings, observe
cells = (Cell(id="c", kind="code", source=sys.argv[2]),)
observe(Notebook(name="n.ipynb", cells=cells), (), Surroundings(rung=sys.argv[1]), task="test",
        seed=1, resources=lambda name: np.zeros(1))
"""


def killed(rung: str, mark: str, *, with_driver: bool) -> None:
    """Starts a grader, and kills it (and its driver) with SIGKILL while student code runs."""
    code = (
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {mark!r}],"
        " start_new_session=True)\n"
        "time.sleep(600)"
    )
    grader = subprocess.Popen([sys.executable, "-c", GRADER, rung, code])
    try:
        deadline = time.monotonic() + 60
        while not selftest.survivors(mark, seconds=0):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        drivers = psutil.Process(grader.pid).children()
    finally:
        grader.kill()
        if with_driver:
            for driver in drivers:
                with contextlib.suppress(psutil.NoSuchProcess):
                    driver.kill()
        grader.wait()
    psutil.wait_procs(drivers, timeout=120)


@pytest.mark.parametrize("name", ["best", "landlock"])
@pytest.mark.parametrize("with_driver", [False, True])
def test_a_killed_grader_leaves_nothing(name: str, with_driver: bool, place: Path) -> None:
    """The driver clears up after its grader; after both, whoever grades next."""
    rung = here(name)
    mark, before = f"killed-{rung}-{with_driver}-{os.getpid()}", groups()
    killed(rung, mark, with_driver=with_driver)
    assert selftest.survivors(mark, seconds=60) == []
    if with_driver:
        assert list(place.iterdir())  # nobody is left to remove it
        time.sleep(scratch.FRESH_SECONDS)  # until then it may be one that gets locked yet
        scratch.reap()
        cgroup.reap()
    assert list(place.iterdir()) == []
    assert left(before) == []
