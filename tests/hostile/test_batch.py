"""All attacks and accidents in one batch of the real command, with honest work between them."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import pytest

from tests.hostile import course
from tests.hostile.accidents import ACCIDENTS
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
        names = {"canary": str(place.canary), "out": str(place.out), "token": place.token,
                 "reference": str(place.reference), "rubric": str(place.rubric), "port": port,
                 "secret_prefix": "secret"}  # fmt: skip
        others: list[tuple[str, Any]] = [(name, HONEST) for name in HONEST_NAMES]
        others += ACCIDENTS.items()
        spread = [others[n // 3] if n % 3 == 0 and n // 3 < len(others) else None
                  for n in range(max(len(ATTACKS), 3 * len(others)))]  # fmt: skip
        for number, (attack, other) in enumerate(zip_longest(ATTACKS, spread)):
            if attack:
                files = {file: body.replace(b"{canary}", str(place.canary).encode())
                         for file, body in FILES.get(attack, {}).items()}  # fmt: skip
                place.submit(f"{number:02} {attack}", filled(ATTACKS[attack], names), **files)
            if other:
                place.submit(f"{number:02} {other[0]}", other[1])
        done = place.grade()
    results = {}
    for name, entry in (place.results() if done.returncode < 2 else {}).items():
        results[re.sub(r"^\d\d ", "", name)] = entry
    yield Done(place, done.returncode, done.stdout + done.stderr, results, place.left_behind(),
               connections)  # fmt: skip
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
        "canary.txt", "out", "reference", "rubrics", "tmp", "work"]  # fmt: skip
    for path in place.out.rglob("*"):
        assert path.is_dir() or place.secret.encode() not in path.read_bytes(), path


def test_nothing_is_left_behind(batch: Done) -> None:
    assert batch.left == []


def test_debug(batch: Done) -> None:
    for name, entry in batch.results.items():
        print(f"{name:35.35}", batch.functions(name), message(entry, "tanh")[:110])
    print(batch.connections)
