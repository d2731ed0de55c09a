"""What a run of a notebook is given, and what it tells meanwhile. No machinery.

Apart from `observe`, so that who only judges or asks in a kernel loads nothing that starts one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.core.limits import Limits

if TYPE_CHECKING:
    from grader.core.model import Answer

DATA = "/data/fashion-mnist"
"""Where a notebook finds the data set."""

Progress = Callable[[str, int, int, str], None]
"""Called with "cell" or "question", its number from 0, how many there are, and the line that it
printed last, which is the student's text."""

Answered = Callable[[str, "Answer"], None]
"""Called with a question's digest and its answer as soon as it is there, if it is small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run may see beside its notebook, and what it must not."""

    prepare: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, bytes] = field(default_factory=dict)
    mounts: Mapping[str, Path] = field(default_factory=dict)
    hide: tuple[Path, ...] = ()
    rung: str = ""  # of levels.NAMES; else the best one that is safe
