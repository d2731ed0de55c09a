"""Reads tar archives that students hand in, as safely as zips. Trusted side.

Not by `tarfile`: it unpacks holes, and looks for numbers and holes in headers in ways that can take
hours. Here each byte is looked at once, and none is kept that was not handed in.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import IO, NamedTuple, cast

from grader.core import bounded
from grader.core.errors import UsageError
from grader.core.untrusted_text import encodable
from grader.intake.files import Files, Read, is_ignored, nothing, stand_in

ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_FILE, MAX_ALL, MAX_ENTRIES, MAX_HEADER = 50 << 20, 128 << 20, 20_000, 1 << 20
OPENERS: dict[bytes, Callable[[IO[bytes]], object]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}

BLOCK = 512
ORDINARY, FOLDER, HOLES, WITHOUT_CONTENT = b"\x0007", b"5", b"S", b"123456"
LONG_NAME, LONG_LINK, OF_NEXT, OF_ALL = b"L", b"K", b"x", b"g"
"""Kinds of entries and headers, a byte each: of POSIX's pax, and of GNU tar."""


class Entry(NamedTuple):
    """What an archive holds; its content, if it is a file of a size that is read."""

    name: str
    is_folder: bool
    is_file: bool
    size: int
    modified: float
    content: bytes


class _Stream:
    """No more of a stream than is believed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._left = stream, MAX_ALL
        self.is_empty = True

    def header(self) -> bytes:
        """One block; nothing at the end, which some programs do not mark."""
        return self.take(BLOCK, may_end=True)

    def take(self, size: int, *, keep: bool = True, may_end: bool = False) -> bytes:
        """So many bytes, with what fills their last block; nothing unless they are kept."""
        kept, left = list[bytes](), -(-size // BLOCK) * BLOCK
        if size < 0:
            raise ValueError("a size below nothing")
        while left:
            part = self._stream.read(min(left, 1 << 20))
            if not part and may_end and not kept:
                return b""
            if not part:
                raise ValueError("it breaks off")
            self.is_empty = False
            left -= len(part)
            self._left -= len(part)
            if self._left < 0:
                raise UsageError(f"it unpacks to more than {MAX_ALL >> 20} MiB and was not read")
            if keep:
                kept.append(part)
        return b"".join(kept)[:size]


def read(content: bytes, name: str, problems: list[str]) -> Files:
    """All files of a tar archive, packed or not.

    Raises:
        UsageError: it is no such archive, or a bomb.
    """
    files: dict[str, Read] = {}
    times: dict[str, datetime] = {}
    raw: IO[bytes] = io.BytesIO(content)
    opener = next((make for mark, make in OPENERS.items() if content.startswith(mark)), None)
    stream = _Stream(cast(IO[bytes], opener(raw)) if opener else raw)
    try:
        for number, entry in enumerate(_entries(stream)):
            if number >= MAX_ENTRIES:
                raise UsageError(f"it has more than {MAX_ENTRIES} entries and was not read")
            _take(entry, PurePosixPath(name).name, files, times, problems)
        if stream.is_empty:
            raise ValueError("it is empty")
    except UsageError as bad:
        raise UsageError(f"{name}: {bad}") from None
    except Exception as bad:  # the packers have many kinds, all of which mean this
        raise UsageError(f"{name} is not a readable tar archive ({bad})") from None
    return Files(files, times)


def _entries(stream: _Stream) -> Iterator[Entry]:
    """One after the other, each with what stands ahead of it and is about it.

    Raises:
        ValueError: it is no tar, or breaks off.
    """
    about: dict[bytes, bytes] = {}
    for block in iter(stream.header, b""):
        if not any(block):
            return
        kind, size = block[156:157], _number(block[124:136])
        if _number(block[148:156]) != sum(block[:148]) + sum(block[156:]) + sum(b" " * 8):
            raise ValueError("a header that is none")
        if kind in (LONG_NAME, LONG_LINK, OF_NEXT, OF_ALL):
            if size > MAX_HEADER:
                raise ValueError("a header beyond belief")
            about |= _about(kind, stream.take(size))
            continue
        more = kind == HOLES and block[482]
        while more:
            more = stream.take(BLOCK)[504]
        size = 0 if kind in WITHOUT_CONTENT else int(about.get(b"size", size))
        name = (about.get(b"path") or _name(block)).decode("utf-8", "surrogateescape")
        is_folder = kind == FOLDER or (kind in ORDINARY and name.endswith("/"))
        is_file = kind in ORDINARY and not any(key.startswith(b"GNU.sparse.") for key in about)
        content = stream.take(size, keep=is_file and size <= MAX_FILE)
        modified = float(about.get(b"mtime", _number(block[136:148])))
        yield Entry(name, is_folder, is_file, size, modified, content)
        about = {}


def _about(kind: bytes, header: bytes) -> dict[bytes, bytes]:
    """What a header says of the next entry: records such as `11 path=a b` with a line's end."""
    if kind == LONG_NAME:
        return {b"path": header.partition(b"\0")[0]}
    found: dict[bytes, bytes] = {}
    at = 0
    while kind == OF_NEXT and at < len(header):
        space = header.index(b" ", at, at + 9)
        end = at + int(header[at:space])
        key, is_one, value = header[space + 1 : end - 1].partition(b"=")
        if not is_one:
            raise ValueError("a header that says nothing")
        found[key] = value
        at = end
    return found


def _name(block: bytes) -> bytes:
    """The name in an entry's own header, which has two places for it."""
    name, above = (part.partition(b"\0")[0] for part in (block[:100], block[345:500]))
    return above + b"/" + name if above and block[257:263] == b"ustar\0" else name


def _number(field: bytes) -> int:
    """A number in octal digits or, where these are too few, in bytes with a mark ahead."""
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(b"\0" + field[1:] if field[0] == 0x80 else field, signed=True)
    return int(field.partition(b"\0")[0].strip() or b"0", 8)


def _take(
    entry: Entry,
    where: str,
    files: dict[str, Read],
    times: dict[str, datetime],
    problems: list[str],
) -> None:
    path = PurePosixPath(entry.name)
    if entry.is_folder or is_ignored(path):
        return
    if path.is_absolute() or ".." in path.parts or not path.parts or len(entry.name) > 1000:
        problems.append(f"{entry.name[:80]!a} in {where} points outside and was left out.")
        return
    key = unicodedata.normalize("NFC", encodable(str(path)))
    if not entry.is_file or entry.size > MAX_FILE:
        why = "is too large" if entry.is_file else "is no ordinary file"
        problems.append(f"{entry.name[:80]!a} in {where} {why} and was left out.")
        files[stand_in(key, why)] = nothing
        return
    files[key] = partial(bytes, entry.content)
    times[key] = bounded.file_time(entry.modified)
