"""Honest notebooks that met with an accident, by name: none of these may cost a mark."""

# ruff: noqa: E501

from __future__ import annotations

import json
from typing import Any

from tests.hostile.course import HONEST, RIGHT, cell, notebook

NUMPY = "import numpy as np"
WORDS = cell("They vanish in deep networks.", "markdown", id="words")
LETTERS = "# Größe, naïve, \N{GREEK SMALL LETTER SIGMA}\n"


def raw(cells: Any, **more: Any) -> str:
    """A notebook as text of JSON."""
    return json.dumps(notebook(cells, **more), indent=1, ensure_ascii=False)


def saved_while_running() -> bytes:
    """Outputs cut off, stars for counts, a traceback of an interrupt."""
    cells = [cell(code) for code in HONEST]
    for number, entry in enumerate(cells):
        entry["execution_count"] = "*" if number % 2 else None
        entry["outputs"] = [
            {"output_type": "stream", "name": "stdout"},
            {"output_type": "error"},
            None,
            {},
            {"output_type": "display_data", "data": None, "metadata": None},
        ]
    return raw(cells).encode()


def of_another_editor() -> bytes:
    """Colab's and VS Code's metadata, a newer minor format, another language tag, odd tags."""
    cells = [
        cell(
            code,
            metadata={
                "id": f"x{n}",
                "colab": {"base_uri": "https://x"},
                "tags": "none",
                "vscode": {"languageId": "python"},
                "executionInfo": {"user": {}},
            },
        )
        for n, code in enumerate(HONEST)
    ]
    metadata = {
        "kernelspec": {"name": "python2", "language": "R", "display_name": "none"},
        "language_info": {"name": "julia"},
        "colab": {"provenance": []},
        "accelerator": "GPU",
    }
    return raw(cells, metadata=metadata, nbformat_minor=99).encode()


def without_ids() -> bytes:
    """Old format: no cell has an id, sources are lists of lines."""
    document = notebook([cell(code) for code in HONEST])
    for entry in document["cells"]:
        del entry["id"]
        entry["source"] = entry["source"].splitlines(keepends=True)
    document["nbformat_minor"] = 2
    return json.dumps(document).encode()


def split() -> list[Any]:
    """A cell cut into two, with an empty one and a comment between."""
    head, body = RIGHT["tanh"].split("\n")
    return [
        NUMPY,
        "",
        "# only a comment",
        f"{head}\n    y = x\n{body}",
        *(RIGHT[name] for name in ("tanh_grad", "relu", "logistic")),
        WORDS,
    ]


FILES = {
    "63 files named like modules": dict.fromkeys(
        ("random__py", "queue__py", "types__py", "json__py", "helper__py", "notes__txt"), b"x = 1\n"
    )
}
"""What is handed in beside the notebook; `__` stands for a dot."""

ACCIDENTS: dict[str, list[Any] | bytes] = {
    "56 cell twice": [*(cell(code, id="same") for code in HONEST), cell(HONEST[1], id="same")],
    "57 renamed cells": [cell(code, id=f"renamed-{n}\t") for n, code in enumerate(HONEST)],
    "58 split": split(),
    "58 merged": ["\n\n".join(HONEST)],
    "59 retyped without ids": without_ids(),
    "60 out of order": [
        "print(tanh(np.array([1.0])))",
        "import numpy as np",
        *HONEST[1:],
        "print(undefined)",
    ],
    "61 warnings": [
        "import sys, warnings\nwarnings.warn('NNPACK')\nprint('[W] Error', file=sys.stderr)",
        *HONEST,
    ],
    "62 another editor": of_another_editor(),
    "63 names of the grader": [
        *HONEST,
        "answer = question = channel = state = grader = bootstrap = begin = 5",
        "json = os = sys = signal = base64 = _ = __ = In = Out = None",
        "def print(*a): raise RuntimeError\ndef plain(x): return None\npack = unpack = find = plain",
        "np.save = np.load = None\ndel globals()['get_ipython']",
    ],
    "64 Ünïcode Größe \N{GREEK SMALL LETTER SIGMA}": [LETTERS + HONEST[0], *HONEST[1:]],
    "63 files named like modules": ["import helper\nassert helper.x == 1", *HONEST],
    "64 BOM and CRLF": b"\xef\xbb\xbf"
    + raw([LETTERS + HONEST[0], *HONEST[1:]]).replace("\n", "\r\n").encode(),
    "64 UTF-16": raw([LETTERS + HONEST[0], *HONEST[1:]]).encode("utf-16"),
    "65 saved while running": saved_while_running(),
    "67 shell lines": [
        "%pip install numpy\n!pip install --user nothing-of-this-name\n!ls -la",
        "%matplotlib inline\n%load_ext autoreload",
        *HONEST,
        "%%bash\necho done",
    ],
}
