"""Learning platforms: what their downloads hold, and what they take back.

A platform is a module, and a line here.
"""

from __future__ import annotations

from grader.intake.platform import Platform
from grader.platforms.canvas import Canvas
from grader.platforms.gradescope import Gradescope
from grader.platforms.ilias import Ilias
from grader.platforms.moodle import Moodle
from grader.platforms.moodle_gradebook import MoodleGradebook
from grader.platforms.nbgrader import Nbgrader
from grader.platforms.plain_table import PlainTable

PLATFORMS: tuple[Platform, ...] = (
    Moodle(),
    MoodleGradebook(),
    Canvas(),
    Ilias(),
    Gradescope(),
    Nbgrader(),
    PlainTable(),
)


def receives(platform: Platform) -> bool:
    """Whether a platform takes marks back."""
    return type(platform).back is not Platform.back
