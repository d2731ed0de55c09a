"""Moodle's "Download all submissions": names of folders and files that say whose they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.intake.platform import Place

FOLDER = re.compile(
    r"^(?P<name>[^/]+?)(?:_(?P<key>\d+))?_assignsubmission_(?:file|onlinetext)_?/(?P<path>.+)$"
)
FLAT = re.compile(
    r"^(?P<name>[^/]+?)(?:_(?P<key>\d+))?_assignsubmission_(?:file|onlinetext)_(?P<path>[^/]+)$"
)
"""The download without folders: all students' files side by side. The default group has no key."""


def places(paths: Iterable[str]) -> dict[str, Place]:
    """Whose these files are, by path; files that the names say nothing of are left out."""
    found = {}
    for path in paths:
        if match := FOLDER.match(path) or FLAT.match(path):
            found[path] = Place(key=match["key"] or "", name=match["name"], path=match["path"])
    return found
