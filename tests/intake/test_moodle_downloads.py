"""What a real Moodle sends, English and German: people, times and files as Moodle had them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core.model import Assignment, LateRule, Submission
from grader.intake.submissions import Batch, ingest, undated
from grader.platforms import PLATFORMS

DATA = Path(__file__).parents[1] / "data" / "moodle"
LANGUAGES = ("en", "de")

PLAIN = {
    "joerg-musster-suessholz-15": ("Jörg Mußter-Süßholz", "muster.joerg"),
    "anna-lena-von-der-hoehe-21": ("Anna Lena von der Höhe", "anna.vdh"),
    "seamus-oerfunden-24": ("Séamus O'Erfunden", "oerfunden"),
    "maria-jose-garcia-inventada-14": ("María José García Inventada", "garcia"),
    "thi-minh-chau-nguyen-17": ("Thị Minh Châu Nguyễn", "nguyen"),
    "xiaoming-wang-22": ("小明 王", "wang"),
    "max-doppelmann-20": ("Max Doppelmann", "max.a"),
    "max-doppelmann-18": ("Max Doppelmann", "max.b"),
    "zoe-unter-strich-16": ("Zoë Unter_Strich", "zoe"),
    "lukasz-zoltak-13": ("Łukasz Żółtak", "lukasz"),
    "lea-lilli-klammer-erasmus-19": ('Lea "Lilli" Klammer (Erasmus)', "lilli"),
}
"""Id, name and user name of who handed in; Kim handed in nothing."""

NOTEBOOKS = {
    "joerg-musster-suessholz-15": {"activation", "evaluation", "fmssvrc"},
    "zoe-unter-strich-16": {"activation", "evaluation", "fmssvrc"},
    "xiaoming-wang-22": {"activation"},
    "maria-jose-garcia-inventada-14": {"evaluation"},  # the other breaks off
    "lea-lilli-klammer-erasmus-19": set[str](),
}


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return rubric.find("dais2021-a4")


def read(assignment: Assignment, *paths: Path) -> Batch:
    return ingest(paths, assignment, PLATFORMS)


def by_id(batch: Batch) -> dict[str, Submission]:
    return {submission.student: submission for submission in batch.submissions}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", ["all-plain", "flat-plain"])
def test_everybody_is_found_with_his_files_with_and_without_folders(
    assignment: Assignment, language: str, layout: str
) -> None:
    folder = DATA / f"assign-{language}"
    found = by_id(read(assignment, folder / f"{layout}.zip", folder / "worksheet-plain.csv"))
    assert {who: one.name for who, one in found.items()} == {
        who: n for who, (n, _) in PLAIN.items()
    }
    for student, submission in found.items():
        expected = NOTEBOOKS.get(student, {"activation", "evaluation"})
        assert set(submission.notebooks) == expected, student
        assert submission.person.email == f"{PLAIN[student][1]}@example.invalid"
        assert submission.identity == f"moodle {submission.person.key}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_times_drafts_and_extensions_are_the_worksheets(
    assignment: Assignment, language: str
) -> None:
    folder = DATA / f"assign-{language}"
    batch = read(assignment, folder / "all-plain.zip", folder / "worksheet-plain.csv")
    found = by_id(batch)
    times = {who: one.submitted_at for who, one in found.items() if one.submitted_at}
    assert batch.dated == len(times) == 11
    usual = "2026-11-25T11:55:00+01:00"
    assert {who: time.isoformat() for who, time in times.items() if time.isoformat() != usual} == {
        "anna-lena-von-der-hoehe-21": "2026-11-26T14:55:00+01:00",
        "zoe-unter-strich-16": "2026-11-25T12:55:00+01:00",
        "lukasz-zoltak-13": "2026-11-27T11:55:00+01:00",
    }
    assert [who for who, one in found.items() if one.is_draft] == ["xiaoming-wang-22"]
    longer = {who: one.extension.until for who, one in found.items() if one.extension}
    assert {who: until.isoformat() for who, until in longer.items()} == {
        "lukasz-zoltak-13": "2026-11-28T11:55:00+01:00"
    }


def test_without_a_worksheet_the_files_times_in_the_zip_count(assignment: Assignment) -> None:
    found = by_id(read(assignment, DATA / "assign-en" / "all-plain.zip"))
    anna, lilli = found["anna-lena-von-der-hoehe-21"], found["lea-lilli-klammer-erasmus-19"]
    assert anna.submitted_at is not None
    assert anna.submitted_at.isoformat() == "2026-11-28T11:55:50+01:00"
    assert lilli.submitted_at is None  # a text's time is that of the download


def test_a_table_of_times_and_extensions_counts(tmp_path: Path, assignment: Assignment) -> None:
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "x.ipynb").touch()
    table = tmp_path / "more.csv"
    table.write_text("name,submitted,until,reason\nAda,2021-06-01 10:00,2021-06-02,illness\n")
    (ada,) = ingest([tmp_path / "Ada"], assignment, PLATFORMS, [table]).submissions
    assert ada.submitted_at is not None
    assert ada.submitted_at.isoformat() == "2021-06-01T10:00:00+02:00"
    assert ada.extension is not None
    assert (ada.extension.reason, ada.extension.until.isoformat()) == (
        "illness",
        "2021-06-02T00:00:00+02:00",
    )


@pytest.mark.parametrize("percent", [0, 10])
def test_a_late_rule_without_times_is_told_before_anything_runs(
    tmp_path: Path, assignment: Assignment, percent: int
) -> None:
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "x.ipynb").touch()
    ruled = replace(assignment, late=LateRule(percent_per_day=Decimal(percent)))
    told = undated(ingest([tmp_path], ruled, PLATFORMS), ruled)
    assert ("nobody's time of submission is known" in told) == bool(percent)


@pytest.mark.parametrize("language", LANGUAGES)
def test_online_text_alone_is_for_a_person_and_named(assignment: Assignment, language: str) -> None:
    found = by_id(read(assignment, DATA / f"assign-{language}" / "all-plain.zip"))
    lilli = found["lea-lilli-klammer-erasmus-19"]
    assert lilli.unused == ("onlinetext.html",)
    assert set(lilli.doubts) == {"activation", "evaluation", "fmssvrc"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_three_downloads_in_one_folder_as_they_come_are_one_batch(
    tmp_path: Path, assignment: Assignment, language: str
) -> None:
    for name in ("all-plain.zip", "worksheet-plain.csv"):
        shutil.copy(DATA / f"assign-{language}" / name, tmp_path)
    shutil.copy(DATA / "quiz" / f"responses-{language}-all.csv", tmp_path)
    batch = read(assignment, tmp_path)
    found = by_id(batch)
    assert set(found) == {*PLAIN, "kim-a-dpunkt-jr-23"}
    taken = {who: one.quiz.moodle_grade for who, one in found.items() if one.quiz}
    assert {who: str(grade) for who, grade in taken.items()} == {
        "joerg-musster-suessholz-15": "10.00",
        "anna-lena-von-der-hoehe-21": "9.33",
        "seamus-oerfunden-24": "10.00",
        "maria-jose-garcia-inventada-14": "0.00",
        "max-doppelmann-20": "7.43",
        "max-doppelmann-18": "0.00",
        "lukasz-zoltak-13": "6.93",
        "lea-lilli-klammer-erasmus-19": "1.97",
        "kim-a-dpunkt-jr-23": "8.80",
    }
    assert not any("autodiff" in one.doubts for one in found.values())
    same = by_id(read(assignment, *sorted(tmp_path.iterdir())))
    assert {who: one.digest for who, one in same.items()} == {
        who: one.digest for who, one in found.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_the_worksheet_namesakes_wait_for_a_person(
    assignment: Assignment, language: str
) -> None:
    zipped = DATA / f"assign-{language}" / "all-plain.zip"
    found = by_id(read(assignment, zipped, DATA / "quiz" / f"responses-{language}-all.csv"))
    for student in ("max-doppelmann-18", "max-doppelmann-20"):
        assert found[student].quiz is None
        assert "Max Doppelmann" in found[student].doubts["autodiff"]
    oerfunden = found["seamus-oerfunden-24"].quiz
    assert oerfunden is not None
    assert str(oerfunden.moodle_grade) == "10.00"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", ["all-team", "flat-team"])
def test_a_team_is_one_submission_with_its_members(
    assignment: Assignment, language: str, layout: str
) -> None:
    folder = DATA / f"assign-{language}"
    found = by_id(read(assignment, folder / f"{layout}.zip", folder / "worksheet-team.csv"))
    default = "default-group" if language == "en" else "standard-gruppe"
    assert {who: one.person.members for who, one in found.items()} == {
        "gruppe-1-aepfel-4": ("Jörg Mußter-Süßholz", "Anna Lena von der Höhe", "Séamus O'Erfunden"),
        "team-b-2-5": ("María José García Inventada", "Thị Minh Châu Nguyễn", "小明 王"),
        "drei-6": ("Max Doppelmann", "Max Doppelmann", "Zoë Unter_Strich", "Łukasz Żółtak"),
        default: ('Lea "Lilli" Klammer (Erasmus)', "Kim A. D'Punkt, Jr."),
    }
    assert all(set(one.notebooks) == {"activation", "evaluation"} for one in found.values())


@pytest.mark.parametrize(("language", "word"), [("en", "Participant"), ("de", "Teilnehmer/in")])
@pytest.mark.parametrize("layout", ["all-blind", "flat-blind"])
def test_anonymous_people_have_their_numbers(
    assignment: Assignment, language: str, word: str, layout: str
) -> None:
    folder = DATA / f"assign-{language}"
    for paths in (
        [folder / f"{layout}.zip"],
        [folder / f"{layout}.zip", folder / "worksheet-blind.csv"],
    ):
        found = by_id(read(assignment, *paths))
        numbers = (51, 52, 53, 55, 56, 58, 60)
        assert {one.name for one in found.values()} == {f"{word} {n}" for n in numbers}
        assert {one.identity for one in found.values()} == {f"moodle {n}" for n in numbers}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_group_is_a_part_of_the_course(assignment: Assignment, language: str) -> None:
    folder = DATA / f"assign-{language}"
    found = by_id(read(assignment, folder / "all-groups.zip", folder / "worksheet-groups.csv"))
    assert {one.person.key for one in found.values()} == {"38", "39", "40", "45", "48"}
    assert found["kim-a-dpunkt-jr-48"].name == "Kim A. D'Punkt, Jr."
