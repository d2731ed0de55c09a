"""Report formats by name. Trusted, pure.

Each renders grades to files, as `{file name: bytes}`. Those in `STREAMS` can also do so piece by
piece, for courses of any size.
"""

from collections.abc import Callable, Iterable, Sequence

from grader.model import Assignment, Grade
from grader.reports import (
    codequality,
    csv_report,
    github,
    html,
    json_report,
    junit,
    markdown,
    text,
)
from grader.reports.summary import Chunks

Render = Callable[[Sequence[Grade], Assignment], dict[str, bytes]]
Stream = Callable[[Iterable[Grade], Assignment], Chunks]

FORMATS: dict[str, Render] = {
    "codequality": codequality.render,
    "csv": csv_report.render,
    "github": github.render,
    "html": html.render,
    "json": json_report.render,
    "junit": junit.render,
    "markdown": markdown.render,
    "text": text.render,
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
