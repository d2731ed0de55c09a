"""What the trusted process asks of one driver process, and what that says: lines of JSON."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from grader.core.limits import Limits

MODULE = re.compile(r"(?<!\w)([A-Za-z_]\w*+)(?=\.py\b|/__init__\.py\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelJob:
    """One run of one notebook: code cells in order, then questions already encoded as JSON text."""

    cells: tuple[tuple[int, str, str], ...]  # index, id, source
    questions: tuple[tuple[str, str, int], ...]  # digest, encoded {"probe", "params"}, seconds
    prepare: tuple[str, ...]
    seed: int
    limits: Limits
    files: Mapping[str, bytes] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)  # path inside: folder outside
    hide: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    """By digest, of questions that have a counterpart outside: the question with all parameters."""

    rung: str
    plain: bool = False  # no cell needs what Jupyter has beside Python

    def modules(self) -> set[str]:
        """Names of modules that are the student's, or will be when a cell has written them."""
        texts = [*self.files, *(source for _, _, source in self.cells)]
        names = {name for text in texts for name in MODULE.findall(text)}
        return names | {name.split("/")[0] for name in self.files if name.endswith(".py")}

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data, files as base64."""
        names = ("cells", "questions", "prepare", "seed", "rung", "plain")
        data = {name: getattr(self, name) for name in names}
        return data | {
            "limits": asdict(self.limits),
            "files": {name: base64.b64encode(body).decode() for name, body in self.files.items()},
            "mounts": dict(self.mounts),
            "held": dict(self.held),
            "hide": self.hide,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> KernelJob:
        """The inverse of `to_json`."""
        return cls(
            cells=tuple((c[0], c[1], c[2]) for c in data["cells"]),
            questions=tuple((q[0], q[1], q[2]) for q in data["questions"]),
            prepare=tuple(data["prepare"]),
            seed=data["seed"],
            limits=Limits(**data["limits"]),
            files={name: base64.b64decode(body) for name, body in data["files"].items()},
            mounts=data["mounts"],
            held=data["held"],
            hide=tuple(data["hide"]),
            rung=data["rung"],
            plain=data["plain"],
        )


def say(**event: Any) -> None:
    """One line to the trusted side, from the driver process."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()
