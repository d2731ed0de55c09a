"""Report formats by name: each renders grades to files, as `{file name: bytes}`. Trusted, pure."""

from collections.abc import Callable, Sequence

from grader.model import Assignment, Grade
from grader.reports import csv_report, html, json_report

Render = Callable[[Sequence[Grade], Assignment], dict[str, bytes]]

FORMATS: dict[str, Render] = {
    "csv": csv_report.render,
    "html": html.render,
    "json": json_report.render,
}
