"""Gradescope: an export of submissions with its metadata, and an autograder's results."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from grader.core.errors import UsageError
from grader.platforms import gradescope
from grader.platforms.gradescope import Gradescope
from tests.platforms.results import back, result

ONE = b"""---
submission_9001:
  :submitters:
  - :name: Ada Strong
    :sid: '0012'
  :created_at: 2021-05-29 10:03:00.000000000 Z
"""


def export(metadata: bytes, *paths: str) -> dict[str, bytes]:
    return {gradescope.METADATA: metadata, **dict.fromkeys(paths, b"")}


def test_a_folders_number_leads_to_the_person_and_the_time() -> None:
    path = "submission_9001/x/A.ipynb"
    place = Gradescope().places("export", export(ONE, path))[path]
    assert (place.key, place.name, place.path) == ("9001", "Ada Strong", "x/A.ipynb")
    assert place.submitted_at == datetime(2021, 5, 29, 10, 3, tzinfo=UTC)


def test_who_handed_in_together_is_named_together() -> None:
    metadata = b"submission_1:\n  :submitters:\n  - :name: Ada\n  - :name: Mei\n"
    place = Gradescope().places("export", export(metadata, "submission_1/A.ipynb"))
    assert place["submission_1/A.ipynb"].name == "Ada and Mei"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2021-05-29 10:03:00", datetime(2021, 5, 29, 10, 3, tzinfo=UTC)),
        ("2021-05-29", None),  # a day is no time
        ("soon", None),
    ],
)
def test_a_time_without_a_zone_is_utc_and_other_words_are_no_time(
    written: str, read: datetime | None
) -> None:
    metadata = f"submission_1:\n  :submitters: []\n  :created_at: {written}\n".encode()
    place = Gradescope().places("export", export(metadata, "submission_1/A.ipynb"))
    assert place["submission_1/A.ipynb"].submitted_at == read


@pytest.mark.parametrize(
    "files",
    [
        {"submission_9001/A.ipynb": b""},
        {gradescope.METADATA: ONE},
        {gradescope.METADATA: ONE, "9001/A.ipynb": b"", "submission_x/A.ipynb": b""},
    ],
)
def test_folders_without_metadata_or_without_numbers_are_no_export(files: dict[str, bytes]) -> None:
    assert Gradescope().places("export", files) == {}


def test_a_folder_that_the_metadata_does_not_know_is_refused() -> None:
    with pytest.raises(UsageError) as refusal:
        Gradescope().places("export", export(ONE, "submission_9002/A.ipynb"))
    assert str(refusal.value) == (
        "export: submission_metadata.yml does not say whose submission_9002 is"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{{",
        b"submission_9001: 5",
        b"a: &a [*a]",
        b"\xff\xfe\x00",
        b"[" * 2000,
        b"submission_1: {':submitters': 5}",
        b"submission_1: {':submitters': [{':sid': 5}]}",
        b"submission_1: {':submitters': [], ':created_at': 2021-13-45 10:00:00}",
        b"submission_1: 2021-02-31",
        b"submission_1: {':x': &a [x, x], ':submitters': [{':name': [*a, *a]}]}",
        b"submission_1: {':x': &a {':name': x}, ':submitters': [" + b"*a, " * 101 + b"]}",
        b"submission_1: {':x': &a {':name': x}, ':submitters': [{<<: [*a, *a]}]}",
    ],
)
def test_metadata_that_cannot_be_read_is_one_sentence(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^submission_metadata\.yml cannot be read \(.*export it"):
        Gradescope().places("export", export(content, "submission_1/A.ipynb"))


def test_metadata_beyond_all_measure_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradescope, "MOST", len(ONE) - 1)
    with pytest.raises(UsageError, match=r"is larger than 0 MiB and was not read"):
        Gradescope().places("export", export(ONE, "submission_9001/A.ipynb"))


def test_gradescope_gets_an_autograders_results() -> None:
    made = back(Gradescope(), [result("Ada", "gradescope", "9001"), result("Mei", "canvas", "5")])
    assert list(made.files) == ["9001/results.json", "mei/results.json"]
    assert json.loads(made.files["9001/results.json"]) == {
        "score": 73.505,
        "output": "73.51 of 100.00 points.",
        "output_format": "text",
        "stdout_visibility": "hidden",
    }
    assert made.arriving == ("ada", "mei")
