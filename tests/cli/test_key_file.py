"""A result folder under pseudonyms: nobody is in it, and its key file leads marks back to all."""

from __future__ import annotations

import html
import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import key_file
from grader.cli.main import main
from grader.core.errors import UsageError
from grader.intake.pseudonyms import Key
from grader.store.store import Store
from tests import moodle_course
from tests.moodle_course import KEYS, Course, name
from tests.platforms.moodle import moodle_importer
from tests.platforms.moodle.moodle_importer import Record

pytestmark = pytest.mark.sandbox
HANDED_IN = [key for key in KEYS if key not in moodle_course.MISSING]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@dataclass(frozen=True)
class Graded:
    """A course of 40 that was graded under pseudonyms."""

    folder: Path
    course: Course
    told: str

    @property
    def key(self) -> Path:
        return self.folder / "key.json"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def people(self) -> dict[str, str]:
        """Id without pseudonyms → pseudonym."""
        document = json.loads(self.key.read_text())
        return {known["student"]: one for one, known in document["people"].items()}


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as found:
        yield found


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Graded:
    folder = tmp_path_factory.mktemp("veiled")
    course = Course(folder / "downloads")
    course.write()
    made = moodle_course.assignment(folder / "reference")
    patch.setattr("grader.assignment.rubric.find", lambda name, **_: made)
    words = ("grade", course.folder, "--out", folder / "results", "--seed", "1", "--quiet")
    done = run(*words, "--pseudonyms", folder / "key.json")
    assert done.exit_code == 0, done.output
    found = Graded(folder, course, done.output)
    run("mark", found.results, "--export", found.results / "waiting.csv")
    return found


