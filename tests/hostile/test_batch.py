"""All attacks and accidents in one batch of the real command, with honest work between them."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import pytest

from tests.hostile import course
from tests.hostile.accidents import ACCIDENTS
from tests.hostile.accidents import FILES as BESIDE
from tests.hostile.attacks import ATTACKS, FILES, filled
from tests.hostile.course import FUNCTIONS, HONEST, marks, message

pytestmark = [pytest.mark.hostile, pytest.mark.sandbox]

FULL = dict.fromkeys(FUNCTIONS, "passed")
HONEST_NAMES = tuple(f"honest {n}" for n in range(4))


@dataclass
class Done:
    """A batch that was graded."""

    place: course.Course
    exit_code: int
    said: str
    results: dict[str, dict[str, Any]]
    left: list[str]
    connections: list[Any] = field(default_factory=list)

    def of(self, name: str) -> dict[str, Any]:
        """The submission of this name."""
        return self.results[in_report(name)]

    def page(self, name: str) -> str:
        """Its page."""
        return (self.place.out / "students" / f"{self.of(name)['student']}.html").read_text()

    def functions(self, name: str) -> dict[str, str]:
        """The status of the four functions."""
        return {key: value for key, value in marks(self.of(name)).items() if key in FUNCTIONS}


def in_report(name: str) -> str:
    """A folder's name as the report shows it."""
    return name.strip()


@contextlib.contextmanager
def listening(connections: list[Any]) -> Iterator[int]:
    """A server of the host that notes who comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connections.append(server.accept()[1])

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def batch() -> Iterator[Done]:
    place = course.new("hx-")
    connections: list[Any] = []
    with listening(connections) as port:
        names = {
            "canary": str(place.canary),
            "out": str(place.out),
            "token": place.token,
            "reference": str(place.reference),
            "rubric": str(place.rubric),
            "port": port,
            "secret_prefix": "secret",
        }
        others: list[tuple[str, Any]] = [(name, HONEST) for name in HONEST_NAMES]
        others += ACCIDENTS.items()
        spread = [
            others[n // 3] if n % 3 == 0 and n // 3 < len(others) else None
            for n in range(max(len(ATTACKS), 3 * len(others)))
        ]
        for number, (attack, other) in enumerate(zip_longest(ATTACKS, spread)):
            if attack:
                files = {
                    file: body.replace(b"{canary}", str(place.canary).encode())
                    for file, body in FILES.get(attack, {}).items()
                }
                place.submit(f"{number:02} {attack}", filled(ATTACKS[attack], names), **files)
            if other:
                place.submit(f"{number:02} {other[0]}", other[1], **BESIDE.get(other[0], {}))
        done = place.grade()
    results = {}
    for name, entry in (place.results() if done.returncode < 2 else {}).items():
        results[re.sub(r"^\d\d ", "", name)] = entry
    yield Done(
        place, done.returncode, done.stdout + done.stderr, results, place.left_behind(), connections
    )
    shutil.rmtree(place.root)


def test_the_batch_ends_and_grades_everybody(batch: Done) -> None:
    assert batch.exit_code == 1, batch.said  # some could not be graded fully
    assert len(batch.results) == len(ATTACKS) + len(ACCIDENTS) + len(HONEST_NAMES)


@pytest.mark.parametrize("name", [*HONEST_NAMES, *ACCIDENTS])
def test_honest_work_between_attacks_loses_nothing(batch: Done, name: str) -> None:
    assert batch.functions(name) == FULL, [message(batch.of(name), f) for f in FUNCTIONS]


def test_nothing_outside_was_read_or_written(batch: Done) -> None:
    place = batch.place
    assert place.canary.read_text() == place.secret
    assert sorted(path.name for path in place.root.iterdir()) == [
        "canary.txt",
        "out",
        "reference",
        "rubrics",
        "tmp",
        "work",
    ]
    for path in place.out.rglob("*"):
        assert path.is_dir() or place.secret.encode() not in path.read_bytes(), path


def test_nothing_is_left_behind(batch: Done) -> None:
    assert batch.left == []


def printed(batch: Done, sign: str) -> str:
    """What the cells printed that printed this sign, as it is kept."""
    with sqlite3.connect(batch.place.out / "grader.sqlite") as db:
        kept = [json.loads(body) for (body,) in db.execute("SELECT body FROM evidence")]
    texts = [cell["text"] for evidence in kept for cell in evidence["cells"]]
    return "\n".join(text for text in texts if sign in text)


NOTHING = dict.fromkeys(FUNCTIONS, "failed")
UNKNOWN = dict.fromkeys(FUNCTIONS, "error")

DESERVED: dict[str, dict[str, str]] = {
    "01 agrees with all": NOTHING,
    "02 hides its errors": NOTHING,
    "03 ends with a number": NOTHING,
    "04 patches": UNKNOWN,
    "05 walks frames": NOTHING,
    "06 replaces the asking code": NOTHING,
    "07 detects grading": NOTHING,
    "08 prints markers": NOTHING,
    "09 leaves at once": UNKNOWN,
    "10 leaves politely": FULL,
    "12 dies after a pass": UNKNOWN,
    "13 floods": NOTHING,
    "14 overwrites": NOTHING,
    "15 outlives": NOTHING,
    "16 pickles": NOTHING,
    "18 shadows": NOTHING,
    "22 brings results": NOTHING,
    "23 names cells as paths": FULL,
    "25 =1+1 <script>alert(1)<%2Fscript> {{7*7}}": NOTHING,
    "26 spies": NOTHING,
    "27 calls home": NOTHING,
    "28 tells the inputs": NOTHING,
    "29 deletes": NOTHING | {"tanh": "passed"},
    "31 looks at neighbours": NOTHING,
    "41 uses the library": NOTHING | {"tanh": "passed"},
    "42 answers lazily": NOTHING,
    "45 bytes": dict.fromkeys(FUNCTIONS, "review"),
    "45 depth": dict.fromkeys(FUNCTIONS, "review"),
    "45 surrogates": NOTHING,
    "45 wrong types": NOTHING,
    "46 waits for input": FULL,
    "48 fills": NOTHING,
    "49 is deaf": UNKNOWN,
    "50 says idle": NOTHING,
    "50 gibberish": UNKNOWN,
    "50 huge message": FULL,
    "50 answers twice": UNKNOWN,
    "50 answers without end": UNKNOWN,
    "51 knows the shown inputs": NOTHING,
    "52 ignores its input": NOTHING,
    "69 filters one socket": NOTHING,
    "70 takes one of what all share": NOTHING,
}
"""What each is worth. UNKNOWN and "review" wait for a person, and are no points."""


@pytest.mark.parametrize("name", DESERVED)
def test_an_attack_earns_what_it_deserves(batch: Done, name: str) -> None:
    assert batch.functions(name) == DESERVED[name], message(batch.of(name), "tanh")


@pytest.mark.parametrize("name", sorted(set(ATTACKS) - set(DESERVED)))
def test_an_attack_that_ends_in_one_of_two_ways_earns_nothing(batch: Done, name: str) -> None:
    """Limits of time and memory race here: which one ends it is not always the same."""
    assert set(batch.functions(name).values()) <= {"failed", "error"}
    assert batch.of(name)["points"] == "0.00"


@pytest.mark.parametrize("name", [*ATTACKS, *ACCIDENTS, *HONEST_NAMES])
def test_the_maximum_is_the_rubrics_whatever_a_notebook_leaves_out(batch: Done, name: str) -> None:
    assert batch.of(name)["max_points"] == "5.00"


def test_answers_in_words_go_to_a_person_beside_the_attack(batch: Done) -> None:
    assert marks(batch.of("58 split"))["words"] == "review"
    assert marks(batch.of("01 agrees with all"))["words"] in ("failed", "review")


def test_nothing_of_the_graders_can_be_found_by_walking(batch: Done) -> None:
    """Rows 5, 26, 30: no frame, object, file or environment holds anything of the grader's."""
    found = printed(batch, "FOUND")
    assert found.count("FOUND") == 1  # by walking files; by walking frames, there is none
    assert batch.place.token not in found
    assert not re.search(r"ipynb|sqlite|activation|GRADER|HOME", found)


