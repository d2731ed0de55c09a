"""A small course for attacks: four functions and an answer in words, graded by the real command."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOTEBOOK = "ActivationFunctions.ipynb"
FUNCTIONS = ("tanh", "tanh_grad", "relu", "logistic")
REPOSITORY = Path(__file__).parents[2]

RIGHT = {
    "tanh": "def tanh(x):\n    return np.tanh(x)",
    "tanh_grad": "def tanh_grad(x):\n    return 1 / np.cosh(np.clip(x, -300, 300)) ** 2",
    "relu": "def relu(x):\n    return np.maximum(x, 0.0)",
    "logistic": "def logistic(x):\n    return 0.5 * (1 + np.tanh(np.asarray(x) / 2))",
}
HONEST = ("import numpy as np", *RIGHT.values(), "print(tanh(np.array([0.0, 1.0])))")
WRONG = "import numpy as np\ndef tanh(x):\n    return x * 0 + 0.1234567\ntanh_grad = relu = tanh"

ASSIGNMENT = """
[assignment]
name = "course"
title = "Attacks"
points = "5"
pass_points = "3"
due = 2030-01-01T00:00:00
timezone = "UTC"
tasks = ["activation"]
[limits]
cell_seconds = 4
notebook_seconds = 40
question_seconds = 2
memory_mib = 1024
processes = 64
disk_mib = 64
file_mib = 32
output_messages = 5000
"""
TASK = f"""
[task]
id = "activation"
title = "Functions"
points = "5"
notebook = "{NOTEBOOK}"
prepare = ["figures", "version_rot"]
"""
ITEM = """
[[item]]
id = "{id}"
title = "{id}"
points = "1"
visibility = "public"
hint = "Look again."
check = {{ type = "{type}", {rest} }}
"""


def cell(source: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    """One cell of a notebook file."""
    return {"cell_type": kind, "metadata": {}, "source": source} | more


def notebook(cells: Sequence[str | dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A notebook file as data. A text is a code cell."""
    found = [cell(entry) if isinstance(entry, str) else entry for entry in cells]
    for number, entry in enumerate(found):
        entry.setdefault("id", f"cell{number}")
        if entry["cell_type"] == "code":
            entry.setdefault("outputs", [])
            entry.setdefault("execution_count", None)
    return {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more


@dataclass
class Course:
    """Folders of one course, and what must stay untouched outside of the sandbox."""

    root: Path
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    def __post_init__(self) -> None:
        self.work, self.out, self.tmp = (self.root / name for name in ("work", "out", "tmp"))
        for folder in (self.work, self.tmp):
            folder.mkdir()
        self.tmp.chmod(0o711)
        self.secret = f"secret{self.token}"
        self.canary = self.root / "canary.txt"
        self.canary.write_text(self.secret)
        self.canary.chmod(0o666)
        self.rubric = self.root / "rubrics" / "course"
        self.reference = self.root / "reference" / "course"
        for folder in (self.rubric, self.reference):
            folder.mkdir(parents=True)
        settings = {name: f'function = "{name}"' for name in FUNCTIONS}
        settings["tanh_grad"] += ', base = "tanh"'
        items = [
            ITEM.format(id=name, type="function_values", rest=rest)
            for name, rest in settings.items()
        ]
        items.append(ITEM.format(id="words", type="text_answer", rest='cell = "words"'))
        (self.rubric / "assignment.toml").write_text(ASSIGNMENT)
        (self.rubric / "activation.toml").write_text(TASK + "".join(items))
        master = notebook(
            [
                *HONEST,
                f"# {self.secret}",
                cell(
                    "<!-- ### BEGIN SOLUTION -->\nThey vanish.\n<!-- ### END SOLUTION -->\n"
                    "<!-- ### BEGIN STUB\n*Write here.*\n### END STUB -->",
                    "markdown",
                    id="words",
                ),
            ]
        )
        (self.reference / NOTEBOOK).write_text(json.dumps(master))

    def submit(
        self, name: str, cells: Sequence[str | dict[str, Any]] | bytes, **files: bytes
    ) -> None:
        """Hands in a notebook (bytes: just these) and files beside it; `__` in a name is a dot."""
        folder = self.work / name
        folder.mkdir()
        raw = cells if isinstance(cells, bytes) else json.dumps(notebook(cells)).encode()
        (folder / NOTEBOOK).write_bytes(raw)
        for file, content in files.items():
            (folder / file.replace("__", ".")).write_bytes(content)

    def command(self) -> tuple[list[str], dict[str, str]]:
        """The command that grades all, and its environment."""
        line = [
            sys.executable,
            "-m",
            "grader.cli.main",
            "grade",
            str(self.work),
            "--quiet",
            "--out",
            str(self.out),
            "--assignment",
            str(self.rubric),
            "--seed",
            "4",
            "--jobs",
            "2",
        ]
        return line, os.environ | {"TMPDIR": str(self.tmp), "GRADER_TOKEN": self.token}

    def grade(self) -> subprocess.CompletedProcess[str]:
        """Grades all, to the end."""
        line, environment = self.command()
        return subprocess.run(
            line,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            cwd=REPOSITORY,
        )

    def results(self) -> dict[str, dict[str, Any]]:
        """What results.json says, by the name of the student."""
        document = json.loads((self.out / "results.json").read_text())
        return {entry["name"]: entry for entry in document["submissions"]}

    def left_behind(self) -> list[str]:
        """Processes of ours that live on, temporary files, and mounts of ours."""
        # os.walk passes over a folder that goes while it is looked at; rglob raises.
        found = [
            f"{folder}/{name}"
            for folder, folders, files in os.walk(self.tmp)
            for name in folders + files
        ]
        token = self.token.encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if token in told or str(self.root).encode() in told:
                found.append(f"process {entry.name}: {told[:200]!r}")
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return found + [line for line in mounts if str(self.root) in line]


def new(prefix: str) -> Course:
    """A course in a new folder with a short name: sockets lie below it."""
    root = Path(tempfile.mkdtemp(prefix=prefix))
    root.chmod(0o755)
    return Course(root)


def marks(entry: dict[str, Any]) -> dict[str, str]:
    """The status of each item of a submission."""
    return {item["id"]: item["status"] for task in entry["tasks"] for item in task["items"]}


def message(entry: dict[str, Any], item: str) -> str:
    """What the report says of an item."""
    (found,) = [i for task in entry["tasks"] for i in task["items"] if i["id"] == item]
    return str(found["message"])
