"""What this machine can do for grading, and what to install for more. Trusted side."""

from __future__ import annotations

import itertools
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata

from grader.core import extras
from grader.core.errors import GraderError, SandboxError
from grader.core.model import Cell, Ending, Notebook
from grader.retraining.datasets import fashion_mnist
from grader.sandbox import archive_tool
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings
from grader.sandbox.walls import choose, levels
from grader.student.open_sandbox import KERNEL

PACKAGES = ("torch", "torchvision", "sklearn", "matplotlib", "nbclient", "ipykernel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `text` says what is there, or the mend."""

    what: str
    ok: bool
    text: str


def examine() -> list[Finding]:
    """All findings, the sandbox by really running a cell in it."""
    return [_python(), *_packages(), *_ladder(), _confinement(), _archives(), _data(), _resources()]


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    text = f"{platform.python_version()} at {sys.executable}"
    return Finding(what="Python", ok=fine, text=text if fine else f"{text}; 3.11 is needed")


def _packages() -> list[Finding]:
    found = []
    for module in PACKAGES:
        name, extra = extras.LIBRARIES[module]
        try:
            found.append(Finding(what=name, ok=True, text=metadata.version(name)))
        except metadata.PackageNotFoundError:
            mend = f"pip install 'grader[{extra}]', or run `make setup`"
            found.append(Finding(what=name, ok=False, text=mend))
    return found


def _ladder() -> list[Finding]:
    """The best sandbox with its promise, and for each better one what it needs."""
    verdicts = [choose.examine(name) for name in levels.NAMES]
    here = next((v.rung for v in verdicts if not v.problem), None)
    better = list(itertools.takewhile(lambda verdict: verdict.problem, verdicts))
    if levels.BUBBLEWRAP in [verdict.rung for verdict in better]:
        del better[0]  # control groups are the second step
    found = []
    if here:
        text = f"{here.name}, tested here. Promised: {here.promises}. Not promised: {here.lacks}"
        if here.name in levels.CONCURRENT and os.geteuid() == 0:
            text += ". Root becomes an unprivileged user first"
        elif here.name not in levels.CONCURRENT:
            text += f". `grader grade` needs --accept-rung {here.name}"
        found.append(Finding(what="sandbox", ok=here.name in levels.CONCURRENT, text=text))
    for verdict in better:
        text = f"{verdict.problem}; {verdict.mend}" if verdict.mend else verdict.problem
        optional = verdict.rung is levels.CGROUP
        found.append(Finding(what=f"sandbox {verdict.rung.name}", ok=optional, text=text))
    return found


def _confinement() -> Finding:
    """Runs a notebook that tries to get out, and to read what it must not."""
    if lacks := extras.missing(*KERNEL):
        text = extras.sentence("not tested: it", lacks)
        return Finding(what="confinement", ok=False, text=text)
    try:
        rung = choose.best()
    except SandboxError:
        return Finding(what="confinement", ok=False, text="not tested: there is no safe sandbox")
    source = (
        "import os, socket\n"
        "try:\n    socket.create_connection(('192.0.2.1', 80), timeout=2); print('network')\n"
        "except OSError: print('closed')\n"
        "print(os.path.exists('/etc/shadow'), os.access('/usr', os.W_OK))"
    )
    notebook = Notebook(name="doctor", cells=(Cell(id="probe", kind="code", source=source),))
    evidence = observe(
        notebook,
        (),
        Surroundings(rung=rung),
        task="doctor",
        seed=0,
        resources=fashion_mnist.resource,
    )
    if evidence.ending is not Ending.COMPLETED:
        return Finding(what="confinement", ok=False, text=evidence.message)
    fine = evidence.cells[0].text == "closed\nFalse False\n"
    text = "a test notebook ran; no network, no host files" if fine else evidence.cells[0].text
    return Finding(what="confinement", ok=fine, text=text)


def _archives() -> Finding:
    there = archive_tool.find() is not None
    text = (
        f"opened by {archive_tool.TOOL}, confined"
        if there
        else f"not opened, a person looks at them; `apt-get install {archive_tool.PACKAGE}`"
    )
    return Finding(what="7z and rar archives", ok=True, text=text)


def _data() -> Finding:
    try:
        return Finding(what="Fashion-MNIST", ok=True, text=str(fashion_mnist.prepare(fetch=False)))
    except GraderError as missing:
        return Finding(what="Fashion-MNIST", ok=False, text=str(missing))


def _resources() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = shutil.disk_usage(".").free >> 30
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    text = f"{cores} cores, {memory} GiB of memory, {free} GiB free here"
    return Finding(what="machine", ok=memory >= 4, text=text)
