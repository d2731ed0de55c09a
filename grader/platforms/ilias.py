"""ILIAS: the folders of an exercise's download, and its multi-feedback zip. Pure."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence

from grader.intake.identity import slug
from grader.intake.platform import Outgoing, Place, Platform, Result, Template

PERSON = re.compile(
    r"^(?P<last>[^_/]+)_(?P<first>[^_/]+)_(?P<login>[^/]+)_(?P<key>\d+)/(?P<path>.+)$"
)
TEAM = re.compile(r"^(?P<name>Team)_(?P<key>\d+)/(?P<path>.+)$")
EPOCH = (1980, 1, 1, 0, 0, 0)


class Ilias(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "ilias"

    def places(self, name: str, files: Mapping[str, bytes]) -> Mapping[str, Place]:
        """Of a download: a folder for each person, `last_first_login_number`, or team."""
        within = [path for path in files if "/" in path]
        found: dict[str, Place] = {}
        for path in within:
            if match := TEAM.match(path):
                shown = f"Team {match['key']}"
                found[path] = Place(key=match["key"], name=shown, path=match["path"])
            elif match := PERSON.match(path):
                shown = f"{match['first']} {match['last']}"
                found[path] = Place(key=match["key"], name=shown, path=match["path"])
        return found if found and len(found) == len(within) else {}

    def back(
        self, results: Sequence[Result], title: str, template: Template | None, language: str
    ) -> Outgoing:
        """A zip for "multi-feedback": the number at the end of a folder's name counts."""
        out, left = io.BytesIO(), dict[str, str]()
        top = f"multi_feedback_{slug(title).replace('-', '_')}"
        arriving = []
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for result in sorted(results, key=lambda one: one.student):
                if result.person.platform != self.name or result.person.members:
                    left[result.student] = "ILIAS takes feedback for people with its number alone"
                    continue
                folder = f"{slug(result.name).replace('-', '_')}_{result.person.key}"
                entry = zipfile.ZipInfo(f"{top}/{folder}/feedback.html", EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, result.page)
                arriving.append(result.student)
        return Outgoing(
            files={f"{top}.zip": out.getvalue()},
            arriving=tuple(arriving),
            passed_over=left,
            steps=(f"Exercise > Submissions and grades > Multi-feedback: upload {top}.zip.",),
        )
