"""What a kernel leaves in /dev/shm where that folder is the whole machine's. Trusted side."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from grader.sandbox.walls import proc, scratch

FOLDER = Path("/dev/shm")
NUMBER = re.compile(r"(?<![^-_.])\d+(?![^-_.])")  # libraries put their process's number into names


def files_of(pids: Iterable[int], user: int, *, all_of_user: bool) -> list[Path]:
    """Files of a user that these processes hold, or made by their names; or all of the user's."""
    known = set(pids)
    held = {name for pid in known for name in _mapped(pid)}
    found = []
    with contextlib.suppress(OSError):
        for path in FOLDER.iterdir():
            with contextlib.suppress(OSError):
                if path.lstat().st_uid != user:
                    continue
                named = known & {int(number) for number in NUMBER.findall(path.name)}
                if all_of_user or named or str(path) in held:
                    found.append(path)
    return found


def _mapped(pid: int) -> set[str]:
    """Names of files in the folder that a process has mapped."""
    try:
        fields = [line.split(maxsplit=5) for line in proc.lines(f"/proc/{pid}/maps")]
    except OSError:
        return set()
    paths = {found[5] for found in fields if len(found) == 6}
    return {path for path in paths if not path.endswith(" (deleted)")}


def remove(paths: Iterable[Path]) -> None:
    """Removes files and folders; what is gone already is gone."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            scratch.remove_tree(path)
        else:
            with contextlib.suppress(OSError):  # somebody else's by now, or nothing any more
                path.unlink()
