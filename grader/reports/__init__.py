"""Report formats by name. Trusted, pure.

Each renders grades to files, as `{file name: bytes}`. Those in `STREAMS` can also do so piece by
piece, for courses of any size.
"""

from collections.abc import Callable, Iterable, Sequence

from grader.model import Assignment, Grade
from grader.reports import csv_report, html, json_report
from grader.reports.summary import Chunks

Render = Callable[[Sequence[Grade], Assignment], dict[str, bytes]]
Stream = Callable[[Iterable[Grade], Assignment], Chunks]

FORMATS: dict[str, Render] = {
    "csv": csv_report.render,
    "html": html.render,
    "json": json_report.render,
}

STREAMS: dict[str, Stream] = {
    "csv": csv_report.stream,
    "html": html.stream,
    "json": json_report.stream,
}


def stream(name: str, grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """A report of this format, file by file, in pieces."""
    if name in STREAMS:
        return STREAMS[name](grades, assignment)
    return iter(FORMATS[name](list(grades), assignment).items())
