"""Where the grader keeps what it can make or fetch again: one folder of the user's."""

from __future__ import annotations

import os
from pathlib import Path

NAME = os.name


def folder() -> Path:
    """The folder, which need not exist yet: below $XDG_CACHE_HOME, else where the system says."""
    local = os.environ.get("LOCALAPPDATA") if NAME == "nt" else None
    home = os.environ.get("XDG_CACHE_HOME") or local or "~/.cache"
    return Path(home).expanduser() / "grader"
