"""Finds whose rows of a quiz these are: joins a download with submissions. Trusted side, pure.

Nobody gets a row that could be another's: what fits several, or nobody, makes the quiz of everyone
whose it might be a person's to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from grader.core.model import AttemptRule, QuizResponse
from grader.intake.identity import cleaned, folded
from grader.intake.platform import Entry, QuizAttempt
from grader.intake.roster import Owner, Roster

MANY = 5
"""Candidates that are named in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """One person's attempts."""

    attempts: tuple[QuizAttempt, ...]

    @property
    def finished(self) -> tuple[QuizAttempt, ...]:
        """Those that may count."""
        return tuple(row for row in self.attempts if row.finished)

    @property
    def shown(self) -> str:
        """Who, and where it stands."""
        return f"{self.attempts[0].name} ({self.attempts[0].source})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a download says of these submissions, by their ids, and of others."""

    responses: dict[str, QuizResponse] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)  # why it can't be told
    rowless: set[str] = field(default_factory=set)  # those whom no row names, in doubt or not
    unfinished: dict[str, str] = field(default_factory=dict)  # attempts that don't count
    absent: dict[Entry, QuizResponse] = field(default_factory=dict)  # of whom handed in nothing
    remarks: list[str] = field(default_factory=list)


def match(
    rows: Sequence[QuizAttempt],
    owners: Sequence[Owner],
    roster: Roster | None = None,
    rule: AttemptRule = AttemptRule.HIGHEST,
) -> Matched:
    """Whose these rows are."""
    roster, found = roster or Roster(), Matched()
    certain: dict[str, list[Taker]] = {}
    possible: dict[str, list[Taker]] = {}
    left: list[Taker] = []
    for taker in _takers(rows, roster):
        own, is_certain, entry = _owners(taker, owners, roster, rows)
        if is_certain and len(own) == 1:
            certain.setdefault(own[0].identity.student, []).append(taker)
        elif not taker.finished:
            continue
        elif own:
            _share(possible, own, taker)
        elif entry is None:
            left.append(taker)
        elif not (row := chosen(taker.finished, rule)).broken:
            found.absent[entry] = response(row)
    for student, takers in certain.items():
        _decide(found, student, takers, rule)
    for student in possible.keys() - found.responses.keys():
        told = _told(possible[student])
        found.doubts[student] = f"The quiz has answers that may be this person's: {told}."
    _tell(found, owners, left, possible.values())
    return found


def _share(possible: dict[str, list[Taker]], own: Sequence[Owner], taker: Taker) -> None:
    for owner in own:
        possible.setdefault(owner.identity.student, []).append(taker)


def _decide(found: Matched, student: str, takers: list[Taker], rule: AttemptRule) -> None:
    """The response of somebody whose rows these are for certain; of a team, if it is one member."""
    rows = [row for taker in takers for row in taker.attempts]
    remarks = [remark for row in rows if (remark := unfinished(row))]
    found.remarks.extend(remarks)
    finished = [taker for taker in takers if taker.finished]
    if len(finished) > 1:
        told = _told(finished)
        found.doubts[student] = f"Several people's answers to the quiz may count here: {told}."
    elif finished:
        row = chosen(finished[0].finished, rule)
        if row.broken:
            found.doubts[student] = f"{row.source}: {row.broken}."
        else:
            found.responses[student] = response(row)
    elif remarks:
        found.unfinished[student] = f"{remarks[0]}."


def _tell(
    found: Matched, owners: Sequence[Owner], left: list[Taker], possible: Iterable[list[Taker]]
) -> None:
    """Remarks on rows that were not used; who has none of his own may be meant by one of them."""
    for taker in left:
        found.remarks.append(f"{taker.shown} fits no submission; the answers were not used")
    shared = {taker.shown for takers in possible for taker in takers}
    found.remarks.extend(f"{who} fits several; a person must decide" for who in sorted(shared))
    for owner in owners if left else ():
        student = owner.identity.student
        known = (found.responses, found.doubts, found.unfinished)
        if not any(student in one for one in known):
            near = [t for t in left if _words(t) & set(cleaned(owner.identity.name).split())]
            told = _told(near or left)
            found.rowless.add(student)
            found.doubts[student] = (
                f"No row of the quiz has this name, and some fit nobody: {told}."
            )


def _told(takers: Sequence[Taker]) -> str:
    more = f", and {len(takers) - MANY} more" if len(takers) > MANY else ""
    return ", ".join(taker.shown for taker in takers[:MANY]) + more


def _words(taker: Taker) -> set[str]:
    return set(cleaned(taker.attempts[0].name).split())


def _takers(rows: Sequence[QuizAttempt], roster: Roster) -> list[Taker]:
    """The attempts by person. Of one name alone they are one person's if the roster knows one."""
    groups: dict[tuple[str, str], list[QuizAttempt]] = {}
    for number, row in enumerate(rows):
        kind = next((k for k in ("email", "number", "username") if getattr(row, k).strip()), "")
        if kind:
            groups.setdefault((kind, folded(getattr(row, kind))), []).append(row)
        elif len(roster.by_name(row.name)) == 1:
            groups.setdefault(("name", cleaned(row.name)), []).append(row)
        else:
            groups[("row", str(number))] = [row]
    return [Taker(attempts=tuple(group)) for group in groups.values()]


def _owners(
    taker: Taker, owners: Sequence[Owner], roster: Roster, rows: Sequence[QuizAttempt]
) -> tuple[list[Owner], bool, Entry | None]:
    """Whose a person's rows may be, whether that is certain, and who he is if the roster knows."""
    row = taker.attempts[0]
    entries = roster.by_ids(row.email, row.number, row.username)
    named = entries or [
        entry for name in (row.name, row.reversed_name) for entry in roster.by_name(name)
    ]
    entries = list(dict.fromkeys(entries or named))
    if len(entries) == 1:
        (entry,) = entries
        own = [owner for owner in owners if entry in owner.entries]
        if own:
            return own, len(own) == 1, entry
        maybe = [owner for owner in owners if entry in owner.candidates]
        return maybe, False, entry
    if entries:
        return [o for o in owners if {*o.entries, *o.candidates} & {*entries}], False, None
    ids = {folded(text) for text in (row.email, row.number, row.username)} - {""}
    exact = [owner for owner in owners if folded(owner.identity.name) in ids]
    if exact:
        return exact, len(exact) == 1, None
    own = [owner for owner in owners if cleaned(owner.identity.name) in _names(row)]
    same = {_person(other) for other in rows if _names(other) & _names(row) and other.finished}
    return own, len(own) == 1 and len(same) <= 1, None


def _names(row: QuizAttempt) -> set[str]:
    return {cleaned(row.name), cleaned(row.reversed_name)} - {""}


def _person(row: QuizAttempt) -> str:
    """Who a row is of; one that has a name alone is of nobody but itself."""
    return next(filter(None, map(folded, (row.email, row.number, row.username))), row.source)


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
