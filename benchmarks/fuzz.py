"""Throws mutated files at the readers of what students hand in: `python benchmarks/fuzz.py`.

Notebooks, answer files (TOML, JSON, CSV), quiz downloads (CSV, JSON, XLSX, ODS), zip archives,
answers of a kernel; and what another course gives away: result folders, rubrics, graphs, tables of
marks and of people, pictures. A reader may refuse, in its own word; anything else is a finding:
another exception, more than five seconds, a crash of the process, memory beyond the limit. Findings
are printed with their number, and the same seed and number give the same bytes again.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import json
import multiprocessing
import random
import re
import resource
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from grader.assignment import rubric as rubric_files
from grader.core import bounded, codec, notebook
from grader.core.errors import GraderError
from grader.core.model import Cell, Ending, Evidence, Limits, Mark, Notebook, Submission
from grader.intake import archives, platform_tables, roster, spreadsheet, tables
from grader.marking import mark_table
from grader.platforms import PLATFORMS
from grader.quiz import answers, picture
from grader.quiz import graph as graphs
from grader.store.store import Store
from tests.intake.test_tables import ods, xlsx
from tests.platforms.moodle.test_quiz_responses import ENGLISH, GERMAN

MEMORY_FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None

SECONDS, CHUNK = 5, 250
MEMORY = 1 << 30
"""Beyond what the process has when it begins."""

HOSTILE: list[Any] = [
    None,
    True,
    -1,
    0,
    1e308,
    float("nan"),
    float("inf"),
    10**400,
    2**63,
    "",
    [],
    {},
    [[]],
    "\0",
    "\ud800",
    "\u202e",
    "x" * 70_000,
    "=1+1",
    "../../x",
    {"$array": "eA=="},
    {"$float": "x"},
    {"a": {"b": {}}},
    [None] * 50,
    "1/0",
    "9" * 5000,
    "nan",
    "1e999",
]
TOKENS = [
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"[" * 2000,
    b'{"a":' * 1500,
    b"NaN",
    b"9" * 5000,
    b"1e999999999",
    b"0x" + b"f" * 9000,
    b"\\ud800",
    b'"',
    b"'''",
    b"\r",
    b";" * 300,
    b"a." * 3000,
    b"[[a]]\n",
    b"PK\x05\x06",
    b"<!ENTITY x 'y'>",
    b"&x;",
    b"-" * 2000,
    b"(" * 500,
    b"\x93NUMPY\x01\0",
    b"1_0",
    b"inf",
    b"2021-05-30T20:00:00",
    b'ref="A1:XFD1048576"',
    b'table:number-columns-repeated="2000000000"',
    b'r="ZZZZ99999999"',
]


@dataclass(frozen=True)
class Reader:
    """One trusted reader: files that it takes, how it is called, and how it may refuse."""

    seeds: Sequence[bytes]
    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]


# --- mutation ---------------------------------------------------------------------------------


def of_bytes(blob: bytes, rng: random.Random) -> bytes:
    """Bits flipped, pieces cut, doubled and swapped, hostile tokens put in, the end torn off."""
    data = bytearray(blob)
    for _ in range(rng.choice((1, 1, 2, 4, 12))):
        here = rng.randrange(len(data) + 1)
        there = min(len(data), here + rng.choice((1, 2, 8, 64, 1000)))
        match rng.randrange(6):
            case 0 if here < len(data):
                data[here] ^= 1 << rng.randrange(8)
            case 1:
                del data[here:there]
            case 2:
                data[here:here] = data[here:there] * rng.choice((1, 3, 50))
            case 3:
                data[here:there] = rng.choice(TOKENS)
            case 4:
                data[here:here] = rng.choice(TOKENS)
            case 5 if rng.random() < 0.2:
                del data[here:]
    return bytes(data)


def of_tree(value: Any, rng: random.Random) -> Any:
    """JSON with some values replaced by hostile ones, or by others from elsewhere in it."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        keys = node if isinstance(node, dict) else range(len(node))
        for key in keys:
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    if not isinstance(value, (dict, list)):
        return rng.choice(HOSTILE)
    walk(value)
    for node, key in rng.sample(places, min(len(places), rng.choice((1, 1, 2, 5)))):
        if key == "$array" and rng.random() < 0.7:
            blob = of_bytes(base64.b64decode(node[key])[:128], rng)
            node[key] = base64.b64encode(blob).decode()
            continue
        other, name = rng.choice(places)
        node[key] = rng.choice([*HOSTILE, json.loads(json.dumps(other[name]))])
    return value


