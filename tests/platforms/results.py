"""What a person is to get back, and what a platform makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from grader.core.model import Person
from grader.intake.platform import Outgoing, Platform, Result, Template


def result(name: str, platform: str, key: str, points: str = "73.505") -> Result:
    """Of somebody whom a platform numbers `key`."""
    return Result(
        student=name.lower().replace(" ", "-"),
        name=name,
        person=Person(platform=platform, key=key, email=f"{key}@x.org", number=f"00{key}"),
        points=Decimal(points),
        highest=Decimal(100),
        sentences=("73.51 of 100.00 points.",),
        page=b"<html>",
    )


def back(
    platform: Platform,
    results: Sequence[Result],
    template: Template | None = None,
    language: str = "en",
) -> Outgoing:
    """The files for an assignment called `Blatt 4`."""
    made = platform.back(results, "Blatt 4", template, language)
    assert made is not None
    return made
