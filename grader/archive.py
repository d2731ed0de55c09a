"""Reads folders and zip archives of submissions into memory, safely. Trusted side.

Nothing is unpacked to disk: a name in an archive is only ever a key of a dictionary.
"""

from __future__ import annotations

import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from grader.errors import UsageError

MAX_FILE = 50 << 20
MAX_ARCHIVE = 4 << 30
MAX_ENTRIES = 50_000
MAX_RATIO = 200
IGNORED = {"__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__", ".venv", "data"}

Files = dict[str, bytes]
"""File contents by relative path with `/`."""


def is_ignored(path: PurePosixPath) -> bool:
    """Whether a file is none of the student's work: hidden, a checkpoint, a cache."""
    return any(part in IGNORED or part.startswith(".") for part in path.parts[:-1]) or (
        path.name.startswith(".") or path.name in ("Thumbs.db", "desktop.ini")
    )


def read_folder(folder: Path, problems: list[str]) -> Files:
    """All files below a folder; links are not followed, what can't be read is a problem."""
    files: Files = {}
    for path in sorted(folder.rglob("*")):
        relative = PurePosixPath(path.relative_to(folder).as_posix())
        if is_ignored(relative):
            continue
        if path.is_symlink():
            problems.append(f"{relative} is a link and was left out.")
        elif path.is_file():
            try:
                if path.stat().st_size > MAX_FILE:
                    problems.append(
                        f"{relative} is larger than {MAX_FILE >> 20} MiB and was left out."
                    )
                else:
                    files[str(relative)] = path.read_bytes()
            except OSError as bad:
                problems.append(f"{relative} could not be read ({bad.strerror}).")
    return files


def read_zip(path: Path, problems: list[str]) -> Files:
    """All files of a zip archive.

    Raises:
        UsageError: it is no zip archive, or a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_entries(archive, path, problems)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError) as bad:
        raise UsageError(
            f"{path} is not a readable zip archive ({bad}); download it again"
        ) from None


def _read_entries(archive: zipfile.ZipFile, path: Path, problems: list[str]) -> Files:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise UsageError(f"{path} has {len(entries)} entries; more than {MAX_ENTRIES} are not read")
    if sum(entry.file_size for entry in entries) > MAX_ARCHIVE:
        raise UsageError(f"{path} unpacks to more than {MAX_ARCHIVE >> 30} GiB and was not read")
    files: Files = {}
    folded: set[str] = set()
    for entry in entries:
        if entry.is_dir():
            continue
        name = entry.filename.replace("\\", "/")
        relative = PurePosixPath(name)
        if is_ignored(relative):
            continue
        shown = ascii(name[:80])
        if reason := _refusal(entry, relative):
            problems.append(f"{shown} in {path.name} {reason} and was left out.")
            continue
        key = unicodedata.normalize("NFC", str(relative))
        if key.casefold() in folded:
            problems.append(f"{shown} occurs twice in {path.name}; the first was taken.")
            continue
        folded.add(key.casefold())
        with archive.open(entry) as stream:
            content = stream.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            problems.append(f"{shown} in {path.name} is larger than it says and was left out.")
            continue
        files[key] = content
    return files


def _refusal(entry: zipfile.ZipInfo, relative: PurePosixPath) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if relative.is_absolute() or ".." in relative.parts or ":" in relative.parts[0]:
        return "points outside the archive"
    if kind not in (0, stat.S_IFREG):
        return "is a link or a device"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.file_size > MAX_FILE:
        return f"is larger than {MAX_FILE >> 20} MiB"
    if entry.file_size > 1 << 20 and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return "is compressed beyond belief"
    return ""
