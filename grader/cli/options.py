"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


class Registered(click.ParamType):  # type: ignore[type-arg]
    """One of the names that are registered, which are asked for when they are needed.

    Not before: what is registered loads more than `grader --help` may.
    """

    name = "name"

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """All names, for the help."""
        return f"[{'|'.join(self._names())}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: object) -> str:
        """The name as it is.

        Raises:
            UsageError: there is no such name.
        """
        from grader.core.errors import UsageError

        known = list(self._names())
        if value not in known:
            option = param.opts[0] if param else ""
            raise UsageError(f"{option} {value} does not exist; known are {', '.join(known)}")
        return value


def _formats() -> Iterable[str]:
    from grader.reports import FORMATS

    return FORMATS


def _receiving() -> Iterable[str]:
    from grader.platforms import PLATFORMS, receives

    return (platform.name for platform in PLATFORMS if receives(platform))


FORMAT = Registered(_formats)
"""A report format."""

RECEIVING_PLATFORM = Registered(_receiving)
"""A learning platform that takes marks back."""


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
