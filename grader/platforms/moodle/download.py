"""Moodle's "Download all submissions": names of folders and files that say whose they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.intake.platform import Place

FOLDER = re.compile(r"^(?P<name>.+?)_(?P<key>\d+)_assignsubmission_(?:file|onlinetext)_?.*$")
FLAT = re.compile(r"^([^_/]+_\d+_assignsubmission_[a-z]+)_([^/]+)$")
"""The download without folders: all students' files side by side."""


def places(paths: Iterable[str]) -> dict[str, Place]:
    """Whose these files are, by path; files that the names say nothing of are left out."""
    found = {}
    for path in paths:
        folder, _, inner = FLAT.sub(r"\1/\2", path).partition("/")
        if inner and (match := FOLDER.match(folder)):
            found[path] = Place(key=match["key"], name=match["name"], path=inner)
    return found
