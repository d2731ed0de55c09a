"""Moodle's "multiple feedback files in a zip": a page for each person. Pure.

The number in a folder's name counts, what stands before it may have no underscore, and what has no
number or another form is passed over in silence.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from grader.intake.identity import DROPPED
from grader.intake.platform import Result
from grader.platforms.moodle.worksheet import PLATFORM

EPOCH = (1980, 1, 1, 0, 0, 0)
PAGE = "feedback.html"


def make(results: Sequence[Result], keys: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """The zip, the same for the same pages, and whose page it can't hold.

    `keys` are the numbers that a worksheet knows of those whose own is not known.
    """
    left: dict[str, str] = {}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for result in sorted(results, key=lambda one: one.student):
            person = result.person
            known = person.key if person.platform == PLATFORM else ""
            key = known or ("" if person.members else keys.get(result.student, ""))
            if not key:
                who = "a team without a number" if person.members else "nobody with a number"
                left[result.student] = f"no feedback file: Moodle takes none for {who}"
                continue
            name = DROPPED.sub("", result.name).replace("_", " ").strip() or "x"
            entry = zipfile.ZipInfo(f"{name}_{key}_assignsubmission_file_/{PAGE}", EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, result.page)
    return out.getvalue(), left
