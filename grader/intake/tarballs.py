"""Reads tar archives that students hand in, as safely as zips. Trusted side."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import IO, cast

from grader.core.errors import UsageError
from grader.core.untrusted_text import encodable
from grader.intake.files import Files, Read, is_ignored, nothing, stand_in

ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_FILE, MAX_ALL, MAX_ENTRIES = 50 << 20, 128 << 20, 20_000
OPENERS: dict[bytes, Callable[[IO[bytes]], object]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}


class _Bounded(io.RawIOBase):
    """No more of a stream than is believed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._left = stream, MAX_ALL

    def read(self, size: int = -1) -> bytes:
        """As of any file.

        Raises:
            UsageError: it is a bomb.
        """
        chunk = self._stream.read(min(size if size >= 0 else MAX_ALL, 1 << 20))
        self._left -= len(chunk)
        if self._left < 0:
            raise UsageError(f"it unpacks to more than {MAX_ALL >> 20} MiB and was not read")
        return chunk


def read(content: bytes, name: str, problems: list[str]) -> Files:
    """All files of a tar archive, packed or not.

    Raises:
        UsageError: it is no such archive, or a bomb.
    """
    files: dict[str, Read] = {}
    times: dict[str, datetime] = {}
    raw: IO[bytes] = io.BytesIO(content)
    opener = next((make for mark, make in OPENERS.items() if content.startswith(mark)), None)
    stream = _Bounded(cast(IO[bytes], opener(raw)) if opener else raw)
    try:
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|") as archive:
            for number, member in enumerate(archive):
                if number >= MAX_ENTRIES:
                    raise UsageError(f"it has more than {MAX_ENTRIES} entries and was not read")
                _take(archive, member, PurePosixPath(name).name, files, times, problems)
    except UsageError as bad:
        raise UsageError(f"{name}: {bad}") from None
    except Exception as bad:  # tarfile and the packers have many kinds, all of which mean this
        raise UsageError(f"{name} is not a readable tar archive ({bad})") from None
    return Files(files, times)


def _take(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    where: str,
    files: dict[str, Read],
    times: dict[str, datetime],
    problems: list[str],
) -> None:
    path = PurePosixPath(member.name)
    if member.isdir() or is_ignored(path):
        return
    if path.is_absolute() or ".." in path.parts or not path.parts or len(member.name) > 1000:
        problems.append(f"{member.name[:80]!a} in {where} points outside and was left out.")
        return
    key = unicodedata.normalize("NFC", encodable(str(path)))
    if not member.isfile() or member.size > MAX_FILE:
        why = "is too large" if member.isfile() else "is no ordinary file"
        problems.append(f"{member.name[:80]!a} in {where} {why} and was left out.")
        files[stand_in(key, why)] = nothing
        return
    stream = archive.extractfile(member)
    files[key] = partial(bytes, stream.read() if stream else b"")
    times[key] = datetime.fromtimestamp(min(max(member.mtime, 0), 2**33))
