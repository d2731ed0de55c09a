"""Report formats by name. Trusted, pure. A new one is a module and a line in `FORMATS`."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from grader.core.model import Assignment, Grade
from grader.reports import (
    badge,
    codequality,
    csv_report,
    github,
    html,
    json_report,
    junit,
    markdown,
    text,
)
from grader.reports.notebook_lines import Place
from grader.reports.summary import Chunks, Told, remarks

Stream = Callable[[Iterable[Grade], Assignment], Chunks]


@dataclass(frozen=True, slots=True)
class Format:
    """How grades become files."""

    render: Callable[..., dict[str, bytes]]  # (grades, assignment): files by name
    stream: Stream | None = None  # the same piece by piece, for courses of any size
    located: bool = False  # whether `render` also takes where each item stands

    def files(
        self, grades: Sequence[Grade], assignment: Assignment, places: Mapping[str, Place]
    ) -> dict[str, bytes]:
        """The files by name; `places` are where items stand, by "task/item"."""
        more = (places,) if self.located else ()
        return self.render(grades, assignment, *more)


FORMATS: dict[str, Format] = {
    "badge": Format(badge.render),
    "codequality": Format(codequality.render, located=True),
    "csv": Format(csv_report.render, csv_report.stream),
    "github": Format(github.render, located=True),
    "html": Format(html.render, html.stream),
    "json": Format(json_report.render, json_report.stream),
    "junit": Format(junit.render, located=True),
    "markdown": Format(markdown.render),
    "text": Format(text.render),
}


def together(streams: Sequence[Stream], grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """Several streams in turns: each grade is read once, and none is kept for long."""
    source, queues = iter(grades), [deque[Grade]() for _ in streams]

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

    told = remarks(grades)
    chunks = [
        stream(Told(grades=taken(own), remarks=told), assignment)
        for stream, own in zip(streams, queues, strict=True)
    ]
    return filter(None, chain.from_iterable(zip_longest(*chunks)))