def contents(folder: Path) -> Iterator[bytes]:
    """All that a search may find: names of files, bytes, and what is packed in the database."""
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder)).encode()
        if path.is_file():
            yield path.read_bytes()
    with closing(sqlite3.connect(folder / "grader.sqlite")) as db:
        tables = [
            table for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            for row in db.execute(f"SELECT * FROM {table}"):
                yield from (_plain(cell) for cell in row)


def _plain(cell: object) -> bytes:
    packed = cell if isinstance(cell, bytes) else str(cell).encode()
    with suppress(zlib.error):
        packed = zlib.decompress(packed)
    with suppress(ValueError):
        packed = json.dumps(json.loads(packed), ensure_ascii=False).encode()
    return packed


def test_no_name_address_or_number_is_found_in_the_folder(graded: Graded) -> None:
    everything = b"\n".join(contents(graded.results)) + graded.told.encode()
    for key in KEYS:
        for told in (name(key), f"s{key}.person", str(2_026_000 + key)):
            assert told.casefold().encode() not in everything.lower(), told
            assert told.encode() not in everything
    for told in ("Doppelmann", "Person", "x.org", "amus", "operson"):
        assert told.encode() not in everything, told
    told = f"# {graded.people()['seamus-operson-101']} ("  # the first line of a notebook
    assert told.encode() in everything


def test_the_key_is_its_owners_alone_and_knows_everybody(graded: Graded) -> None:
    assert graded.key.stat().st_mode & 0o777 == 0o600
    assert len(graded.people()) == 40
    assert not [path for path in graded.folder.iterdir() if path.suffix == ".part"]


def test_a_page_and_a_table_show_pseudonyms(graded: Graded) -> None:
    someone = graded.people()["max-doppelmann-120"]
    assert (graded.results / "students" / f"{someone}.html").is_file()
    assert f"{someone};{someone};sums/words" in (graded.results / "waiting.csv").read_text()


def test_marks_pages_and_comments_go_back_to_the_people(graded: Graded, tmp_path: Path) -> None:
    words: list[object] = ["export", graded.results, "--to", "moodle", "--out", tmp_path]
    words += ["--worksheet", graded.course.worksheet, "--provisional", "--all"]
    refused = run(*words)
    assert refused.exit_code == 2
    assert "carries pseudonyms; name its key file with --pseudonyms FILE" in refused.stderr
    done = run(*words, "--pseudonyms", graded.key)
    assert "38 marks will arrive." in done.stdout, done.output
    moodle = moodle_importer.Moodle("en", {key: Record() for key in KEYS})
    sheet, pages = (tmp_path / file for file in ("1-grading-worksheet.csv", "2-feedback-files.zip"))
    moodle.upload_worksheet(sheet.read_bytes(), datetime(2021, 6, 2, 12))
    moodle.upload_zip(pages.read_bytes())
    held = {key: one.grade for key, one in moodle.people.items() if one.grade is not None}
    assert held == graded.course.moodles_marks(words=0)
    for key in HANDED_IN:
        page = html.unescape(moodle.people[key].files["feedback.html"].decode())
        assert name(key) in page
    assert not any(one in page for one in graded.people().values())


def test_the_same_people_have_the_same_pseudonyms_in_the_next_batch(graded: Graded) -> None:
    before = graded.people()
    words = ("grade", graded.course.folder, "--out", graded.results, "--quiet")
    assert run(*words, "--pseudonyms", graded.key).exit_code == 0
    assert graded.people() == before
    pages = {path.stem for path in (graded.results / "students").iterdir()}
    assert pages < {*before.values()}


def test_names_and_pseudonyms_are_never_in_one_folder(graded: Graded, tmp_path: Path) -> None:
    words = ("grade", graded.course.folder, "--quiet", "--out")
    assert "carries pseudonyms; name its key" in run(*words, graded.results).stderr
    other = run(*words, graded.results, "--pseudonyms", tmp_path / "other.json")
    assert "carries pseudonyms of another key" in other.stderr
    assert not (tmp_path / "other.json").exists()


def test_a_request_is_kept_without_the_name_under_it(graded: Graded, tmp_path: Path) -> None:
    mail = tmp_path / "mail.txt"
    mail.write_text("ABCD-EFGH: please look again. Séamus O'Person 101")
    words = ("appeals", graded.results, "--import", mail)
    assert "name its key file" in run(*words).stderr
    assert run(*words, "--pseudonyms", graded.key).exit_code == 0


def test_a_purge_says_that_the_key_is_still_there(graded: Graded, tmp_path: Path) -> None:
    shutil.copytree(graded.results, tmp_path / "results")
    done = run("purge", tmp_path / "results", "--yes")
    assert "the key file still tells who they were" in done.stdout
    assert {path.name for path in (tmp_path / "results").iterdir()} == {
        "statistics.json",
        "waiting.csv",
    }


def test_a_key_that_others_may_read_or_that_lies_inside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    key_file.write(path, Key(secret="s"))
    assert key_file.read(path) == Key(secret="s")
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        key_file.read(path)
    with pytest.raises(UsageError, match="kept apart"):
        key_file.read_or_new(tmp_path / "results" / "key.json", tmp_path / "results")
    other = tmp_path / "other.json"
    other.write_text("[]")
    other.chmod(0o600)
    with pytest.raises(UsageError, match="is no key file"):
        key_file.read(other)


def test_a_new_secret_is_another_one_each_time(tmp_path: Path) -> None:
    one, two = (key_file.read_or_new(tmp_path / "no.json", tmp_path / "results") for _ in "ab")
    assert one.secret != two.secret
    assert len(one.secret) == 64


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "cannot be read as a key file"),
        (b'{"format": 2}', "was written by a newer grader; update the grader to read it"),
        (b'{"format": 1}', "is no key file of `grader grade --pseudonyms`"),
        (b'{"format": 1, "people": [], "secret": "s"}', "is no key file of"),
        (b'{"format": 1, "people": {"P": {"names": 5}}, "secret": "s"}', "is no key file of"),
    ],
)
def test_another_file_is_no_key(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(UsageError) as refusal:
        key_file.read(path)
    assert str(refusal.value).startswith(f"{path} {told}")


def test_a_folder_that_holds_names_takes_no_key_and_none_is_written(tmp_path: Path) -> None:
    with Store(tmp_path / "grader.sqlite") as store:
        assert key_file.keep(store, None, None) == {}
        store.note(assignment="a")
        with pytest.raises(UsageError) as refusal:
            key_file.keep(store, Key(secret="s"), tmp_path / "key.json")
        assert key_file.of(store, tmp_path / "no.json") is None  # not asked for where names are
    assert str(refusal.value) == (
        f"{tmp_path} holds names; choose a new --out folder for pseudonyms"
    )
    assert not (tmp_path / "key.json").exists()
