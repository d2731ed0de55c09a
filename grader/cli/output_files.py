"""Writes files for the person at the command line: all whole, or none, and one sentence why not.

The only module of the command line that opens or removes a file.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from grader.core.busy_files import patiently, told
from grader.core.errors import UsageError


@contextmanager
def telling(target: Path, mend: str) -> Iterator[None]:
    """Within, an error of the disk is one sentence.

    Raises:
        UsageError: what is to be at `target` cannot be written.
    """
    try:
        yield
    except OSError as bad:
        raise UsageError(f"{target} cannot be written ({told(bad)}); {mend}") from None


def write(path: Path, content: bytes, mend: str) -> None:
    """One file that somebody named: see `stream`. It may be a link to wherever that wants it."""
    _streamed([(path, content)], mend)


def write_all(folder: Path, files: Mapping[str, bytes], mend: str) -> None:
    """Several files by relative name: see `stream`."""
    stream(folder, files.items(), mend)


def stream(folder: Path, chunks: Iterable[tuple[str, bytes]], mend: str) -> list[Path]:
    """Files as their bytes come, by relative name, with the folders above them; in order.

    What lies there is replaced only when all are complete. Nothing is written through a link that
    leads out of the folder, which may be somebody else's.

    Raises:
        UsageError: one of them cannot be written; all are as they were.
    """
    return _streamed(((_within(folder, name), chunk) for name, chunk in chunks), mend)


def _within(folder: Path, name: str) -> Path:
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{target} leads out of {folder}; remove that link, or use another folder")
    return target


def _streamed(chunks: Iterable[tuple[Path, bytes]], mend: str) -> list[Path]:
    parts: dict[Path, Path] = {}
    try:
        for target, chunk in chunks:
            with telling(target, mend):
                if target not in parts:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    parts[target] = _beside(target)
                with parts[target].open("ab") as file:
                    file.write(chunk)
        grown = {target: part for target, part in parts.items() if part != target}
        for target in grown:
            with telling(target, mend):
                _must_be_free(target.resolve())
        for target, part in grown.items():
            with telling(target, mend):
                _replace(part, target.resolve())  # a link stays one
    finally:
        for target, part in parts.items():
            if part != target:
                part.unlink(missing_ok=True)
    return list(parts)


def write_secret(path: Path, content: bytes, mend: str) -> None:
    """One file for its owner's eyes alone; at each time it is wholly the old one or the new one.

    Raises:
        UsageError: it cannot be written; it is as it was.
    """
    with telling(path, mend):
        part = _beside(path)
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _replace(part, path.resolve())
        finally:
            part.unlink(missing_ok=True)


def _must_be_free(path: Path) -> None:
    """Raises what Windows would say when this file is replaced: that a program has it open."""
    if path.exists():
        patiently(lambda: path.rename(path))


def _replace(part: Path, path: Path) -> None:
    patiently(lambda: part.replace(path))


def _beside(target: Path) -> Path:
    """Where a file grows before it takes its place; a pipe or a device is written at once."""
    if target.is_dir():  # told now, while all others are as they were
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not target.is_file():
        return target
    place = target.resolve()
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    return part


def print_nowhere() -> None:
    """From now on what is printed is lost, so that nothing fails when Python ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def append(path: Path, content: bytes, mend: str) -> None:
    """At the end of a file that somebody else began.

    Raises:
        UsageError: it cannot be written.
    """
    with telling(path, mend), patiently(lambda: path.open("ab")) as file:
        file.write(content)


def remove(path: Path, mend: str) -> None:
    """A file, or a folder with all that is in it; a link itself.

    Raises:
        UsageError: it cannot be removed.
    """
    is_folder = path.is_dir() and not path.is_symlink()
    try:
        patiently(lambda: shutil.rmtree(path) if is_folder else path.unlink(missing_ok=True))
    except OSError as bad:
        raise UsageError(f"{path} cannot be removed ({told(bad)}); {mend}") from None
