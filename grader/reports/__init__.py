"""Report formats by name: each renders grades to files, as `{file name: bytes}`. Trusted, pure."""

from collections.abc import Callable, Sequence

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

Render = Callable[[Sequence[Grade], Assignment], dict[str, bytes]]

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
