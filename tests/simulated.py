"""Other machines, simulated for a process and all that it starts: without libraries, or Windows.

What Python runs first, `sitecustomize`, takes away what is not there. It can't show what depends on
Windows itself: paths of backslashes and drives, files that can't be replaced while they are open,
pipes that can't be waited for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from grader.core import extras
from tests.bundle import ROOT

WITHOUT = """
from importlib.machinery import PathFinder
gone, find = {gone!r}, PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.split(".")[0] in gone else find(name, path, target)
PathFinder.find_spec = find_spec
"""

WINDOWS = """
import asyncio, multiprocessing, os, pathlib, shutil, signal, ssl, subprocess, sys, tempfile, uuid
import click, numpy, pydantic, rich.console
try:
    import IPython.display, IPython.utils.capture
except ImportError:
    pass
for name in ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "geteuid", "getuid", "killpg", "memfd_create", "pidfd_open",
             "register_at_fork", "sched_getaffinity", "setsid", "sysconf", "O_CLOEXEC",
             "O_DIRECTORY"):
    if hasattr(os, name):
        delattr(os, name)
subprocess.Popen.kill = lambda self: os.kill(self.pid, 9)  # as Windows' own
for name in ("SIGALRM", "SIGCHLD", "SIGKILL", "ITIMER_REAL", "setitimer"):
    delattr(signal, name)
pathlib.WindowsPath = pathlib.PosixPath  # what Path() makes where os.name is "nt"
os.name = "nt"
"""
"""Loaded first is what belongs to Python and to libraries: they know where they are."""

KEPT = Path(__file__).parent / "data" / "0.1.0"
"""A course's folder with results of an older version."""

QUIZ = str(ROOT / "submissions/examples/DAIS2021-Autodiff-Antworten.csv")


def bare(course: str = "") -> list[list[str]]:
    """Commands that run no notebook and need no extra, in a copy of KEPT, or with the way there."""
    results, rubric = f"{course}results", ["--assignment", f"{course}rubrics/kmeans-example"]
    return [
        ["report", results, *rubric],
        ["regrade", results, *rubric, "--yes"],
        ["mark", results, *rubric, "--export", f"{course}waiting.csv"],
        ["export", results, *rubric, "--to", "csv"],
        ["quiz", "mark", QUIZ, "--assignment", str(ROOT / "rubrics/dais2021-a4")],
        ["schema", "--list"],
    ]


BASE = frozenset(extras.LIBRARIES) - {"markdown_it"}
"""What a small install lacks; rich brings markdown_it."""


def environment(folder: Path, gone: Iterable[str] = (), *, windows: bool = False) -> dict[str, str]:
    """The variables of processes on such a machine; `folder` is for this alone."""
    folder.mkdir(exist_ok=True)
    code = WITHOUT.format(gone=set(gone)) + (WINDOWS if windows else "")
    (folder / "sitecustomize.py").write_text(code)
    return dict(os.environ) | {"PYTHONPATH": str(folder)}


def run(
    code: str, folder: Path, environment: dict[str, str], encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    """What code prints there, in a folder, on a console of this encoding."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        encoding=encoding,
        check=False,
    )


def commands(*lines: list[str]) -> str:
    """Code that runs commands of ours, one after the other, and tells how each ended."""
    return (
        "import sys\nfrom grader.cli.main import main\n"
        f"for words in {list(lines)!r}:\n"
        "    try:\n        code = main(words, standalone_mode=False)\n"
        "    except SystemExit as end:\n        code = end.code\n"
        "    print('==', words[0], code or 0, flush=True)\n"
    )
