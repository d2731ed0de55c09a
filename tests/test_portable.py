"""What students and lecturers use on any system runs where Unix's modules and calls are missing.

Windows is simulated: in a new process its missing modules are blocked and its missing calls are
taken away before anything of ours is loaded, as they would be there.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from grader.student import public_file
from tests import simulated
from tests.bundle import made, notebook
from tests.test_architecture import MODULES, room


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a machine with Windows and the base package alone."""
    return simulated.environment(
        tmp_path_factory.mktemp("simulated"), simulated.BASE - {"IPython"}, windows=True
    )


def test_commands_that_run_no_notebook_work(tmp_path: Path, windows: dict[str, str]) -> None:
    """With paths that begin with a drive, where a colon parts nothing; on Windows' own console."""
    shutil.copytree(simulated.KEPT, tmp_path / "C:" / "Kurs")
    lines = [*simulated.bare("C:/Kurs/"), ["new", "mine"]]
    done = simulated.run(simulated.commands(*lines), tmp_path, windows, "cp1252")
    ended = [line for line in done.stdout.splitlines() if line.startswith("==")]
    assert ended == [f"== {line[0]} 0" for line in lines], done.stderr


def test_functions_are_asked_in_the_notebook(tmp_path: Path, windows: dict[str, str]) -> None:
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
    assert simulated.run(asked, tmp_path, windows).stdout == "['passed']\n"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_whole_notebook_is_checked_on_any_console(
    tmp_path: Path, windows: dict[str, str], encoding: str
) -> None:
    """In a folder with spaces and umlauts, with line ends of Windows; told once: no sandbox."""
    folder = tmp_path / "Übung 4 (neu)"
    folder.mkdir()
    checks = public_file.dump(made("kmeans-example", "kmeans"))
    (folder / public_file.FILE).write_bytes(checks.replace(b"\n", b"\r\n"))
    wrong = notebook(
        "import numpy as np\nfrom helper import ZERO",
        "def assign(points, centres):\n    return np.zeros(len(points)) + ZERO",
        "def update(points, labels, centres):\n    raise ValueError('größer → kleiner 😀')",
    )
    (folder / "KMeans.ipynb").write_bytes(wrong.replace(b"\n", b"\r\n"))
    (folder / "helper.py").write_bytes(b"# \xc3\xa4\r\nZERO = 0\r\n")
    line = ["check", str(folder / "KMeans.ipynb")]
    done = simulated.run(simulated.commands(line), tmp_path, windows, encoding)
    assert "failed   assign" in done.stdout, done.stderr
    assert "could not be called: ValueError: gr" in done.stdout
    assert done.stdout.splitlines()[-1] == "== check 1"
    assert done.stderr.count("without a sandbox") == 1


def test_no_file_is_read_by_an_encoding_of_the_machines_own() -> None:
    """It is cp1252 on many a Windows, and our files are UTF-8."""
    told = {"read_text": 1, "write_text": 2}  # arguments, when the encoding is among them
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = len(node.args) + len(node.keywords)
                is_told = given >= told.get(node.func.attr, 0)
                assert is_told or room(name) == "sandbox", f"{name}: {ast.unparse(node)}"
