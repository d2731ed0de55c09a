"""nbgrader: the tree of what was collected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from grader.core.errors import UsageError
from grader.platforms.nbgrader import Nbgrader

STAMP = "submitted/ada/ps1/timestamp.txt"


def test_the_tree_says_whose_a_file_is() -> None:
    files = {
        "submitted/ada/ps1/x/A.ipynb": b"",
        "submitted/mei/ps1/A.ipynb": b"",
        "gradebook.db": b"",
    }
    found = Nbgrader().places("course", files)
    assert {path: (one.key, one.name, one.path) for path, one in found.items()} == {
        "submitted/ada/ps1/x/A.ipynb": ("ada", "ada", "x/A.ipynb"),
        "submitted/mei/ps1/A.ipynb": ("mei", "mei", "A.ipynb"),
    }
    assert all(one.submitted_at is None for one in found.values())


def test_the_folder_submitted_itself_may_be_named() -> None:
    found = Nbgrader().places("submitted", {"ada/ps1/A.ipynb": b""})
    assert [(one.key, one.path) for one in found.values()] == [("ada", "A.ipynb")]
    assert Nbgrader().places("work", {"ada/ps1/A.ipynb": b""}) == {}


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        (b"2021-07-08 12:03:00.000000 UTC", datetime(2021, 7, 8, 12, 3, tzinfo=UTC)),
        (b"2021-07-08 12:03:00\n", datetime(2021, 7, 8, 12, 3, tzinfo=UTC)),
        (
            b"2021-07-08T12:03+02:00",
            datetime(2021, 7, 8, 12, 3, tzinfo=timezone(timedelta(hours=2))),
        ),
        (b"yesterday", None),
        (b"9999-12-31 23:59:59.000000 UTC", None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_a_stamp_is_the_time_of_all_of_that_persons_files(
    stamp: bytes, time: datetime | None
) -> None:
    files = {STAMP: stamp, "submitted/ada/ps1/A.ipynb": b"", "submitted/mei/ps1/A.ipynb": b""}
    found = Nbgrader().places("course", files)
    assert found["submitted/ada/ps1/A.ipynb"].submitted_at == time
    assert found["submitted/mei/ps1/A.ipynb"].submitted_at is None


def test_two_assignments_in_one_tree_are_refused() -> None:
    files = {"submitted/ada/ps2/A.ipynb": b"", "submitted/mei/ps1/A.ipynb": b""}
    with pytest.raises(
        UsageError, match=r"^course holds several assignments \(ps1, ps2\); copy the"
    ):
        Nbgrader().places("course", files)
