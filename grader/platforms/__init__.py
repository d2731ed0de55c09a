"""Learning platforms: what their downloads hold. A platform is a module, and a line here."""

from __future__ import annotations

from grader.intake.platform import Platform
from grader.platforms.moodle import Moodle

PLATFORMS: tuple[Platform, ...] = (Moodle(),)
