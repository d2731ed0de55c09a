"""Digests of what lies in folders, by which stored results know that they are still right."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
OBSERVING = (
    "core/codec.py",
    "marking/readable.py",
    "retraining/evaluation.py",
    "retraining/onnx_network.py",
    "retraining/runs.py",
    "sandbox/inside",
    "sandbox/kernels",
)
"""What decides which facts a run gives: the code beside student code, and what is kept of it."""


def digest_of(*folders: Path) -> str:
    """Changes with every file in these folders."""
    state = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                state.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0")
                state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()


@lru_cache
def observing() -> str:
    """Changes with the code that decides which facts a run gives, and with nothing else of ours."""
    state = hashlib.sha256()
    for place in OBSERVING:
        path = PACKAGE / place
        found = digest_of(path) if path.is_dir() else path.read_text(encoding="utf-8")
        state.update(f"{place}\0{found}\0".encode())
    return state.hexdigest()[:16]


def keyed(secret: str, *parts: str) -> bytes:
    """32 bytes that follow from these names, and tell nothing of them without the secret."""
    return hmac.digest(secret.encode(), "\0".join(parts).encode("utf-8", "replace"), "sha256")


def code(secret: str, *parts: str, length: int = 6) -> str:
    """A short code for people, such as A7K-3QF: no 0, 1, 8 or 9, which look like letters."""
    text = base64.b32encode(keyed(secret, *parts)).decode()[:length]
    half = (length + 1) // 2
    return f"{text[:half]}-{text[half:]}"
