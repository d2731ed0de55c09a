"""%check in a browser's Python, as JupyterLite has it: Pyodide, with numpy, run by node."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from grader.assignment import variants
from grader.core import notebook_patch
from grader.student import jupyter_magic, public_file
from tests.bundle import ROOT, made
from tests.test_same_verdict import master
from tools.pyodide import FOLDER

FUNCTIONS = ("logistic", "tanh", "relu")
PROGRAM = """
import json, os, sys
from pathlib import Path
sys.dont_write_bytecode = True
sys.path.append("/libraries")  # after those of Pyodide itself
os.chdir("/work")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext grader")
shell.run_cell("%%check\\nimport numpy as np\\ndef relu(x):\\n    return np.abs(x)")
from grader.student import jupyter_magic
told = []
for code, wanted in json.loads(Path("work.json").read_text()):
    names = {}
    exec(code, names)
    items = jupyter_magic.judged(wanted, names, Path.cwd()).items
    told.append([[i.item.id, str(i.outcome.status), str(i.outcome.share)] for i in items])
Path("told.json").write_text(json.dumps(told))
"""


def installed(*names: str) -> set[Path]:
    """What an installation of these brings there: their own files and those of all they need."""
    waiting, seen, found = list(names), set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        one = distribution(name)
        for wanted in map(Requirement, one.requires or ()):
            there = {"sys_platform": "emscripten", "extra": ""}
            if wanted.marker is None or wanted.marker.evaluate(there):
                waiting.append(wanted.name)
        tops = {file.parts[0] for file in one.files or () if file.suffix == ".py"} - {".."}
        found |= {Path(str(one.locate_file(top))) for top in tops}
    return found


def solutions() -> list[tuple[str, list[str]]]:
    """Known ways to write the activation functions, and what each is about.

    None draws, and none is written with torch, which no browser has.
    """
    public = made()
    given = {item.id for item in public.task("activation").items}
    found = []
    for name in FUNCTIONS:
        file = ROOT / "reference/dais2021-a4/variants/activation" / f"{name}.py"
        for one in variants.parse(file.read_text(), file.name, sorted(given)):
            wanted = [item for item in one.items if not item.startswith("plot_")]
            cells = notebook_patch.applied(
                master("dais2021-a4", "activation"), one.code, one.source
            ).cells
            code = "\n".join(cell.source for cell in cells)
            if "import torch" not in code:
                found.append((code.replace("import matplotlib.pyplot as plt", ""), wanted))
    return found


@pytest.mark.browser
def test_the_verdicts_are_those_of_any_other_python(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not FOLDER.is_dir():
        pytest.skip("NO PYODIDE: %check in a browser is NOT tested; run tools/setup.sh pyodide")
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made()))
    asked = solutions()
    (tmp_path / "work.json").write_text(json.dumps(asked))
    (tmp_path / "program.py").write_text(PROGRAM)
    places = {"/work": tmp_path, "/libraries/grader": ROOT / "grader"}
    places |= {f"/libraries/{path.name}": path for path in installed("ipython", "grader")}
    runner = Path(__file__).with_name("pyodide.mjs")
    line = [node, runner, FOLDER, tmp_path / "program.py", json.dumps(places, default=str)]
    done = subprocess.run([*map(str, line)], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split()[:2] == ["failed", "relu"]
    assert "makes all others 0" in done.stdout
    told = json.loads((tmp_path / "told.json").read_text())
    here: list[Any] = []
    for code, wanted in asked:
        names: dict[str, Any] = {}
        exec(code, names)
        items = jupyter_magic.judged(wanted, names, tmp_path).items
        here.append([[i.item.id, str(i.outcome.status), str(i.outcome.share)] for i in items])
    assert told == here
