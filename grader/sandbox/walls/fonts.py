"""What matplotlib found out of this machine's fonts, so that no sandbox looks again. Trusted side.

Without the list, each kernel that imports pyplot opens every font file: seconds, where there are
thousands. A sandbox gets it for the fonts that it sees, as it would have made it.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

from grader.sandbox.walls.confinement import SYSTEM, runtime

LISTS, MOST, LARGEST = "fontlist-v*.json", 3, 8 << 20
"""Their names, one for each version; how many are taken, the newest; bytes of one."""


@functools.cache
def lists() -> dict[str, bytes]:
    """The lists by file name; none where matplotlib has not been used, or they can't be read."""
    found: dict[str, bytes] = {}
    try:
        files = sorted(_place().glob(LISTS), key=lambda path: path.stat().st_mtime)[-MOST:]
        for path in files:
            if path.stat().st_size <= LARGEST:
                found[path.name] = json.dumps(_seen(json.loads(path.read_bytes()))).encode()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return found


def _place() -> Path:
    """As matplotlib's `get_cachedir`."""
    if folder := os.environ.get("MPLCONFIGDIR"):
        return Path(folder)
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "matplotlib"


def _seen(told: dict[str, Any]) -> dict[str, Any]:
    """The list without fonts of the user's own, whose places are nobody's business inside.

    A path that is relative is one of matplotlib's.
    """
    shown = [Path(folder) for folder in (*SYSTEM, *runtime())]

    def is_seen(font: dict[str, Any]) -> bool:
        path = Path(font["fname"])
        return not path.is_absolute() or any(path.is_relative_to(folder) for folder in shown)

    return told | {kind: [*filter(is_seen, told[kind])] for kind in ("ttflist", "afmlist")}
