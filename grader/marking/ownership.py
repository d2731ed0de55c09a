"""Under which id somebody's work and marks are kept in a result folder. Trusted side.

Who is known by an identity keeps the id that he got there, also if his folder is called otherwise
now. Of older graders' folders, where ids followed from the batch, an id is carried over where its
owner is certain; where not, that is said by name, and the marks are nobody's.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from grader.core.model import Submission
from grader.intake.identity import GERMAN, Identity, cleaned
from grader.store.store import Store


def settled(
    store: Store, submissions: Iterable[Submission], names: Iterable[str]
) -> Iterator[Submission]:
    """The submissions under their owners' ids; `names` are those of all in the batch."""
    counts = Counter(map(cleaned, names))
    former = store.owners.former()
    for submission in submissions:
        yield _settled(store, submission, former, counts[cleaned(submission.name)] == 1)


def _settled(
    store: Store, submission: Submission, former: list[tuple[str, str]], is_only: bool
) -> Submission:
    identity = submission.identity or _by_folder(submission.student)
    known = store.owners.student(identity)
    if known is not None:
        return replace(submission, student=known)
    before = _family(submission.name, former)
    problems = submission.problems
    if len(before) == 1 and is_only and cleaned(before[0][1]) == cleaned(submission.name):
        student = before[0][0]
        if student in {owner for owner, _ in store.hand_marks.owners()}:
            problems += (f"Marks given by hand to {before[0][1]} before are this student's.",)
    else:
        student = _free(store, submission.student, identity)
        if left := [
            one for one in before if any(one[0] == m for m, _ in store.hand_marks.owners())
        ]:
            told = ", ".join(f"{id_} ({name})" for id_, name in left)
            problems += (
                f"An older grader kept marks given by hand under {told}. Whether they are this "
                "student's can't be told any more, and they do not count.",
            )
    store.owners.put(identity, student)
    return replace(submission, student=student, problems=problems)


def kept_as(store: Store, identity: Identity) -> str:
    """The id that somebody has in a result folder, or would get."""
    decides = identity.decides or _by_folder(identity.student)
    return store.owners.student(decides) or identity.student


def _by_folder(student: str) -> str:
    """The identity of whom nothing is known but the folder."""
    return f"folder {student}"


def _free(store: Store, student: str, identity: str) -> str:
    """An id that is nobody's yet."""
    if not store.owners.is_taken(student):
        return student
    return f"{student}-{hashlib.sha256(identity.encode()).hexdigest()[:6]}"


def _family(name: str, former: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The ids that people of this name may have had: the name's, or that with a number."""
    bases = {_base(name), _base(cleaned(name))}
    pattern = re.compile(rf"(?:{'|'.join(map(re.escape, bases))})(?:-\d+)?")
    return [(student, shown) for student, shown in former if pattern.fullmatch(student)]


def _base(name: str) -> str:
    """The id that an older grader made of a name."""
    plain = unicodedata.normalize("NFKD", name.translate(GERMAN))
    ascii_name = plain.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:60] or "student"
