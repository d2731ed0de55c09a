"""What commands on a result folder share: opening it, and rendering its reports again."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output_files

if TYPE_CHECKING:
    from grader.core.model import Assignment
    from grader.marking.grades import Results
    from grader.store.store import Store

FILES = ("html", "csv", "json")
"""The formats that every command which changes marks writes."""

assignment_option = click.option(
    "--assignment", help="Name or rubric folder; default: that of the last `grader grade`."
)
results_argument = click.argument("results", type=click.Path(path_type=Path))


@contextmanager
def opened(results: Path, *, write: bool = False) -> Iterator[Store]:
    """A result folder's store; with `write` no other grader may work on it.

    Raises:
        UsageError: there is none, or it was made by a grader that kept no submissions.
    """
    from grader.core.errors import UsageError
    from grader.store.store import Store

    path = results / "grader.sqlite"
    if not path.is_file():
        raise UsageError(f"{results} holds no grader.sqlite; name the --out folder of a batch")
    with Store(path) as store:
        if write:
            store.claim()
        if store.setting("assignment") is None:
            raise UsageError(
                f"{results} was made by an older grader, which kept less; run the same "
                "`grader grade` again"
            )
        yield store


def assignment_of(store: Store, wanted: str | None) -> Assignment:
    """The assignment that a batch was graded by.

    Raises:
        UsageError: it is nowhere, or it is another one.
    """
    from grader.assignment import rubric
    from grader.core.errors import UsageError

    known = store.setting("assignment") or ""
    found = rubric.find(wanted or _noted(store) or known, meant=bool(wanted))
    if found.name != known:
        raise UsageError(f"{store.path.parent} holds grades of {known}, not of {found.name}")
    return found


def assignment_to_grade(results: Path, wanted: str | None) -> Assignment:
    """The assignment that is named, or that a folder holds grades of, or the only one.

    Raises:
        UsageError: it is nowhere, or not right.
    """
    from grader.assignment import rubric
    from grader.store.store import Store

    path = results / "grader.sqlite"
    if wanted or not path.is_file():
        return rubric.find(wanted)
    with Store(path) as store:
        return rubric.find(_noted(store), meant=False)


def _noted(store: Store) -> str | None:
    """The rubric's folder, or, where it was moved, the assignment's name.

    The folder of results may be somebody else's, and this with it: see `meant` of `rubric.find`.
    """
    folder = store.setting("rubric") or ""
    there = False
    with contextlib.suppress(OSError, ValueError):  # no path of any machine's
        there = (Path(folder) / "assignment.toml").is_file()
    return folder if there else store.setting("assignment")


def unchanged(store: Store, wanted: str | None) -> Assignment:
    """The assignment, if it is as it was when the batch was graded.

    Raises:
        UsageError: its rubric or reference was changed, so that marks may change.
    """
    found = assignment_of(store, wanted)
    must_be_unchanged(store, found)
    return found


def must_be_unchanged(store: Store, assignment: Assignment) -> None:
    """See `unchanged`; of a batch that is here.

    Raises:
        UsageError: as there.
    """
    from grader.core.errors import UsageError

    if assignment.digest != store.setting("digest"):
        raise UsageError(
            f"the rubric or reference of {assignment.name} was changed since {store.path.parent} "
            f"was graded; `grader regrade {store.path.parent}` shows which marks that changes"
        )


def write_reports(
    results: Results, assignment: Assignment, out: Path, formats: Sequence[str] = FILES
) -> list[Path]:
    """Renders to files below `out`; the files written, in order.

    What lies there is replaced only when all is rendered.
    """
    from grader import reports

    chosen = {name: reports.FORMATS[name] for name in formats}
    streams = [format.stream for format in chosen.values() if format.stream]
    grades = results if "html" in chosen else results.bare()
    others = (
        format.files(list(results.bare()), assignment, {}).items()
        for format in chosen.values()
        if not format.stream
    )
    together = reports.together(streams, grades, assignment)
    chunks = chain(together, chain.from_iterable(others))
    written = output_files.stream(out, chunks, "make room there, then `grader report` writes them")
    if "html" in formats:
        _remove_left(out, written)
    return written


def _remove_left(out: Path, written: Collection[Path]) -> None:
    """Pages of students who are no longer of the batch; none where a link leads to."""
    pages = out / "students"
    for page in [] if pages.is_symlink() else pages.glob("*.html"):
        if page not in written:
            output_files.remove(page, "remove it by hand")
