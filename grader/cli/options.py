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


engine_option = click.option(
    "--engine",
    default="local",
    show_default=True,
    help="Where notebooks run: local, or dask://HOST:PORT of a cluster.",
)


class FormatName(click.ParamType):  # type: ignore[type-arg]
    """A report format's name. What renders is loaded with the list of names: not before."""

    name = "format"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """All names, for the help."""
        from grader.reports import FORMATS

        return f"[{'|'.join(FORMATS)}]"

    def convert(self, value: str, param: object, ctx: object) -> str:
        """The name as it is.

        Raises:
            UsageError: there is no such format.
        """
        from grader.core.errors import UsageError
        from grader.reports import FORMATS

        if value not in FORMATS:
            raise UsageError(f"--format {value} does not exist; known are {', '.join(FORMATS)}")
        return value


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
