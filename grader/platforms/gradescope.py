"""Gradescope: an export of submissions with their metadata, and an autograder's results. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import yaml

from grader.core.errors import UsageError
from grader.intake.platform import Outgoing, Place, Platform, Result, Template

METADATA = "submission_metadata.yml"
FOLDER = re.compile(r"^(?P<key>submission_\d+)/(?P<path>.+)$")
MOST = 20 << 20
READING = (yaml.YAMLError, AttributeError, TypeError, KeyError, ValueError, RecursionError)
"""What other contents raise; a ValueError is a date that no calendar has."""


MOST_PEOPLE, MOST_NAME = 100, 1000
"""Of one submission, and signs of a name: a file that refers to itself is larger than its bytes."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, and without tables that are merged into others, each of which may be all before."""

    def flatten_mapping(self, node: Any) -> None:
        """Merges nothing: `<<` is no key that Gradescope writes."""


class Gradescope(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "gradescope"

    def places(self, name: str, files: Mapping[str, bytes]) -> Mapping[str, Place]:
        """Of "Export submissions": folders by number, and a file that says whose they are."""
        within = {path: match for path in files if (match := FOLDER.match(path))}
        if METADATA not in files or not within:
            return {}
        known = _metadata(files[METADATA])
        found: dict[str, Place] = {}
        for path, match in within.items():
            person = known.get(match["key"])
            if person is None:
                raise UsageError(f"{name}: {METADATA} does not say whose {match['key']} is")
            found[path] = Place(
                key=match["key"].removeprefix("submission_"),
                name=str(person["name"]),
                path=match["path"],
                submitted_at=person["at"],
            )
        return found

    def back(
        self, results: Sequence[Result], title: str, template: Template | None, language: str
    ) -> Outgoing:
        """An autograder's `results.json` for each submission."""
        files = {}
        for result in results:
            number = result.person.key if result.person.platform == self.name else result.student
            data = {
                "score": float(result.points),
                "output": "\n".join(result.sentences),
                "output_format": "text",
                "stdout_visibility": "hidden",
            }
            files[f"{number}/results.json"] = json.dumps(data, ensure_ascii=False).encode()
        return Outgoing(
            files=files,
            arriving=tuple(result.student for result in results),
            steps=("An autograder copies its submission's file to /autograder/results/.",),
        )


def _metadata(content: bytes) -> dict[str, dict[str, Any]]:
    """Name and time by folder. Gradescope writes Ruby's symbols, `:name:`, as keys."""
    if len(content) > MOST:
        raise UsageError(f"{METADATA} is larger than {MOST >> 20} MiB and was not read")
    try:
        data = yaml.load(content, _Loader)  # noqa: S506 (a safe one)
        return {str(folder): _person(entry) for folder, entry in data.items()}
    except READING as bad:
        told = " ".join(str(bad).split())[:120]
        raise UsageError(f"{METADATA} cannot be read ({told}); export it again") from None


def _person(entry: Mapping[str, Any]) -> dict[str, Any]:
    plain = {str(key).strip(":"): value for key, value in entry.items()}
    people = [
        {str(key).strip(":"): value for key, value in one.items()} for one in plain["submitters"]
    ]
    at = plain.get("created_at")
    if isinstance(at, datetime) and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    names = [one["name"] for one in people]
    if len(names) > MOST_PEOPLE or any(isinstance(one, (list, dict)) for one in names):
        raise ValueError("a name that is none")
    name = " and ".join(str(one)[:MOST_NAME] for one in names)
    return {"name": name, "at": at if isinstance(at, datetime) else None}
