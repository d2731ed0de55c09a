"""nbgrader: the tree of what was collected, `submitted/STUDENT/ASSIGNMENT/`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from grader.core import bounded
from grader.core.errors import UsageError
from grader.intake.platform import Place, Platform

TREE = re.compile(r"^submitted/(?P<key>[^/]+)/(?P<assignment>[^/]+)/(?P<path>.+)$")
STAMP = "timestamp.txt"


class Nbgrader(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "nbgrader"

    def places(self, name: str, files: Mapping[str, bytes]) -> Mapping[str, Place]:
        """Of a course's folder, or of its folder `submitted`."""
        ahead = "submitted/" if name == "submitted" else ""
        found = {path: m for path in files if (m := TREE.match(ahead + path))}
        if not found:
            return {}
        assignments = sorted({match["assignment"] for match in found.values()})
        if len(assignments) > 1:
            raise UsageError(
                f"{name} holds several assignments ({', '.join(assignments)}); copy the one that "
                "is to be graded into a folder submitted/STUDENT/ASSIGNMENT"
            )
        stamps = {
            match["key"]: _time(files[path])
            for path, match in found.items()
            if match["path"] == STAMP
        }
        return {
            path: Place(
                key=match["key"],
                name=match["key"],
                path=match["path"],
                submitted_at=stamps.get(match["key"]),
            )
            for path, match in found.items()
        }


def _time(content: bytes) -> datetime | None:
    """As in `2021-07-08 12:03:00.000000 UTC`."""
    text = content.decode("utf-8", "replace").strip().removesuffix("UTC").strip()
    try:
        time = bounded.time(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