def test_no_other_process_can_be_reached(batch: Done) -> None:
    """Row 31."""
    assert printed(batch, "PIDS") == "PIDS 2\nPTRACE -1\nSHARED []\n"


def test_nobody_calls_home(batch: Done) -> None:
    """Row 27: neither the host's loopback, nor the world, nor a socket by name."""
    assert batch.connections == []
    assert printed(batch, "REACHED") == "REACHED []\n"


def test_told_inputs_are_of_one_submission_alone(batch: Done) -> None:
    """Row 28 can't be stopped: an error may say what the function was given. It is worth nothing,
    since a changed submission is asked with other inputs."""
    told = [
        message(batch.of(name), "tanh") for name in ("28 tells the inputs", "28 tells them again")
    ]
    numbers = [set(re.findall(r"-?\d+\.\d{6,}", text)) for text in told]
    assert all(numbers)
    assert not numbers[0] & numbers[1]


def test_what_a_student_writes_is_text_in_every_report(batch: Done) -> None:
    """Row 25, through the whole pipeline: HTML, SVG, terminal codes, templates and formulas."""
    name = "25 =1+1 <script>alert(1)<%2Fscript> {{7*7}}"
    page = batch.page(name)
    for sign in (
        "<script",
        "<img src=x",
        "<svg onload",
        "<iframe",
        "javascript:",
        "\x1b",
        "\u202e",
    ):
        assert sign not in page
    assert "&lt;script&gt;alert" in page
    assert "{{7*7}}" in html.unescape(page)
    assert "&lt;iframe src=" in page  # of the answer in words
    course_page = (batch.place.out / "index.html").read_text()
    assert "<script" not in course_page
    table = (batch.place.out / "grades.csv").read_text()
    for row in csv.reader(io.StringIO(table), delimiter=";"):
        assert not any(field.startswith(("=", "+", "@", "\t")) for field in row)
    assert "\x1b" not in batch.said


def test_a_limit_is_a_sentence(batch: Done) -> None:
    """Rows 44, 47 to 49: whoever reads the report learns what happened."""
    assert "could not be interrupted" in batch.page("49 is deaf")
    assert printed(batch, "STOPPED") == "STOPPED True\n"
    assert printed(batch, "FILLED") == ""
