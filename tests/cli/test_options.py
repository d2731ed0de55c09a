"""Options that several commands share."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from grader.cli import options
from grader.core.errors import UsageError
from grader.platforms import PLATFORMS, receives
from grader.reports import FORMATS


@click.command()
@click.option("--kind", type=options.Registered(lambda: ["one", "two"]))
@options.sandbox_options
def command(kind: str | None, accept_rung: str | None, require_rung: str | None) -> None:
    """Says what it was given."""
    click.echo(f"{kind} {accept_rung} {require_rung}")


def test_a_registered_name_is_taken_as_it_is() -> None:
    assert CliRunner().invoke(command, ["--kind", "two"]).output == "two None None\n"


def test_another_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError) as refusal:
        CliRunner().invoke(command, ["--kind", "three"], catch_exceptions=False)
    assert str(refusal.value) == "--kind three does not exist; known are one, two"


def test_the_help_names_what_is_registered() -> None:
    assert "--kind [one|two]" in CliRunner().invoke(command, ["--help"]).output


def test_what_is_registered_is_asked_for_when_it_is_needed() -> None:
    def never() -> list[str]:
        raise AssertionError

    assert options.Registered(never).name == "name"


def test_formats_and_platforms_are_those_that_are_registered() -> None:
    for name in FORMATS:
        assert options.FORMAT.convert(name, None, None) == name
    for platform in PLATFORMS:
        if receives(platform):
            assert options.RECEIVING_PLATFORM.convert(platform.name, None, None) == platform.name
    with pytest.raises(UsageError, match="nbgrader does not exist"):
        options.RECEIVING_PLATFORM.convert("nbgrader", None, None)  # marks do not go back there


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--accept-rung", "landlock"], "None landlock None\n"),
        (["--require-rung", "bubblewrap"], "None None bubblewrap\n"),
    ],
)
def test_a_rung_is_accepted_or_required(words: list[str], said: str) -> None:
    assert CliRunner().invoke(command, words).output == said


@pytest.mark.parametrize(
    "words", [["--accept-rung", "bubblewrap"], ["--require-rung", "unconfined"]]
)
def test_no_rung_is_accepted_that_is_safe_or_required_that_is_none(words: list[str]) -> None:
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 2
    assert "is not one of" in done.output
