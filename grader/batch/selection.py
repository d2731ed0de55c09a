"""Which of a batch's submissions are graded: those of named people, or whose last run failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grader.core.errors import UsageError
from grader.core.model import Assignment, Ending, Grade
from grader.intake.identity import Identity, cleaned
from grader.marking import ownership
from grader.marking.grades import Results
from grader.store.store import Store


def kept(store: Store, identities: Iterable[Identity]) -> dict[str, Identity]:
    """People by the ids under which the result folder has them, or will have them."""
    return {ownership.kept_as(store, identity): identity for identity in identities}


def named(words: Sequence[str], people: Mapping[str, Identity]) -> set[str]:
    """The ids, as their submissions have them, of those whom these words name by id or by name.

    Raises:
        UsageError: a word names nobody, or several people.
    """
    found = set()
    for word in words:
        fits = {
            student: one
            for student, one in people.items()
            if word.strip().lower() in (student, one.student) or cleaned(word) == cleaned(one.name)
        }
        if not fits:
            known = ", ".join([*people][:3])
            raise UsageError(
                f"--only {word}: nobody of this batch is called so; give a name, or an id as in "
                f"students/ID.html (such as {known})"
            )
        if len(fits) > 1:
            raise UsageError(f"--only {word} fits {' and '.join(fits)}; give one of these ids")
        found |= {one.student for one in fits.values()}
    return found


def failed(store: Store, assignment: Assignment) -> dict[str, str]:
    """Names of those, by id, of whom an item is an error or a run could not be set up."""
    return {
        grade.submission.student: grade.submission.name
        for grade in Results(store, assignment, evidence=False)
        if grade.has_error or _was_not_set_up(store, grade)
    }


def _was_not_set_up(store: Store, grade: Grade) -> bool:
    runs = (store.run(grade.submission.student, task.task.id) for task in grade.tasks)
    return any(run and store.ending(run[0]) == Ending.SETUP_FAILED for run in runs)
