"""`grader review`: marking by hand in the browser, on this machine alone."""

from __future__ import annotations

import csv
import getpass
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.result_folder import assignment_option, results_argument
from grader.cli.say import say

if TYPE_CHECKING:
    from grader.review.desk import Desk, Marker
    from grader.review.server import Server

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@results_argument
@assignment_option
@click.option("--by", help="Who marks, and leads; default: your user name.")
@click.option(
    "--marker", "others", multiple=True, help="Another marker; several times for several."
)
@click.option("--names", is_flag=True, help="Show names from the start; default: pseudonyms.")
@click.option(
    "--second",
    multiple=True,
    metavar="PERCENT",
    help="Percent of the answers that a second person marks blind, of each level of points; for "
    "one item TASK/ITEM=PERCENT. Several times for several.",
)
@click.option(
    "--tolerance",
    default="0.5",
    help="Points by which two marks may differ before the lead settles; default: 0.5.",
)
@click.option(
    "--calibrate",
    default=0,
    type=click.IntRange(0, 20),
    help="Answers of each item that the lead has marked, and with which all others begin it.",
)
@click.option(
    "--repeats",
    default=0,
    type=click.IntRange(0, 1000),
    help="After so many answers one of the marker's own comes again, to see how steady marks are.",
)
@click.option(
    "--conflicts",
    type=FILE,
    help="CSV with the columns marker and student: who must not mark whom.",
)
@click.option(
    "--no-marker-statistics", is_flag=True, help="Tell nothing of single markers: pace, drift."
)
@click.option(
    "--write-steps",
    is_flag=True,
    help="Write the steps as markers changed them into the rubric's files, and end.",
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: a free one.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
def review(
    results: Path,
    assignment: str | None,
    by: str | None,
    others: tuple[str, ...],
    names: bool,
    second: tuple[str, ...],
    tolerance: str,
    calibrate: int,
    repeats: int,
    conflicts: Path | None,
    no_marker_statistics: bool,
    write_steps: bool,
    port: int,
    no_browser: bool,
) -> None:
    """Mark by hand in the browser: what waits, answer by answer, with keys.

    Prints an address for each marker, and serves it to this machine alone until Ctrl-C. Elsewhere:
    ssh -L PORT:127.0.0.1:PORT this-machine. Every mark is stored before it is
    answered; at the end the reports are written.
    """
    from grader.cli import result_folder
    from grader.core.errors import UsageError

    if write_steps:
        _write_steps(results, assignment)
        return
    for name, wanted in (("--second", second), ("--calibrate", calibrate)):
        if wanted and not others:
            raise UsageError(f"{name} needs a second person; name one by --marker")
    allowed, server = _allowed(tolerance), _server()
    from grader.review.desk import Desk

    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.unchanged(store, assignment)
        markers = _markers(by or getpass.getuser(), others)
        items = [f"{task.id}/{item.id}" for task in chosen.tasks for item in task.items]
        shares = _shares(second, items)
        say(f"reading {len(store.students())} submissions", err=True)
        desk = Desk(
            store,
            chosen,
            markers,
            blind=not names,
            second=shares,
            conflicts=_pairs(conflicts, {m.name for m in markers}, store.students()),
            statistics=not no_marker_statistics,
            tolerance=allowed,
            calibrate=calibrate,
            repeats=repeats,
        )
        for line in _sample_sizes(shares, len(items), len(store.students())):
            say(line, err=True)
        _serve(server, desk, results, port, show=not no_browser)


def _serve(server: type[Server], desk: Desk, results: Path, port: int, *, show: bool) -> None:
    """Until it is interrupted; then the reports are written."""
    from grader.cli import result_folder
    from grader.marking.grades import Results

    def write_reports() -> None:
        of = desk.assignment
        result_folder.write_reports(Results(desk.store, of), of, results)

    running = server(desk, write_reports, port)
    for marker, address in running.addresses:
        say(f"{marker}: {address}")
    say("Ctrl-C ends it. Every mark is kept at once.", err=True)
    if show and (os.environ.get("DISPLAY") or sys.platform == "darwin"):
        click.launch(running.addresses[0][1])
    running.run()
    write_reports()
    _tell(desk, results)


def _allowed(tolerance: str) -> Decimal:
    from grader.core import bounded
    from grader.core.errors import UsageError

    allowed = bounded.cents(tolerance)
    if allowed is None or allowed < 0:
        raise UsageError(f"--tolerance is {tolerance[:40]!r}; expected points such as 0.5")
    return allowed


def _shares(given: Sequence[str], items: Sequence[str]) -> dict[str, Decimal]:
    """By item the share that is marked twice: "20" is of all, "task/item=50" of one."""
    from grader.core.errors import UsageError

    found: dict[str, Decimal] = {}
    for text in sorted(given, key=lambda text: "=" in text):  # what is said of one comes last
        name, _, percent = text.rpartition("=")
        if not re.fullmatch(r"[0-9]{1,3}", percent) or int(percent) > 100:
            raise UsageError(
                f"--second is {text[:80]!r}; expected percent such as 20, or TASK/ITEM=20"
            )
        if name and name not in items:
            raise UsageError(f"--second: {name[:80]} is no item; there are {', '.join(items)}")
        found |= dict.fromkeys([name] if name else items, Decimal(percent) / 100)
    return found


def _sample_sizes(shares: Mapping[str, Decimal], items: int, students: int) -> Iterator[str]:
    """What so many pairs of marks can tell: half-widths of kappa as simulated for 42 of them."""
    from grader.review.agreement import FEWEST

    for share in sorted({share for share in shares.values() if share}):
        names = [name for name, of in shares.items() if of == share]
        several = "each item" if len(names) == items else f"each of {len(names)} items"
        whose = names[0] if len(names) == 1 else several
        pairs = float(share * students)
        even, full = (half * (42 / max(pairs, 1)) ** 0.5 for half in (0.03, 0.2))
        told = (
            f"kappa within {even:.2f} where marks are spread, {full:.2f} where most are full"
            if pairs >= FEWEST
            else f"below {FEWEST} only the differences say something"
        )
        yield f"about {pairs:.0f} answers of {whose} are marked twice: {told}"


def _write_steps(results: Path, assignment: str | None) -> None:
    from grader.assignment import rubric
    from grader.cli import output_files, result_folder
    from grader.review import rubric_steps

    with result_folder.opened(results, write=True) as store:
        found = result_folder.assignment_of(store, assignment)
        as_graded = found.digest == store.setting("digest")
        new = rubric_steps.written_back(store, found)
        files = {name: text.encode() for name, (text, _) in new.items()}
        output_files.write_all(found.rubric_dir, files, "the rubric is as it was")
        if new and as_graded:  # steps change no mark, so nothing is to be looked at again
            store.note(digest=rubric.find(str(found.rubric_dir)).digest)
    for name, (_, items) in new.items():
        say(f"wrote the steps of {', '.join(items)} into {found.rubric_dir / name}")
    if not new:
        say("the rubric's files hold these steps already")


def _server() -> type[Server]:
    from grader.core import extras

    needed = ("starlette", "uvicorn", "markdown_it", "nh3", "rapidfuzz", "scipy", "PIL")
    extras.require("`grader review`", *needed, extra="review")
    from grader.review.server import Server

    return Server


def _markers(by: str, others: tuple[str, ...]) -> list[Marker]:
    from grader.core.errors import UsageError
    from grader.review.desk import Marker

    if len({by, *others}) != 1 + len(others):
        raise UsageError("two markers have the same name; give each another")
    return [Marker(name=by, leads=True), *(Marker(name=name) for name in others)]


def _pairs(path: Path | None, markers: set[str], students: list[str]) -> list[tuple[str, str]]:
    from grader.core.errors import UsageError

    if path is None:
        return []
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as bad:
        raise UsageError(f"{path} cannot be read ({bad})") from None
    if not rows or [cell.strip() for cell in rows[0][:2]] != ["marker", "student"]:
        raise UsageError(f"{path}: the first row must be marker,student")
    found = []
    for number, row in enumerate(rows[1:], 2):
        pair = tuple(cell.strip() for cell in row[:2])
        if not any(pair):
            continue
        if len(pair) != 2 or pair[0] not in markers or pair[1] not in students:
            raise UsageError(
                f"{path}, row {number}: {', '.join(pair)}: expected a marker of this review and a "
                "student's id, as in students/ID.html"
            )
        found.append((pair[0], pair[1]))
    return found


def _tell(desk: Desk, results: Path) -> None:
    waiting = sum(card.waits for cards in desk.cards.values() for card in cards.values())
    told = "1 item still waits" if waiting == 1 else f"{waiting} items still wait"
    say(f"{told} for a person" if waiting else "nothing waits any more")
    say(f"Report: {(results / 'index.html').resolve()}")
