"""How long a student waits: the first and the last result of `grader check`, `%check`, `--watch`.

Usage: python benchmarks/check.py [--rounds N]. A bundle of the k-means example is made in a folder
of its own; medians in seconds. `plain` is the same where kernels are not installed. What is
measured is a grader whose modules are compiled, as an installed one's are.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from grader.student import jupyter_magic
from tests import simulated

GRADER = [sys.executable, "-m", "grader.cli.main"]
KERNELS = ("ipykernel", "nbclient")


def check(folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Until the first item is told, and until all is done."""
    began, first = time.perf_counter(), 0.0
    with _started(["check"], folder, environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            first = first or ("passed  " in line and time.perf_counter() - began)
    return float(first), time.perf_counter() - began


def watch(folder: Path, environment: dict[str, str]) -> float:
    """From saving a notebook to its first result, with a second between."""
    with _started(["check", "--watch"], folder, environment) as process:
        assert process.stdout is not None
        _until(process, "Judged later")
        time.sleep(10)  # what is kept ready loads libraries meanwhile, as it does while one edits
        notebook = folder / "KMeans.ipynb"
        began = time.perf_counter()
        notebook.write_bytes(notebook.read_bytes() + b"\n")
        _until(process, "passed  ")
        took = time.perf_counter() - began
        process.kill()
    return took


def _until(process: subprocess.Popen[str], sign: str) -> None:
    assert process.stdout is not None
    while sign not in process.stdout.readline():
        if process.poll() is not None:
            sys.exit("grader check ended early")


def _started(words: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*GRADER, *words],
        cwd=folder,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def magic(folder: Path) -> float:
    """`%check assign` in a kernel, the second time: the first loads the grader."""
    names: dict[str, object] = {}
    exec(
        "import numpy as np\ndef assign(points, centres):\n"
        "    far = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)\n"
        "    return far.argmin(axis=1)\n",
        names,
    )
    shell = SimpleNamespace(user_ns=names)
    os.chdir(folder)
    jupyter_magic.judged(["assign"], shell.user_ns, folder)
    began = time.perf_counter()
    jupyter_magic.judged(["assign"], shell.user_ns, folder)
    return time.perf_counter() - began


def main() -> None:
    """All measurements, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(ROOT / "grader", quiet=1)
    with tempfile.TemporaryDirectory(dir=ROOT) as made:
        folder = Path(made)
        shutil.copy(ROOT / "tests/data/0.1.0/bundle/public-checks.json", folder)
        shutil.copy(ROOT / "reference/kmeans-example/KMeans.ipynb", folder)
        places = {
            "sandbox": dict(os.environ),
            "plain": simulated.environment(folder / "simulated", KERNELS),
        }
        for name, environment in places.items():
            found = [check(folder, environment) for _ in range(rounds)]
            first, last = (statistics.median(times) for times in zip(*found, strict=True))
            again = statistics.median(watch(folder, environment) for _ in range(rounds))
            print(f"{name:8} first {first:.2f}  all {last:.2f}  --watch {again:.2f}", flush=True)
        print(f"%check   {statistics.median(magic(folder) for _ in range(rounds)):.3f}")


if __name__ == "__main__":
    main()
