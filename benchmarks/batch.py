"""Grades the same notebooks with other graders and with ours: `python benchmarks/batch.py`.

Each tool runs as its users run it, from its command line, with the same student notebooks and the
same two questions: once for one submission, and once for several more. The difference is what one
more submission costs; the rest is what the tool needs to begin. Prints seconds, ratios, and the
peak of memory (each shared page counted once) of all processes together.

The others are installed into environments of their own below ~/.cache/grader/benchmarks, and see
this environment's torch and matplotlib behind their own packages.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil

CACHE = Path.home() / ".cache/grader/benchmarks"
PACKAGES = {
    "nbgrader": ["nbgrader==0.9.6"],
    "otter": ["otter-grader==7.0.0"],
    "papermill": ["papermill==2.7.0", "ipykernel"],
}
IMPORTS = {
    "torch": "import torch\nimport torchvision\nimport sklearn.linear_model\n"
    "import numpy as np\nimport matplotlib.pyplot as plt",
    "numpy": "import numpy as np",
}
ANSWERS = (
    "def logistic(x):\n    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))",
    "def logistic_grad(x):\n    return logistic(x) * (1 - logistic(x))",
)
TEST = "assert np.isclose(logistic(0), 0.5)\nassert np.isclose(logistic_grad(0), 0.25)"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one command took."""

    seconds: float
    peak: int  # bytes


@dataclass(slots=True)
class Meter:
    """Watches the memory of this process's descendants while a command runs."""

    peak: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Looks twice a second, until told to end."""
        while not self._end.wait(0.5):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)

    def end(self) -> None:
        """Enough."""
        self._end.set()


def measured(command: list[str], cwd: Path, **environment: str) -> Measured:
    """Runs a command; if it fails, shows what it said and ends."""
    meter = Meter()
    watcher = threading.Thread(target=meter.watch)
    watcher.start()
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.monotonic() - began
    meter.end()
    watcher.join()
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-4000:]}")
    return Measured(seconds, meter.peak)


# --- environments and notebooks -------------------------------------------------------------------


def environment(tool: str) -> Path:
    """The folder of a tool's programs; made at the first use."""
    place = CACHE / tool
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin/python"), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, *PACKAGES[tool]], check=True)
        (site,) = (place / "lib").glob("python*/site-packages")
        (site / "zz-ours.pth").write_text(sysconfig.get_path("purelib") + "\n")
        (place / "complete").touch()
    return place / "bin"


def paths(tool: str) -> dict[str, str]:
    """The environment in which a tool finds its own programs first; nothing for ours."""
    return {"PATH": f"{environment(tool)}:{os.environ['PATH']}"} if tool in PACKAGES else {}


def set_up(tool: str, *arguments: str, folder: Path) -> None:
    """Runs a tool before the clock does."""
    command = [str(environment(tool) / tool), *arguments]
    subprocess.run(
        command, cwd=folder, env=os.environ | paths(tool), check=True, capture_output=True
    )


