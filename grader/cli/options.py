"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

ACCEPTED = ("landlock", "unconfined")
assignment_option = click.option(
    "--assignment", help="Name or rubric folder; default: the only one that is here."
)
"""For commands that read a rubric: `grader.assignment.rubric.find` takes what is given, or None."""

REQUIRED = ("bubblewrap+cgroup", "bubblewrap", "landlock")


def sandbox_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which sandbox is good enough: `accept_rung` and `require_rung`, each a name or empty."""
    accept = click.option(
        "--accept-rung",
        type=click.Choice(ACCEPTED),
        default=None,
        help="Accept this weaker sandbox, and its risk, where there is no better one.",
    )
    require = click.option(
        "--require-rung",
        type=click.Choice(REQUIRED),
        default=None,
        help="Refuse to run in a sandbox weaker than this one.",
    )
    return accept(require(command))
