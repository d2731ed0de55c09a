"""Report formats by name. Trusted, pure.

Each renders grades to files, as `{file name: bytes}`. Those in `STREAMS` can also do so piece by
piece, for courses of any size.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, zip_longest

from grader.core.model import Assignment, Grade
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


def together(names: Sequence[str], grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """Several of `STREAMS` in turns: each grade is read once, and none is kept for long."""
    source, queues = iter(grades), [deque[Grade]() for _ in names]

    def taken(own: deque[Grade]) -> Iterator[Grade]:
        """Like `itertools.tee`, which keeps what was read by all until it has read 57 more."""
        while True:
            if not own:
                grade = next(source, None)
                if grade is None:
                    return
                for queue in queues:
                    queue.append(grade)
            yield own.popleft()

    streams = [
        STREAMS[name](taken(own), assignment) for name, own in zip(names, queues, strict=True)
    ]
    return filter(None, chain.from_iterable(zip_longest(*streams)))
