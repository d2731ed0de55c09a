"""What this machine can do for grading, and what to install for more. Trusted side."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata

from grader import data
from grader.errors import GraderError
from grader.model import Cell, Ending, Notebook
from grader.sandbox import bwrap
from grader.sandbox.observe import Surroundings, observe

PACKAGES = ("torch", "torchvision", "scikit-learn", "matplotlib", "nbclient", "ipykernel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `text` says what is there, or the mend."""

    what: str
    ok: bool
    text: str


def examine() -> list[Finding]:
    """All findings, the sandbox by really running a cell in it."""
    return [_python(), *_packages(), _sandbox(), _network(), _data(), _resources()]


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    text = f"{platform.python_version()} at {sys.executable}"
    return Finding(what="Python", ok=fine, text=text if fine else f"{text}; 3.11 is needed")


def _packages() -> list[Finding]:
    found = []
    for name in PACKAGES:
        try:
            found.append(Finding(what=name, ok=True, text=metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(Finding(what=name, ok=False, text="run `make setup`"))
    return found


def _sandbox() -> Finding:
    reason = bwrap.works()
    user = "root, which becomes an unprivileged user first" if os.geteuid() == 0 else "this user"
    text = reason or f"bubblewrap at {bwrap.find()}, started by {user}"
    return Finding(what="sandbox", ok=not reason, text=text)


def _network() -> Finding:
    """Runs a cell that tries to get out, and one that tries to read what it must not."""
    if bwrap.works():
        return Finding(what="confinement", ok=False, text="not tested: there is no sandbox")
    source = (
        "import os, socket\n"
        "try:\n    socket.create_connection(('192.0.2.1', 80), timeout=2); print('network')\n"
        "except OSError: print('closed')\n"
        "print(os.path.exists('/etc/shadow'), os.access('/usr', os.W_OK))"
    )
    notebook = Notebook(name="doctor", cells=(Cell(id="probe", kind="code", source=source),))
    evidence = observe(notebook, (), Surroundings(), task="doctor", seed=0, resources=data.resource)
    if evidence.ending is not Ending.COMPLETED:
        return Finding(what="confinement", ok=False, text=evidence.message)
    fine = evidence.cells[0].text == "closed\nFalse False\n"
    text = "a test notebook ran; no network, no host files" if fine else evidence.cells[0].text
    return Finding(what="confinement", ok=fine, text=text)


def _data() -> Finding:
    try:
        return Finding(what="Fashion-MNIST", ok=True, text=str(data.prepare(fetch=False)))
    except GraderError as missing:
        return Finding(what="Fashion-MNIST", ok=False, text=str(missing))


def _resources() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = shutil.disk_usage(".").free >> 30
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    text = f"{cores} cores, {memory} GiB of memory, {free} GiB free here"
    return Finding(what="machine", ok=memory >= 4, text=text)
