"""Digests of what lies in folders, by which stored results know that they are still right."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_of(*folders: Path) -> str:
    """Changes with every file in these folders."""
    state = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                state.update(path.relative_to(folder).as_posix().encode() + b"\0")
                state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()
