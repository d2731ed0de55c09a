"""What reports in text say of an item: how it stands, why, and which values were wrong. Pure."""

from __future__ import annotations

from grader.core.model import ItemGrade, Status

SHOWN = 4
"""Values of a student's that are shown."""


def standing(item: ItemGrade) -> Status:
    """How an item stands: as its check found it, or as a person marked it."""
    if item.mark is None:
        return item.outcome.status
    if item.mark.points >= item.item.points:
        return Status.PASSED
    return Status.PARTIAL if item.mark.points > 0 else Status.FAILED


def why(item: ItemGrade) -> str:
    """The sentence that goes with it: the check's, or the person's who marked it."""
    if item.mark is None:
        return item.outcome.message
    return f"{item.mark.by} gave {item.mark.points} points: {item.mark.reason}"


def values(item: ItemGrade) -> list[str]:
    """Some of the student's values, first those that are not what was expected."""
    given, expected = item.outcome.details.get("given"), item.outcome.details.get("expected")
    if not isinstance(given, list):
        return [str(given)] if given else []
    wanted = expected if isinstance(expected, list) else []
    right = [text == wish for text, wish in zip(given, wanted, strict=False)]
    right += [False] * (len(given) - len(right))
    return [str(given[n]) for n in sorted(range(len(given)), key=right.__getitem__)[:SHOWN]]


def hint(item: ItemGrade) -> str:
    """The rubric's hint, where a check's finding counts."""
    found = item.mark is None and item.outcome.status not in (Status.PASSED, Status.ERROR)
    return item.item.hint if found else ""
