"""Whose ids these are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.store.store import Store
from tests.course import submission


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "grader.sqlite") as opened:
        yield opened


def test_an_identity_keeps_its_id_for_good(store: Store) -> None:
    assert store.owners.student("moodle 17") is None
    store.owners.put("moodle 17", "ada-17")
    assert store.owners.student("moodle 17") == "ada-17"
    assert store.owners.is_taken("ada-17")
    assert not store.owners.is_taken("ada-18")
    with Store(store.path) as again:
        assert again.owners.student("moodle 17") == "ada-17"


def test_an_identity_never_gets_a_second_id(store: Store) -> None:
    store.owners.put("moodle 17", "ada-17")
    with pytest.raises(sqlite3.IntegrityError):
        store.owners.put("moodle 17", "ada-18")
    assert store.owners.student("moodle 17") == "ada-17"


def test_ids_of_an_older_grader_are_taken_and_have_no_owner(store: Store) -> None:
    old = submission(3)
    store.put_submissions([old])
    assert store.owners.is_taken(old.student)
    assert store.owners.former() == [(old.student, old.name)]
    store.owners.put("moodle 3", old.student)
    assert store.owners.former() == []
