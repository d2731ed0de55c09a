"""Whose files these are: finds the submissions in a folder or zip. Trusted side.

Zips of students are opened one at a time, when their turn comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from pathlib import Path, PurePosixPath

from grader.core.errors import UsageError
from grader.intake import opened_archives, platform_tables, tables
from grader.intake.files import Files, is_ignored_folder
from grader.intake.opened_archives import Convert
from grader.intake.platform import Entry, Place, Platform, QuizAttempt

ANSWER_FILES = ("autodiff.toml", "autodiff.json", "autodiff.csv")

LIKE_A_DOWNLOAD = (
    "lies among students' folders and holds what looks like a platform's download; all of it was "
    "taken as one student's own"
)
MAYBE_OWN = (
    "lies where a student may have put it; if it is the course's, give it as a path of its own"
)

MAX_WRAPPERS = 5
"""Folders and archives that hold nothing but one other, and are opened to find the students."""

PARTS = re.compile(
    r"(?=[^\W\d_])(?:assignment|aufgabe|übung|uebung|exercise|blatt|sheet|hw|homework|task|teil|part|work"
    r"|arbeit|extra|rest|src|code|notebooks?|abgabe|submission|solution|lösung|loesung|final|week"
    r"|woche|project|projekt|v|a|[\W\d_])+",
    re.I,
)
"""Names of folders that are a part of somebody's work, and no student's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is one student's. A zip is not opened yet."""

    name: str
    files: Files
    problems: list[str] = field(default_factory=list)
    is_zip: bool = False  # the only file is a zip with the student's files
    platform: str = ""  # whose number the key is
    key: str = ""
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies beside submissions: downloads of a quiz, tables of people, and remarks."""

    platforms: Sequence[Platform]
    wanted: Sequence[str] = ()  # the assignment's notebooks
    convert: Convert | None = None  # what opens archives that are no zips and tars
    quiz: list[Sequence[QuizAttempt]] = field(default_factory=list)
    people: list[Sequence[Entry]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)  # what may have been meant as a quiz, and why


def split(
    name: str,
    files: Files,
    problems: list[str],
    beside: Beside,
    wrappers: int = 0,
    *,
    is_batch: bool = False,
    is_course: bool = True,
) -> list[Found]:
    """The submissions in a folder or zip; `is_batch` if others' work lies beside these files.

    Where all of it may be one student's own (not `is_course`), a quiz or a table of people in it
    is not taken for the course's.

    Of a platform's download each person's, else one if notebooks lie at the top, else one for each
    folder or zip in it.

    Raises:
        UsageError: files of several students lie side by side, and nobody knows such names.
    """
    platform, places = _places(name, files, beside.platforms)
    found = _placed(files, platform, places)
    rest = files.renamed({path: path for path in files if path not in places}) if places else files
    top = {path for path in rest if "/" not in path}
    is_batch = is_batch or bool(found)
    if not is_batch and any(
        path.lower().endswith(".ipynb") or path in ANSWER_FILES for path in top
    ):
        _refuse_unknown(name, top, beside.wanted)
        return [Found(name=name, files=files, problems=problems)]
    children = _children(rest)
    if not is_batch and children and all(map(_is_part, children)):
        return [Found(name=name, files=files, problems=problems)]
    for path in sorted(top):
        if rest.is_read(path) and not path.lower().endswith((".zip", ".md", ".txt", ".rst")):
            look(name, path, files, beside, is_course=is_course)
    beside.notes.extend(f"{name}: {problem}" for problem in problems)
    if len(children) == 1 and not is_batch and wrappers < MAX_WRAPPERS:
        (only,) = children
        inner, remarks = (
            opened_archives.unpacked(only.files, only.problems, beside.convert)
            if only.is_zip
            else (
                only.files,
                only.problems,
            )
        )
        if _is_wrapper(only.name, inner, beside.platforms):
            return split(only.name, inner, remarks, beside, wrappers + 1, is_course=False)
    groups = _groups(name, children, beside) if wrappers < MAX_WRAPPERS else [False] * len(children)
    is_course &= all(groups)
    for one, is_group in zip(children, groups, strict=True):
        if is_group:
            found += split(
                one.name, one.files, one.problems, beside, wrappers + 1, is_course=is_course
            )
        else:
            found.append(one)
    return found


def holds_several(files: Files) -> bool:
    """Whether there is more than one folder or zip, so that it is hardly one student's."""
    tops = [path.partition("/") for path in files]
    return len({top for top, slash, _ in tops if slash or top.lower().endswith(".zip")}) > 1


def _places(
    name: str, files: Files, platforms: Sequence[Platform]
) -> tuple[str, Mapping[str, Place]]:
    """Whose these files are, if they are of a platform's download."""
    for platform in platforms:
        if places := platform.places(name, files):
            return platform.name, places
    return "", {}


def _placed(files: Files, platform: str, places: Mapping[str, Place]) -> list[Found]:
    """What a platform says is each person's. A person's files may lie in several folders."""
    owned: dict[tuple[str, str], dict[str, str]] = {}
    times: dict[tuple[str, str], datetime | None] = {}
    for path, place in places.items():
        who = (place.key, place.name)
        owned.setdefault(who, {})[path] = place.path
        times[who] = times.get(who) or place.submitted_at
    return [
        Found(
            name=name,
            files=files.renamed(inner),
            platform=platform,
            key=key,
            submitted_at=times[key, name],
        )
        for (key, name), inner in owned.items()
    ]


