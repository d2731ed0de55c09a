"""What a table beside submissions is, as the platforms see it. Trusted side, pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.core.errors import UsageError
from grader.intake import tables
from grader.intake.platform import Entry, Platform, QuizAttempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A table that a platform made, or why it is of no use; neither for another file."""

    attempts: Sequence[QuizAttempt] | None = None
    people: Sequence[Entry] | None = None
    complaint: str = ""


def look(path: str, files: Mapping[str, bytes], platforms: Sequence[Platform]) -> Known:
    """What a file is. One that only looks like a table is none; any other is not read.

    Raises:
        UsageError: it cannot be read any more.
    """
    if not path.lower().endswith(tables.ENDINGS):
        return Known()
    content, name = files[path], path
    try:
        table = tables.read(name, content)
        for platform in platforms:
            if (attempts := platform.attempts(name, table)) is not None:
                return Known(attempts=attempts)
            if (people := platform.people(name, table)) is not None:
                return Known(people=people)
    except UsageError as bad:
        return Known(complaint=str(bad))
    complaints = (platform.complaint(name, table) for platform in platforms)
    return Known(complaint=next(filter(None, complaints), ""))


def attempts(name: str, content: bytes, platforms: Sequence[Platform]) -> Sequence[QuizAttempt]:
    """The attempts of a quiz download.

    Raises:
        UsageError: it is none; one sentence names the file and the mend.
    """
    known = look(name, {name: content}, platforms)
    if known.attempts is None:
        raise UsageError(known.complaint or f"{name} is no download of a quiz's answers")
    return known.attempts
