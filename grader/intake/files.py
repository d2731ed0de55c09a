"""Files that were handed in, by relative path: what is there, and what was not read. Trusted.

What is there is known at once, and its content is read when it is asked for, so that a course
needs no more memory than a submission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath

from grader.core.errors import UsageError

MAX_FILE = 50 << 20
MAX_EACH = 20_000
"""Files of one of the folders in an archive or a batch; the rest is left."""

JUNK = {"__MACOSX", "__pycache__", ".git", ".venv", "venv", "node_modules", ".idea", ".vscode"}
"""Folders in which no student's work lies."""

IGNORED = JUNK | {".ipynb_checkpoints"}
HIDDEN = "not looked into"

Read = Callable[[], bytes]


class Files(Mapping[str, bytes]):
    """File contents by relative path with `/`, each read anew whenever it is asked for."""

    def __init__(
        self, readers: Mapping[str, Read] | None = None, times: Mapping[str, datetime] | None = None
    ) -> None:
        self._readers = dict(readers or {})
        self.times = dict(times or {})
        """When files were last changed, by path, local; of some it is not known."""

    def __getitem__(self, path: str) -> bytes:
        """The content.

        Raises:
            UsageError: it could be read when it was found, and cannot any more.
        """
        reader = self._readers[path]
        try:
            return reader()
        except Exception as bad:  # of a disk, or of an archive that is another one now
            why = getattr(bad, "strerror", None) or f"{type(bad).__name__}: {bad}"[:120]
            raise UsageError(f"{path} cannot be read any more ({why})") from None

    def __contains__(self, path: object) -> bool:
        return path in self._readers

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)

    def __or__(self, others: Files) -> Files:
        """These and those; of equal paths, those."""
        return Files(self._readers | others._readers, self.times | others.times)

    def renamed(self, names: Mapping[str, str]) -> Files:
        """The files of these old names under these new ones."""
        return Files(
            {new: self._readers[old] for old, new in names.items()},
            {new: self.times[old] for old, new in names.items() if old in self.times},
        )

    def is_read(self, path: str) -> bool:
        """Whether there is a content; else the path says what was there and was not read."""
        return self._readers[path] is not nothing


def nothing() -> bytes:
    """What stands for a content that was not read."""
    return b""


def stand_in(path: object, why: str) -> str:
    """The path that stands for something that was there and was not read."""
    return f"{path} ({why})"


def is_ignored(path: PurePosixPath) -> bool:
    """Whether a file is none of the student's work: hidden, a checkpoint, a cache."""
    return (
        any(is_ignored_folder(part) for part in path.parts[:-1])
        or (path.name.startswith(".") or path.name.startswith("~$"))
        or path.name in ("Thumbs.db", "desktop.ini")
    )


def is_ignored_folder(name: str) -> bool:
    """Whether nobody looks into a folder of this name."""
    return name in IGNORED or (name.startswith(".") and name != "..")


def ignored_folder(path: PurePosixPath) -> str:
    """What stands for the folder that is the reason to ignore a file; empty if it is junk."""
    for depth, part in enumerate(path.parts[:-1], 1):
        if is_ignored_folder(part):
            return "" if part in JUNK else stand_in("/".join(path.parts[:depth]) + "/", HIDDEN)
    return ""