def of_fields(blob: bytes, rng: random.Random) -> bytes:
    """Lines of names and values, as in CSV and TOML, with some of them replaced."""
    parts = re.split(rb"([=,;:\n])", blob)
    for _ in range(rng.choice((1, 1, 3))):
        parts[rng.randrange(0, len(parts), 2)] = rng.choice(TOKENS)
    return b"".join(parts)


def of_zip(blob: bytes, rng: random.Random) -> bytes:
    """A zip archive with one member mutated, so that its checksums are right again."""
    with zipfile.ZipFile(io.BytesIO(blob)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    chosen = rng.choice(list(members))
    members[chosen] = of_bytes(members[chosen], rng)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            new.writestr(name, content)
    return stream.getvalue()


def mutated(blob: bytes, rng: random.Random) -> bytes:
    """A file made from a good one."""
    if rng.random() < 0.5:
        if blob.startswith(b"PK"):
            return of_zip(blob, rng)
        try:
            tree = of_tree(json.loads(blob), rng)
            return json.dumps(tree).encode()
        except (ValueError, RecursionError):
            return of_fields(blob, rng)
    return of_bytes(blob, rng)


# --- readers ----------------------------------------------------------------------------------


def readers() -> dict[str, Reader]:
    """All of them, with their seeds."""
    notebooks = [path.read_bytes() for path in sorted(ROOT.glob("submissions/examples/*/*.ipynb"))]
    small = sorted((blob for blob in notebooks if len(blob) < 60_000), key=len)[:12]
    old = {"cell_type": "code", "input": "x = 1", "outputs": [{"text": ["1"]}]}
    small.append(json.dumps({"nbformat": 3, "worksheets": [{"cells": [old]}]}).encode())
    values = {"v1": 0.5, "v2": "1/3", "forward": {"v3": -2, "v4": "0,5"}, "adj_v1": 1e-3}
    toml = b'v1 = 0.5\nv2 = "1/3"\n[forward]\nv3 = -2\n"adj v" = [1, {a = 2}]\n'
    table = [["Nachname", "Vorname", "Bewertung/10,00", "Antwort 1"], ["Müller", "Jörg", "7", "1"]]
    records = json.dumps([[{"lastname": "M", "firstname": "J", "response1": "0.5"}]]).encode()
    array = base64.b64encode(wire_array(np.linspace(0, 1, 27))).decode()
    value = {"values": {"$array": array}, "x": [1, {"$float": "nan"}, None, "text"]}
    line = json.dumps({"nonce": "0", "status": "ok", "error": "", "value": value}).encode()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("Ada/ActivationFunctions.ipynb", small[0])
        made.writestr("Ada/x.py", "x = 1")
    found = {
        "notebook": Reader(small, lambda b: notebook.read(b, "n"), (notebook.NotebookProblem,)),
        "wire": Reader([line], codec.decode, (codec.WireError,)),
        "zip": Reader(
            [zipped.getvalue()], lambda b: dict(archives.read_inner(b, "z.zip", [])), (GraderError,)
        ),
    }
    texts = {"toml": [toml], "json": [json.dumps(values).encode()], "csv": [b"v1,0.5\nv2,1/3\n"]}
    for kind, seeds in texts.items():
        read = partial(answers.read, f"answers.{kind}")
        found[f"answers.{kind}"] = Reader(seeds, read, (GraderError,))
    downloads = {
        "csv": [ENGLISH.encode(), GERMAN.encode()],
        "json": [records],
        "xlsx": [xlsx(table)],
        "ods": [ods(table)],
    }
    for kind, seeds in downloads.items():
        read = partial(_attempts, f"quiz.{kind}")
        found[f"quiz.{kind}"] = Reader(seeds, read, (GraderError,))
    return found | given_away()


def given_away() -> dict[str, Reader]:
    """Readers of what another course gives away."""
    rubric = [path.read_bytes() for path in sorted((ROOT / "rubrics/dais2021-a4").glob("*.toml"))]
    graph = b'expression = "exp(x1 * x2) + tanh(x1) / 2"\ndigits = 4\n[point]\nx1 = 0.5\nx2 = -2\n'
    marks = b"student;item;points;reason\nada;t/i;1,5;well\nbob;t/i;1E+9;\n"
    marks = marks.replace(b"student;item;points;reason", ";".join(mark_table.HEADER).encode())
    people = [
        b"name,email,number,submitted,until,reason\nAda L,a@x,7,2021-05-30 10:00,2021-06-02,ill\n",
        b"Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"
        b"Participant 7,Ada L,a@x,Submitted for grading,-,100.00\n",
    ]
    image = picture.png(graphs.build("x * y + exp(x)", {"x": 1.0, "y": 2.0}))
    texts = [b"7,50", b"1E+12", b"-0.25", b"8.333333333333"]
    return {
        "store": Reader([store_file()], read_store, (GraderError,)),
        "rubric.toml": Reader(rubric, read_rubric, (GraderError,)),
        "graph.toml": Reader([graph], read_graph, (GraderError,)),
        "marks.csv": Reader([marks], partial(mark_table.read, "marks.csv"), (GraderError,)),
        "people.csv": Reader(people, read_people, (GraderError,)),
        "picture": Reader([image], lambda b: bounded.pictures([b]), ()),
        "points": Reader(texts, lambda b: bounded.cents(b.decode("utf-8", "replace")), ()),
    }


def store_file() -> bytes:
    """A small result folder's database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grader.sqlite"
        with Store(path) as store:
            cells = (Cell(id="a", kind="code", source="x = 1"),)
            work = Notebook(name="n", cells=cells)
            store.put_submissions(
                [
                    Submission(
                        student="ada",
                        name="Ada",
                        notebooks={"t": work},
                        missing={},
                        files={"x.py": b"x = 1"},
                    )
                ]
            )
            store.put_outcomes("ada", {}, {"t/i": "1.00"})
            store.put_run("ada", "t", "key", 7)
            store.put_evidence("key", Evidence(task="t", ending=Ending.COMPLETED, seed=7))
            mark = Mark(
                item="t/i",
                points=Decimal(1),
                reason="",
                by="me",
                at=datetime(2021, 5, 30, tzinfo=UTC),
            )
            store.hand_marks.add("ada", mark)
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA journal_mode = DELETE")
        return path.read_bytes()


def read_store(content: bytes) -> object:
    """All that reports take from a result folder."""
    with tempfile.TemporaryDirectory(dir=MEMORY_FOLDER) as folder:
        path = Path(folder) / "grader.sqlite"
        path.write_bytes(content)
        with Store(path) as store:
            for student in store.students()[:3]:
                for read in (store.submission, store.files, store.marks, store.outcomes):
                    with contextlib.suppress(KeyError):
                        read(student)
                store.hand_marks.all(student)
                store.run(student, "t")
            return store.get_evidence("key")


def read_people(content: bytes) -> object:
    """A roster or a platform's table of people."""
    name, known = "people.csv", roster.Roster()
    known.add(platform_tables.look(name, {name: content}, PLATFORMS).people or ())
    known.add(roster.read(name, tables.read(name, content)) or ())
    return known.owner("moodle", "7", "Ada L")


def read_rubric(content: bytes) -> object:
    """A task of a rubric."""
    with tempfile.TemporaryDirectory(dir=MEMORY_FOLDER) as folder:
        path = Path(folder) / "activation.toml"
        path.write_bytes(content)
        return rubric_files.task(path, Limits())


def read_graph(content: bytes) -> object:
    """The graph of a quiz."""
    with tempfile.TemporaryDirectory(dir=MEMORY_FOLDER) as folder:
        path = Path(folder) / "autodiff.toml"
        path.write_bytes(content)
        return graphs.read(path)


def _attempts(name: str, content: bytes) -> object:
    return platform_tables.attempts(name, content, PLATFORMS)


def shares(count: int) -> dict[str, int]:
    """How many files each reader gets: `count` notebooks, and as many answer files in all.

    A spreadsheet is read in a process of its own, which takes its time: a fortieth is enough.
    """
    text = ("answers.toml", "answers.json", "answers.csv", "quiz.csv", "quiz.json")
    given = dict.fromkeys(("notebook", "wire", "zip"), count)
    given |= dict.fromkeys(("quiz.xlsx", "quiz.ods"), count // 40)
    given |= dict.fromkeys(("store", "rubric.toml"), count // 2)
    given |= dict.fromkeys(("graph.toml", "marks.csv", "people.csv", "picture", "points"), count)
    return given | dict.fromkeys(text, -(-(count - 2 * (count // 40)) // len(text)))


def wire_array(array: np.ndarray[Any, Any]) -> bytes:
    """An array as the kernel would send it."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


# --- running ----------------------------------------------------------------------------------


def case(name: str, reader: Reader, seed: int, number: int) -> bytes:
    """The bytes of one case."""
    rng = random.Random(f"{seed}/{name}/{number}")
    return mutated(rng.choice(reader.seeds), rng)


def too_slow(*_: object) -> None:
    """The alarm's handler."""
    raise TimeoutError(f"more than {SECONDS} s")


def attempt(reader: Reader, blob: bytes) -> str:
    """An empty string if the reader took or refused it as it may, else what went wrong."""
    signal.alarm(SECONDS)
    try:
        reader.read(blob)
    except reader.refusals:
        return ""
    except BaseException as bad:  # also a panic of a library in another language
        place = traceback.extract_tb(bad.__traceback__)[-1]
        return f"{type(bad).__name__}: {str(bad)[:80]} ({Path(place.filename).name}:{place.lineno})"
    finally:
        signal.alarm(0)
    return ""


def chunk(name: str, seed: int, numbers: range, told: Any) -> None:
    """Some cases, in a process of their own with a limit on memory."""
    reader = readers()[name]
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, too_slow)
    spreadsheet.SECONDS = SECONDS // 2
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    for number in numbers:
        if wrong := attempt(reader, case(name, reader, seed, number)):
            told.put((number, wrong))
    told.close()
    told.join_thread()


def fuzz(name: str, seed: int, count: int) -> list[tuple[int, str]]:
    """Findings of one reader: numbers of cases and what went wrong."""
    context = multiprocessing.get_context("fork")
    findings: list[tuple[int, str]] = []
    for start in range(0, count, CHUNK):
        numbers = range(start, min(count, start + CHUNK))
        told = context.Queue()
        process = context.Process(target=chunk, args=(name, seed, numbers, told))
        process.start()
        process.join(SECONDS * len(numbers))
        if process.exitcode != 0:
            findings.append((start, f"the process ended with {process.exitcode} (this or a later)"))
            process.kill()
        while not told.empty():
            findings.append(told.get())
    return findings


def main() -> None:
    """Prints a line for each reader and each finding; exit code 1 if there is any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="notebooks, and answer files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", choices=sorted(readers()), help="only this one")
    chosen = parser.parse_args()
    found = 0
    for name, count in shares(chosen.count).items():
        if chosen.reader not in (None, name):
            continue
        began = time.monotonic()
        findings = fuzz(name, chosen.seed, count)
        found += len(findings)
        print(f"{name}: {count} files, {len(findings)} findings, {time.monotonic() - began:.0f} s")
        for number, wrong in findings[:20]:
            print(f"  --seed {chosen.seed} case {number}: {wrong}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
