"""Finds whose rows these are: joins a quiz download with submissions. Trusted side, pure.

By email, else ID number, else user name, else the exact pair of names. Nobody gets a row that
could be another's: what fits nobody, or several, is named and not used.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from grader.core.model import AttemptRule, QuizResponse
from grader.intake.platform import QuizAttempt


class Student(Protocol):
    """Who handed something in."""

    @property
    def student(self) -> str:
        """The id."""

    @property
    def name(self) -> str:
        """As the folder or zip was called."""


def match(
    rows: Sequence[QuizAttempt],
    students: Sequence[Student],
    rule: AttemptRule = AttemptRule.HIGHEST,
) -> tuple[dict[str, QuizResponse], list[str]]:
    """The response of each of these students, by their ids, and remarks on all other rows."""
    keys: dict[str, list[Student]] = {}
    for one in students:
        for key in {_key(one.name), *_email_keys(one.name)}:
            keys.setdefault(key, []).append(one)
    attempts: dict[str, list[QuizAttempt]] = {}
    remarks = []
    for row in rows:
        owners = _owners(row, keys)
        if len(owners) != 1:
            why = "no submission" if not owners else "several submissions"
            remarks.append(f"{row.source}: {row.name} fits {why}; the answers were not used")
        else:
            attempts.setdefault(owners[0].student, []).append(row)
    found = {}
    for student, own in attempts.items():
        people = {_key(row.email or row.number or row.username) for row in own} - {""}
        if len(people) > 1:
            remarks += [
                f"{row.source}: {row.name} is one of several people of this name; the "
                "answers were not used"
                for row in own
            ]
            continue
        finished = [row for row in own if row.finished]
        remarks += [remark for row in own if (remark := unfinished(row))]
        if finished:
            found[student] = response(chosen(finished, rule))
    return found, remarks


def chosen(attempts: Sequence[QuizAttempt], rule: AttemptRule) -> QuizAttempt:
    """The attempt that counts; among equal grades the first."""
    if rule is AttemptRule.HIGHEST:
        return max(attempts, key=lambda row: row.grade if row.grade is not None else Decimal(-1))
    return attempts[0 if rule is AttemptRule.FIRST else -1]


def unfinished(row: QuizAttempt) -> str:
    """A remark on an attempt that does not count; empty if it does, or if there is none."""
    if row.finished or row.state in ("", "-"):
        return ""
    state = row.state[:40]
    return f"{row.source}: the attempt of {row.name} is not finished ({state}) and does not count"


def response(row: QuizAttempt) -> QuizResponse:
    """A row's cells as the answers of a student."""
    return QuizResponse(
        values={f"response {number}": text for number, text in row.responses.items()},
        right={f"response {number}": text for number, text in row.right.items()},
        question="\n".join(row.questions.values()),
        source=row.source,
        moodle_grade=row.grade,
        moodle_max=row.highest,
    )


def _owners(row: QuizAttempt, keys: Mapping[str, list[Student]]) -> list[Student]:
    local = row.email.partition("@")[0]
    for candidate in (row.email, row.number, row.username, local, row.name, row.reversed_name):
        if candidate and (owners := keys.get(_key(candidate))):
            return owners
    return []


def _email_keys(name: str) -> set[str]:
    return {_key(name.partition("@")[0])} if "@" in name else set()


def _key(text: str) -> str:
    """Text for comparison: one Unicode form, no case, single spaces, no punctuation."""
    plain = unicodedata.normalize("NFC", text).casefold()
    return " ".join(re.sub(r"[,._]+", " ", plain).split())
