"""Codes by which a student's page names its items."""

from __future__ import annotations

import re
from pathlib import Path

from grader.marking import codes
from grader.store.store import Store
from tests.course import assignment, submission


def test_a_code_is_short_and_the_same_each_time() -> None:
    code = codes.of("secret", "ada", "sums/number")
    assert re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", code)
    assert code == codes.of("secret", "ada", "sums/number")


def test_a_code_tells_store_student_and_item_apart() -> None:
    asked = [
        ("secret", "ada", "sums/number"),
        ("other", "ada", "sums/number"),
        ("secret", "mei", "sums/number"),
        ("secret", "ada", "sums/words"),
    ]
    assert len({codes.of(*one) for one in asked}) == len(asked)


def test_a_code_leads_back_to_its_item(tmp_path: Path) -> None:
    of = assignment(tmp_path / "reference")
    with Store(tmp_path / "grader.sqlite") as store:
        store.put_submissions(submission(number) for number in (1, 2))
        secret, owners = store.secret(codes.SECRET), codes.owners(store, of)
        items = [f"{task.id}/{item.id}" for task in of.tasks for item in task.items]
        assert len(owners) == 2 * len(items)
        student = submission(2).student
        assert owners[codes.of(secret, student, items[0])] == (student, items[0])
        assert codes.of("guessed", student, items[0]) not in owners
