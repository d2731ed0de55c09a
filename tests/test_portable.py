"""What students and lecturers use on any system runs where Unix's modules and calls are missing.

Windows is simulated: in a new process its missing modules are blocked and its missing calls are
taken away before anything of ours is loaded, as they would be there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.student import public_file
from tests.bundle import made

KEPT = Path(__file__).parent / "data" / "0.1.0"

WINDOWS = """
import asyncio, multiprocessing, os, shutil, signal, ssl, subprocess, sys, tempfile, uuid
import IPython.display, IPython.utils.capture, click, numpy, pydantic, rich.console
for name in ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "geteuid", "getuid", "killpg", "memfd_create", "pidfd_open",
             "register_at_fork", "setsid", "O_CLOEXEC", "O_DIRECTORY"):
    delattr(os, name)
for name in ("SIGALRM", "SIGCHLD", "SIGKILL", "ITIMER_REAL", "setitimer"):
    delattr(signal, name)
"""
"""Loaded first is what belongs to Python and to libraries: they know where they are."""


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """What code prints in a process of the simulated system."""
    return subprocess.run(
        [sys.executable, "-c", WINDOWS + code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = f"sys.argv = ['grader', *{words!r}]\nfrom grader.cli.main import main\nmain()\n"
    return run(folder, code)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with the results of an older version, and their assignment."""
    shutil.copytree(KEPT, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["report", "results", "--assignment", "rubrics/kmeans-example"],
        ["regrade", "results", "--assignment", "rubrics/kmeans-example", "--yes"],
        ["mark", "results", "--assignment", "rubrics/kmeans-example", "--export", "waiting.csv"],
        ["export", "results", "--assignment", "rubrics/kmeans-example", "--to", "csv"],
        ["schema", "--list"],
        ["new", "mine"],
    ],
    ids=lambda words: words[0],
)
def test_commands_that_run_no_notebook_work(results: Path, words: list[str]) -> None:
    done = command(results, *words)
    assert done.returncode == 0, done.stderr


def test_functions_are_asked_in_the_notebook(tmp_path: Path) -> None:
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made("kmeans-example", "kmeans")))
    asked = (
        "from pathlib import Path\nimport numpy as np\n"
        "from grader.student import jupyter_magic\n"
        "def assign(points, centres):\n"
        "    far = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)\n"
        "    return far.argmin(axis=1)\n"
        "found = jupyter_magic.judged(['assign'], {'assign': assign}, Path('.'))\n"
        "print([str(item.outcome.status) for item in found.items])\n"
    )
    assert run(tmp_path, asked).stdout == "['passed']\n"


def test_a_check_of_a_whole_notebook_says_what_to_do_instead(results: Path) -> None:
    done = command(results, "check", "bundle")
    assert done.returncode == 2
    assert "a whole notebook can't be run on this system" in done.stderr
    assert "with %check" in done.stderr
