"""Reads folders of submissions: every file once, however odd. Trusted side."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path, PurePosixPath

from grader.core import bounded
from grader.core.untrusted_text import encodable
from grader.intake import files as limits
from grader.intake.files import (
    HIDDEN,
    JUNK,
    MAX_FILE,
    Files,
    Read,
    is_ignored,
    is_ignored_folder,
    nothing,
    stand_in,
)

STORE = "grader.sqlite"
"""The file by which a result folder is known."""


def read_folder(folder: Path, problems: list[str]) -> Files:
    """All files below a folder; links are not followed, what can't be read is a problem.

    Ignored folders are not walked, and result folders left out.
    """
    files: dict[str, Read] = {}
    times: dict[str, datetime] = {}
    counts: Counter[str] = Counter()

    def unreadable(bad: OSError) -> None:
        within = encodable(os.path.relpath(bad.filename, folder))
        why = f"could not be read ({bad.strerror})"
        problems.append(f"{within} {why}.")
        files[stand_in(f"{within}/", why)] = nothing

    for place, folders, names in os.walk(folder, onerror=unreadable):
        within = PurePosixPath(encodable(Path(place).relative_to(folder).as_posix()))
        if STORE in names:
            problems.append(f"{within} holds results of the grader and was left out.")
            folders[:] = []
            continue
        for name in sorted(folders):
            if is_ignored_folder(name) or Path(place, name).is_symlink():
                _leave(within / encodable(name), Path(place, name), files, problems)
        folders[:] = sorted(
            n for n in folders if not is_ignored_folder(n) and not Path(place, n).is_symlink()
        )
        for name in sorted(names):
            # A name that is not UTF-8 is shown as far as it is.
            relative = within / encodable(name)
            first = relative.parts[0]
            if is_ignored(relative):
                continue
            counts[first] += 1
            if counts[first] > limits.MAX_EACH:
                if counts[first] == limits.MAX_EACH + 1:
                    problems.append(
                        f"{first} has more than {limits.MAX_EACH} files; the rest was left."
                    )
                    files[stand_in(first + "/…", "too many files")] = nothing
                folders[:] = []
                break
            _add(Path(place, name), relative, files, times, problems)
    return Files(files, times)


def _leave(
    relative: PurePosixPath, path: Path, files: dict[str, Read], problems: list[str]
) -> None:
    """A folder that is not walked."""
    if path.is_symlink():
        problems.append(f"{relative} is a link and was left out.")
        files[stand_in(relative, "a link")] = nothing
    elif path.name not in JUNK and _holds_something(path):
        files[stand_in(f"{relative}/", HIDDEN)] = nothing


def _holds_something(path: Path) -> bool:
    """Whether a folder has something in it, as far as can be seen."""
    try:
        return any(path.iterdir())
    except OSError:
        return True


def _add(
    path: Path,
    relative: PurePosixPath,
    files: dict[str, Read],
    times: dict[str, datetime],
    problems: list[str],
) -> None:
    """One file of a folder, if it can be read."""
    why = ""
    if path.is_symlink():
        why = "is a link and was left out"
    elif not path.is_file():
        why = "is no ordinary file and was left out"
    else:
        try:
            status = path.stat()
            if status.st_size > MAX_FILE:
                why = f"is larger than {MAX_FILE >> 20} MiB and was left out"
            else:
                path.open("rb").close()
                files[str(relative)] = path.read_bytes
                times[str(relative)] = bounded.file_time(status.st_mtime)
        except OSError as bad:
            why = f"could not be read ({bad.strerror})"
    if why:
        problems.append(f"{relative} {why}.")
        files[stand_in(relative, why.removesuffix(" and was left out"))] = nothing