def notebook(imports: str, *more: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A student's notebook."""
    cells = [nbformat.v4.new_code_cell(source) for source in (imports, *ANSWERS)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=[*cells, *more], metadata={"kernelspec": kernel})


def write(node: nbformat.NotebookNode, path: Path) -> None:
    """Saves it, and makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(node, path)


# --- the tools ------------------------------------------------------------------------------------


def nbgrader(folder: Path, imports: str, count: int) -> list[str]:
    """`nbgrader autograde`: answers and tests are cells of one notebook."""
    grade = {
        "schema_version": 3,
        "grade": True,
        "locked": True,
        "points": 2,
        "grade_id": "test",
        "solution": False,
        "cell_type": "code",
        "task": False,
    }
    test = nbformat.v4.new_code_cell(TEST, metadata={"nbgrader": grade})
    write(notebook(imports, test), folder / "source/one/work.ipynb")
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.root = '.'\n"
        "c.Execute.timeout = c.Execute.iopub_timeout = 600  # a busy machine is no failure\n"
    )
    set_up("nbgrader", "generate_assignment", "one", folder=folder)
    released = nbformat.read(folder / "release/one/work.ipynb", as_version=4)
    for number in range(count):
        write(released, folder / f"submitted/student{number}/one/work.ipynb")
    return [str(environment("nbgrader") / "nbgrader"), "autograde", "one", "--force"]


def otter(folder: Path, imports: str, count: int) -> list[str]:
    """`otter run` for each notebook: grading without its containers, which would cost more."""
    tests = folder / "tests"
    tests.mkdir()
    body = "".join(f">>> {line}\n" for line in TEST.splitlines())
    test = {"name": "q1", "points": 2, "suites": [{"type": "doctest", "cases": [{"code": body}]}]}
    (tests / "q1.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")
    set_up("otter", "generate", "-t", "tests", "--no-environment", folder=folder)
    script = ["set -e"]
    for number in range(count):
        write(notebook(imports), folder / f"student{number}/work.ipynb")
        script.append(f"otter run -a autograder.zip -o student{number} student{number}/work.ipynb")
    return ["sh", "-c", "\n".join(script)]


def papermill(folder: Path, imports: str, count: int) -> list[str]:
    """`papermill` for each notebook: execution only, with the tests as a last cell."""
    script = ["set -e"]
    test = nbformat.v4.new_code_cell(TEST)
    for number in range(count):
        write(notebook(imports, test), folder / f"student{number}.ipynb")
        script.append(f"papermill --no-progress-bar student{number}.ipynb out.ipynb")
    return ["sh", "-c", "\n".join(script)]


RUBRIC = """
[assignment]
name = "bench"
title = "Benchmark"
points = "2"
pass_points = "1"
due = 2030-01-01T00:00:00
timezone = "UTC"
tasks = ["work"]
[late]
percent_per_day = "0"
[limits]
"""
ITEM = """
[[item]]
id = "{name}"
title = "{name}"
points = "1"
visibility = "public"
hint = "{name}"
[item.check]
type = "function_values"
function = "{name}"
"""


def ours(jobs: int) -> Callable[[Path, str, int], list[str]]:
    """`grader grade`: tests are hidden inputs, and the report pages are written, too."""

    def prepare(folder: Path, imports: str, count: int) -> list[str]:
        rubric = folder / "rubrics/bench"
        rubric.mkdir(parents=True)
        (rubric / "assignment.toml").write_text(RUBRIC)
        task = '[task]\nid = "work"\ntitle = "Work"\npoints = "2"\nnotebook = "work.ipynb"\n'
        items = "".join(ITEM.format(name=name) for name in ("logistic", "logistic_grad"))
        (rubric / "work.toml").write_text(task + items)
        write(notebook(imports), folder / "reference/bench/work.ipynb")
        for number in range(count):
            # Notebooks that differ, for equal ones would be taken from the store.
            remark = nbformat.v4.new_code_cell(f"# student {number}")
            write(notebook(imports, remark), folder / f"submissions/student{number}/work.ipynb")
        program = str(Path(sys.executable).parent / "grader")
        return [
            program,
            "grade",
            "submissions",
            "--out",
            "results",
            "--quiet",
            "--seed",
            "1",
            "--assignment",
            str(rubric),
            "--jobs",
            str(jobs),
        ]

    return prepare


@dataclass(frozen=True, slots=True)
class Tool:
    """One row of the table."""

    name: str
    prepare: Callable[[Path, str, int], list[str]]
    environment: dict[str, str] = field(default_factory=dict)


COLD = {"GRADER_COLD": "1"}
TOOLS = (
    Tool("nbgrader autograde", nbgrader),
    Tool("otter run", otter),
    Tool("papermill", papermill),
    Tool("grader, cold, 1 job", ours(1), COLD),
    Tool("grader, cold, 2 jobs", ours(2), COLD),
    Tool("grader, warm, 1 job", ours(1)),
    Tool("grader, warm, 2 jobs", ours(2)),
)


# --- measuring ------------------------------------------------------------------------------------


def cost(tool: Tool, imports: str, more: int) -> tuple[float, float, int]:
    """Seconds of the first submission with all that begins, of one more, and the peak."""
    results = []
    for count in (1, 1 + more):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            command = tool.prepare(Path(name), imports, count)
            variables = tool.environment | paths(tool.name.split()[0])
            results.append(measured(command, Path(name), **variables))
    first, all_of_them = results
    each = (all_of_them.seconds - first.seconds) / more
    return first.seconds, each, max(first.peak, all_of_them.peak)


def cells_seconds(imports: str) -> float:
    """What the cells take in a process of their own in which everything is imported already."""
    code = "\n".join(
        [
            imports,
            "import time",
            "began = time.monotonic()",
            imports,
            *ANSWERS,
            TEST,
            "print(time.monotonic() - began)",
        ]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def rows(imports: str, options: argparse.Namespace) -> Iterator[tuple[str, float, float, int]]:
    """Medians over rounds; every round asks all tools, so that they meet the same weather."""
    chosen = [tool for tool in TOOLS if not options.only or options.only in tool.name]
    found: dict[str, list[tuple[float, float, int]]] = {tool.name: [] for tool in chosen}
    for _ in range(options.rounds):
        for tool in chosen:
            is_ours = tool.name.startswith("grader")
            more = options.ours if is_ours and "warm" in tool.name else options.others
            found[tool.name].append(cost(tool, imports, more))
            print(f"  {tool.name}: {found[tool.name][-1]}", file=sys.stderr, flush=True)
    for name, measurements in found.items():
        first, each, peak = (
            statistics.median(column) for column in zip(*measurements, strict=True)
        )
        yield name, first, each, int(peak)


def main() -> None:
    """Prints a table for each kind of notebook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--others", type=int, default=4, help="further submissions, slow tools")
    parser.add_argument("--ours", type=int, default=40, help="further submissions, warm")
    parser.add_argument("--only", default="", help="part of a tool's name")
    parser.add_argument("--notebook", choices=sorted(IMPORTS), action="append")
    options = parser.parse_args()
    for kind in options.notebook or IMPORTS:
        table = list(rows(IMPORTS[kind], options))
        slowest = table[0][2]
        own = cells_seconds(IMPORTS[kind])
        print(f"\n### A notebook that imports {kind}; its cells, all imported: {own:.3f} s\n")
        print("| | first, s | one more, s | beyond the cells, s | ratio | peak, MiB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, first, each, peak in table:
            print(
                f"| {name} | {first:.2f} | {each:.2f} | {each - own:.2f} "
                f"| {slowest / each:.1f} | {peak >> 20} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
