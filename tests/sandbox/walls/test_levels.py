"""The ladder of sandboxes: which rung is taken, what is said when none is, what each one keeps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.core.model import Cell, Ending, Evidence, Notebook
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings
from grader.sandbox.walls import choose, landlock, levels, selftest

pytestmark = pytest.mark.xdist_group("one user")  # the kernel counts processes for each user


@pytest.mark.parametrize(
    ("version", "works"), [("0.6.1", False), ("0.8.0", True), ("0.11.0", True), ("1.0", True)]
)
def test_an_old_bubblewrap_is_refused_before_it_is_tried(
    version: str, works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\necho bubblewrap {version}\n[ $# = 1 ] || exit 7\n")
    fake.chmod(0o755)
    monkeypatch.setenv("GRADER_BWRAP", str(fake))
    problem, mend = selftest.examine(levels.BUBBLEWRAP)
    told = f"bubblewrap is {version}, and 0.8 is needed"
    assert (problem == told) is not works
    assert "GRADER_BWRAP" in mend or works


def test_a_missing_bubblewrap_is_said_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_BWRAP", "/nowhere/bwrap")
    problem, mend = selftest.examine(levels.BUBBLEWRAP)
    assert problem.startswith("bubblewrap is missing")
    assert "apt-get install bubblewrap" in mend


CLOSED = """
import ctypes, os, struct, sys
from grader.sandbox.walls import seccomp
# What a container engine's default filter does: no new namespaces, by any call.
from grader.sandbox.walls.seccomp import _op, EQUAL, LOAD, NUMBER
from grader.sandbox.walls.seccomp import RETURN, REFUSE, ALLOW, ANY_BIT
known = seccomp.numbers()
code = [_op(LOAD, NUMBER)]
for name in ("unshare", "setns", "mount"):
    code += [_op(EQUAL, known[name], 0, 1), _op(RETURN, REFUSE | 1)]
