"""How long a question takes, in this checkout and in another: an older version, or a change.

Usage: python benchmarks/questions.py OTHER [--rounds N]. OTHER is the folder of another checkout
with a `.venv`. Both run this checkout's best example in turn, each from fork servers that have
loaded their libraries, and ask what hidden inputs of five seeds ask. A question's time is that from
asking until its answer is there: without the kernel's start and the notebook's cells.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "submissions" / "examples" / "Ada Strong_4711001_assignsubmission_file"
TASKS = ("activation", "evaluation")
SEEDS = range(5)


def module(*names: str) -> Any:
    """The first of these that is there: before there were rooms, it lay elsewhere."""
    for name in names:
        with contextlib.suppress(ModuleNotFoundError):
            return importlib.import_module(name)
    sys.exit(f"no {names[0]} in {Path.cwd()}")


def serve() -> None:
    """In the checkout that is the working directory: for each line a run, and each probe's time."""
    sys.path.insert(0, "")
    rubric = module("grader.assignment.rubric", "grader.rubric")
    notebook = module("grader.core.notebook", "grader.notebook")
    codec = module("grader.core.codec", "grader.wire")
    plan = module("grader.marking.plan", "grader.grade").plan
    sandbox = module("grader.sandbox.observe")

    tasks = [task for task in rubric.find("dais2021-a4").tasks if task.id in TASKS]
    for _ in sys.stdin:
        found: dict[str, list[float]] = defaultdict(list)
        for task in tasks:
            plans = [items for seed in SEEDS for items in plan(task, seed).values()]
            asked = {codec.digest(question): question for items in plans for question in items}
            began, ended = [], {}
            evidence = sandbox.observe(
                notebook.read((EXAMPLE / str(task.notebook)).read_bytes(), str(task.notebook)),
                [*asked.values()],
                sandbox.Surroundings(prepare=task.prepare, limits=task.limits),
                task=task.id,
                seed=0,
                resources=lambda name: sys.exit(f"{name} is of a training"),
                progress=lambda kind, *_, to=began: (
                    kind == "question" and to.append(time.perf_counter())
                ),
                answered=lambda key, _, to=ended: to.update({key: time.perf_counter()}),
            )
            for (key, question), start in zip(asked.items(), began, strict=False):
                assert evidence.answers[key].status.value == "ok", evidence.answers[key].error
                found[question.probe].append(ended[key] - start)
        print(json.dumps(found), flush=True)


def run(process: subprocess.Popen[str]) -> dict[str, list[float]]:
    """One run in a checkout: the seconds of each question, by probe."""
    assert process.stdin and process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    found: dict[str, list[float]] = json.loads(process.stdout.readline())
    return found


def typical(
    rounds: list[dict[str, list[float]]], probe: str, of: Callable[[Iterable[float]], float]
) -> float:
    """Seconds of a question: the mean over all that the probe was asked, each `of` its rounds."""
    return statistics.mean(of(times) for times in zip(*(one[probe] for one in rounds), strict=True))


def main() -> None:
    """A line for each probe: medians of the rounds, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    there, here = (
        subprocess.Popen(
            [folder.resolve() / ".venv/bin/python", __file__, ".", "--serve"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for folder in (given.other, ROOT)
    )
    checkouts = [there, here]
    rounds: list[list[dict[str, list[float]]]] = [[], []]
    for number in range(given.rounds + 1):
        for side in (0, 1) if number % 2 else (1, 0):
            rounds[side].append(run(checkouts[side]))
    then, now = (timed[1:] for timed in rounds)  # libraries were loaded in the first
    print(f"{'':16} {'there':>8} {'here':>8} {'ratio':>8} {'least':>8} {'least':>8} {'ratio':>8}")
    for probe in now[0]:
        cells = []
        for of in (statistics.median, min):
            a, b = (1000 * typical(timed, probe, of) for timed in (then, now))
            cells += [f"{a:8.1f} {b:8.1f} {b / a:8.2f}"]
        print(f"{probe:16}", *cells)
    for process in (there, here):
        process.communicate()


if __name__ == "__main__":
    main()
