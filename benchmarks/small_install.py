"""How large a student's install is, and whether it is enough: a wheel in a new environment.

Usage: python benchmarks/small_install.py [FOLDER]; needs a package index. Installs the package
without any extra, tells its size on the disk, and checks the example of k-means there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST = 150
"""MB that the environment may take."""


def run(*words: object, cwd: Path = ROOT, codes: tuple[int, ...] = (0,)) -> str:
    """What a command prints; ends all if it ended otherwise than it should."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        sys.exit(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> int:
    """Builds, installs, measures, checks; 0 if it is small enough."""
    folder = Path(tempfile.mkdtemp(dir=sys.argv[1] if sys.argv[1:] else None))
    python, grader = folder / "env/bin/python", folder / "env/bin/grader"
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("grader-*.whl")
    began = time.monotonic()
    run(sys.executable, "-m", "venv", folder / "env")
    run(python, "-m", "pip", "install", "--quiet", wheel)
    size = int(run("du", "-sm", folder / "env").split()[0])
    print(f"{size} MB after {time.monotonic() - began:.0f} s; at most {MOST}")
    shutil.copytree(ROOT / "tests/data/0.1.0", folder / "course")
    course = ["--assignment", "rubrics/kmeans-example"]
    answers = ROOT / "submissions/examples/DAIS2021-Autodiff-Antworten.csv"
    for words in (
        ["report", "results", *course],
        ["mark", "results", *course, "--export", "waiting.csv"],
        ["quiz", "mark", answers, "--assignment", ROOT / "rubrics/dais2021-a4"],
    ):
        run(grader, *words, cwd=folder / "course")
        print("works:", *words[:2])
    solved = folder / "course/bundle"
    shutil.copy(ROOT / "reference/kmeans-example/KMeans.ipynb", solved)
    print(run(grader, "check", cwd=solved, codes=(0, 1)))
    shutil.rmtree(folder)
    return 0 if size < MOST else 1


if __name__ == "__main__":
    sys.exit(main())
