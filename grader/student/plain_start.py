"""Starts the process that a notebook runs in without kernel or sandbox, or begins it ahead.

Loads nothing, so that it is begun before what judges its answers is loaded.
"""

from __future__ import annotations

import os
import subprocess
import sys

_waiting: list[subprocess.Popen[bytes]] = []  # begun ahead; it ends with this process


def ahead() -> None:
    """Begins a process for the next run, which loads libraries until its job comes."""
    if not _waiting:
        _waiting.append(_begun("ahead"))


def process() -> subprocess.Popen[bytes]:
    """The one that was begun ahead, or a new one."""
    return _waiting.pop() if _waiting else _begun()


def _begun(*words: str) -> subprocess.Popen[bytes]:
    variables = {
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "grader.student.plain_process", *words],
        env=dict(os.environ) | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