code += [_op(EQUAL, known["clone3"], 0, 1), _op(RETURN, REFUSE | 38)]
code += [_op(EQUAL, known["clone"], 0, 4), _op(LOAD, 16), _op(ANY_BIT, 0x7E020080, 0, 1)]
code += [_op(RETURN, REFUSE | 1), _op(RETURN, ALLOW), _op(RETURN, ALLOW)]
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
seccomp.install(b"".join(code))
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture(scope="module")
def closed() -> str:
    """What `grader doctor` says where no namespaces can be made, as in a plain container."""
    done = subprocess.run(
        [sys.executable, "-c", CLOSED, sys.executable, "-m", "grader.cli.main", "doctor"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout


@pytest.mark.sandbox
def test_without_namespaces_the_doctor_names_the_rung_that_is_left_and_the_mend(
    closed: str,
) -> None:
    lines = {line[9:].partition(":")[0]: line for line in closed.splitlines()}
    rung = lines["sandbox"].removeprefix("MISSING  sandbox: ").partition(",")[0]
    if rung == "unconfined":  # this user's session bus, say: then Landlock is no wall
        assert "reached another program's socket" in lines["sandbox landlock"]
    assert rung in ("landlock", "unconfined")
    assert lines["sandbox"].endswith(f". `grader grade` needs --accept-rung {rung}")
    problem, _, mend = lines["sandbox bubblewrap"].partition("; ")
    assert "not permitted" in problem or "No permissions" in problem
    assert "namespaces" in mend
    assert lines["confinement"].endswith("not tested: there is no safe sandbox")


def observed(rung: str, *sources: str) -> Evidence:
    cells = tuple(Cell(id=f"c{n}", kind="code", source=s) for n, s in enumerate(sources))
    return observe(
        Notebook(name="test.ipynb", cells=cells),
        (),
        Surroundings(rung=rung, files={"draw.py": b"X = 7\n"}),
        task="test",
        seed=1,
        resources=lambda name: np.zeros(1),
    )


@pytest.fixture(scope="module", params=levels.NAMES)
def honest(request: pytest.FixtureRequest) -> Evidence:
    """An ordinary notebook on each rung that this machine has."""
    rung: str = request.param
    if rung != "landlock" and (problem := choose.examine(rung).problem):
        pytest.skip(f"{rung}: {problem}")
    if rung == "landlock" and landlock.version() < landlock.NEEDED:
        pytest.skip("too old a kernel")
    return observed(
        rung,
        "import os, draw\nopen('note.txt', 'w').write('kept')\n"
        "print(draw.X, open('note.txt').read())",
        "import shutil, tempfile\nshutil.copy('note.txt', tempfile.mkdtemp())\n"
        "print(sorted(os.listdir()))",
        "import multiprocessing, threading\n"
        "with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))",
        "!echo shell\nlines = !echo one; echo two\nprint(lines, _exit_code)",
        "1 / 0",
        "print([k for k in os.environ if 'GRADER' in k and k != 'GRADER_DATA'], os.getcwd() == "
        "os.environ['HOME'])",
        "for name in ('mem', 'environ', 'fd/0', 'syscall', 'cmdline'):\n"
        "    try: print(name, open('/proc/1/' + name, 'r+b' if name == 'mem' else 'rb').read())\n"
        "    except OSError as error: print(type(error).__name__)\n"
        "import resource, socket\ntry: print(socket.gethostbyname('localhost'))\n"
        "except OSError: print('none')\n"
        "print(resource.getrlimit(resource.RLIMIT_RTPRIO), os.getppid(), os.getsid(0) == "
        "os.getpid(), [p for p in os.listdir('/proc') if p.isdigit() and int(p) < 3])",
    )


@pytest.mark.sandbox
def test_an_honest_notebook_runs_alike_on_every_rung(honest: Evidence) -> None:
    assert honest.ending is Ending.COMPLETED
    assert [cell.status for cell in honest.cells] == ["ok", "ok", "ok", "ok", "error", "ok", "ok"]
    texts = [cell.text for cell in honest.cells]
    assert texts[0] == "7 kept\n"
    assert texts[1] == "['draw.py', 'note.txt']\n"
    assert texts[2] == "[1, 2]\n"
    assert texts[3].splitlines() == ["shell", "['one', 'two'] 0"]
    assert texts[5] == "[] True\n"


@pytest.mark.sandbox
def test_nobody_looks_into_the_first_process_of_his_namespaces(honest: Evidence) -> None:
    """Who can write into it undoes what binds it to its run, and outlives that."""
    if not honest.rung.startswith("bubblewrap"):
        pytest.skip("there are no namespaces")
    *tried, command, address, about = honest.cells[6].text.splitlines()
    assert tried == ["PermissionError"] * 4
    assert "launch.py" in command or "zygote" in command
    assert "--" not in command  # none of bubblewrap's arguments, which name folders of the machine
    assert address == "127.0.0.1"  # the sandbox's own network has a name
    assert about == "(0, 0) 1 True ['1', '2']"


@pytest.mark.sandbox
def test_the_evidence_names_its_rung(honest: Evidence) -> None:
    assert honest.rung.removesuffix(", warm") in levels.NAMES


@pytest.mark.sandbox
def test_shared_memory_of_the_machine_is_left_as_it_was() -> None:
    """Below bubblewrap /dev/shm is everybody's."""
    if landlock.version() < landlock.NEEDED:
        pytest.skip("too old a kernel")
    evidence = observed(
        "landlock",
        "import os\nfrom multiprocessing import shared_memory\n"
        "kept = shared_memory.SharedMemory(create=True, size=4096)\n"
        "name = f'/dev/shm/grader-test-{os.getpid()}-x'\nopen(name, 'w').close()\n"
        "print(kept.name, name)",
    )
    mapped, named = evidence.cells[0].text.split()
    assert not Path("/dev/shm", mapped).exists()
    assert not Path(named).exists()
