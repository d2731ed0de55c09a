"""Codes by which a student's page names its items, so that a request can name one."""

from __future__ import annotations

from grader.core import digests
from grader.core.model import Assignment
from grader.store.store import Store

SECRET = "review secret"  # noqa: S105  # its name in the store


def of(secret: str, student: str, item: str) -> str:
    """The code of a student's "task/item", such as ABCD-EFGH."""
    return digests.code(secret, "item", student, item, length=8)


def owners(store: Store, assignment: Assignment) -> dict[str, tuple[str, str]]:
    """By code whose item it is: student and "task/item"."""
    secret = store.secret(SECRET)
    items = [f"{task.id}/{item.id}" for task in assignment.tasks for item in task.items]
    return {
        of(secret, student, item): (student, item) for student in store.students() for item in items
    }
