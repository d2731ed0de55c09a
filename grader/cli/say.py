"""What a command says, line by line. Text of others has no power over the terminal in it."""

from __future__ import annotations

import click

from grader.core.untrusted_text import printable


def say(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Prints a text, or the bytes of a report as they are."""
    click.echo(text if isinstance(text, bytes) else printable(str(text), "\n"), err=err, nl=nl)