def _children(files: Files) -> list[Found]:
    """One for each folder or zip; what has both is one."""
    folders: dict[str, dict[str, str]] = {}
    for path in files:
        folder, _, rest = path.partition("/")
        if rest and not is_ignored_folder(folder):
            folders.setdefault(folder, {})[path] = rest
    found = {name: Found(name=name, files=files.renamed(inner)) for name, inner in folders.items()}
    for path in sorted(path for path in files if "/" not in path and path.lower().endswith(".zip")):
        packed = Found(name=Path(path).stem, files=files.renamed({path: path}), is_zip=True)
        known = found.get(packed.name)
        found[packed.name] = _joined(known, packed) if known else packed
    return list(found.values())


def _refuse_unknown(name: str, top: set[str], wanted: Sequence[str]) -> None:
    for notebook in wanted:
        seen = sorted(path for path in top if path.endswith(notebook) and path != notebook)
        if len(seen) > 1:
            raise UsageError(
                f"{name} holds files of several students, such as {seen[0]!r} and {seen[1]!r}, and "
                "no known platform names them so; put each student's files into a folder"
            )


def _is_part(child: Found) -> bool:
    """Whether a folder with notebooks is a part of somebody's work by its name."""
    return PARTS.fullmatch(child.name) is not None and (child.is_zip or _holds_work(child.files))


def _is_wrapper(name: str, files: Files, platforms: Sequence[Platform]) -> bool:
    """Whether the only folder or zip may hold the students; else it is one, whatever is in it."""
    if not files or _holds_work(files):
        return False
    may_be_tables = any(path.lower().endswith(tables.ENDINGS) for path in files)
    return bool(may_be_tables or _children(files) or _places(name, files, platforms)[1])


def _groups(name: str, children: Sequence[Found], beside: Beside) -> list[bool]:
    """Of each folder whether it is a group's, to be split again.

    Where as many are no groups, one that looks like a download was made so by a student, whose it
    is: else he could hand in as somebody else.
    """
    groups = [_is_batch(one, beside.platforms) for one in children]
    like = [one for one in compress(children, groups) if _is_download(one, beside.platforms)]
    others = [one for one, is_group in zip(children, groups, strict=True) if not is_group]
    if sum(map(_is_a_persons, others)) < len(like):
        return groups
    for one in like:
        one.problems.append(f"{one.name} {LIKE_A_DOWNLOAD}.")
        beside.notes.append(f"{name}: {one.name} {LIKE_A_DOWNLOAD}")
    return [
        is_group and not any(one is other for other in like)
        for one, is_group in zip(children, groups, strict=True)
    ]


def _is_a_persons(child: Found) -> bool:
    """Whether a folder or zip that is no group may be somebody's work, and no material."""
    return child.is_zip or any(
        path.lower().endswith(".ipynb") or opened_archives.is_packed(path) for path in child.files
    )


def _is_download(child: Found, platforms: Sequence[Platform]) -> bool:
    """Whether a folder looks like one of a platform's, be it a damaged one."""
    try:
        return bool(_places(child.name, child.files, platforms)[1])
    except UsageError:  # told where it is split, if it is
        return True


def _is_batch(child: Found, platforms: Sequence[Platform]) -> bool:
    """Whether a folder holds a platform's download, or a group with its quiz."""
    if child.is_zip or _holds_work(child.files):
        return False
    if _is_download(child, platforms):
        return True
    for path in child.files:
        if "/" not in path and path not in ANSWER_FILES and child.files.is_read(path):
            known = platform_tables.look(path, child.files, platforms)
            if known.attempts is not None or known.people is not None:
                return True
    return False


def look(
    name: str, path: str, files: Mapping[str, bytes], beside: Beside, *, is_course: bool = True
) -> None:
    """A file beside the students' folders: a quiz, people, or a remark on what it is not."""
    try:
        known = platform_tables.look(path, files, beside.platforms)
    except UsageError as bad:
        beside.notes.append(f"{name}: {bad}; the file was left out")
        return
    if not is_course and (known.attempts is not None or known.people is not None):
        known = platform_tables.Known(complaint=f"{path} {MAYBE_OWN}")
    if known.attempts is not None:
        beside.quiz.append(known.attempts)
    elif known.people is not None:
        beside.people.append(known.people)
    else:
        if known.complaint:
            beside.unusable.append(known.complaint)
        why = known.complaint or f"{path} belongs to no student"
        beside.notes.append(f"{name}: {why}; the file was left out")


def opened(found: Found, convert: Convert | None = None) -> tuple[Files, list[str]]:
    """A student's files and remarks on them, with what lies in archives among them."""
    return opened_archives.unpacked(found.files, found.problems, convert)


def _holds_work(files: Files) -> bool:
    return any("/" not in path and path.lower().endswith(".ipynb") for path in files)


def _joined(one: Found, other: Found) -> Found:
    """What lies in two places as one submission."""
    return Found(
        name=one.name,
        files=one.files | other.files,
        problems=[*one.problems, *other.problems],
        platform=one.platform,
        key=one.key,
        submitted_at=one.submitted_at or other.submitted_at,
    )


def merged(found: Sequence[Found]) -> list[Found]:
    """What has one number and one name in several downloads is one submission.

    Raises:
        UsageError: one number is two people's: the downloads are of two assignments.
    """
    known: dict[tuple[str, str], Found] = {}
    rest = []
    for one in found:
        if not one.key:
            rest.append(one)
            continue
        twin = known.get((one.platform, one.key))
        if twin and PurePosixPath(twin.name).name != one.name:
            raise UsageError(
                f"number {one.key} is {twin.name} in one download and {one.name} in another: they "
                "are of two assignments; grade each into its own --out folder"
            )
        known[one.platform, one.key] = _joined(twin, one) if twin else one
    return [*known.values(), *rest]
