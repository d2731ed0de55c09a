"""Report formats by name. Trusted, pure. A new one is a module and a line in `FORMATS`."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, zip_longest
from types import ModuleType

from grader.core.model import Assignment, Grade
from grader.reports.notebook_lines import Place
from grader.reports.summary import Chunks, Told, remarks

Stream = Callable[[Iterable[Grade], Assignment], Chunks]


@dataclass(frozen=True, slots=True)
class Format:
    """How grades become files: by a module of this folder, loaded when it is wanted.

    Its `render(grades, assignment)` returns files by name. Its `stream`, if it has one, yields the
    same piece by piece, for courses of any size.
    """

    module: str
    located: bool = False  # whether `render` also takes where each item stands

    @property
    def stream(self) -> Stream | None:
        """The same piece by piece, where there is such a way."""
        found: Stream | None = getattr(self._loaded(), "stream", None)
        return found

    def files(
        self, grades: Sequence[Grade], assignment: Assignment, places: Mapping[str, Place]
    ) -> dict[str, bytes]:
        """The files by name; `places` are where items stand, by "task/item"."""
        more = (places,) if self.located else ()
        found: dict[str, bytes] = self._loaded().render(grades, assignment, *more)
        return found

    def _loaded(self) -> ModuleType:
        return import_module(f"{__name__}.{self.module}")


FORMATS: dict[str, Format] = {
    "badge": Format("badge"),
    "codequality": Format("codequality", located=True),
    "csv": Format("csv_report"),
    "github": Format("github", located=True),
    "html": Format("html"),
    "json": Format("json_report"),
    "junit": Format("junit", located=True),
    "markdown": Format("markdown"),
    "text": Format("text"),
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
