"""The grader's own failures have an exit code each, and one boundary catches all of them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader.cli.main import Boundary
from grader.core.errors import GraderError, Mistakes, SandboxError, UsageError


@pytest.mark.parametrize(("error", "code"), [(GraderError, 3), (SandboxError, 3), (UsageError, 2)])
def test_each_becomes_one_sentence_and_its_exit_code(error: type[GraderError], code: int) -> None:
    group = Boundary("grader")

    @group.command()
    def fails() -> None:
        raise error("the file x.toml\nis\x1b[31m damaged; mend it")

    done = CliRunner().invoke(group, ["fails"])
    assert done.exit_code == code
    assert done.stderr.startswith("grader: the file x.toml is")
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr


def test_several_mistakes_are_a_line_each_and_few_enough_to_read() -> None:
    group = Boundary("grader")

    @group.command()
    def fails() -> None:
        raise Mistakes([f"row {number}:\nwrong" for number in range(60)])

    done = CliRunner().invoke(group, ["fails"])
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert lines[:2] == ["grader: row 0: wrong", "grader: row 1: wrong"]
    assert (len(lines), lines[-1]) == (51, "grader: and 10 more")


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    """As behind `| head`."""
    group = Boundary("grader")

    @group.command()
    def prints() -> None:
        raise BrokenPipeError(32, "Broken pipe")

    done = CliRunner().invoke(group, ["prints"])
    assert (done.exit_code, done.output) == (141, "")


@pytest.mark.parametrize("charset", ["ascii", "cp1252", "utf-8"])
def test_a_console_of_few_letters_takes_every_name(charset: str) -> None:
    group = Boundary("grader")

    @group.command()
    def prints() -> None:
        Console().print("Łukasz Öztürk – ✓")
        raise UsageError("Łukasz Öztürk – ✓ is nobody")

    done = CliRunner(charset=charset).invoke(group, ["prints"])
    assert done.exit_code == 2
    shown = "Łukasz Öztürk – ✓".encode(charset, "replace").decode(charset)
    assert done.stdout == f"{shown}\n"
    assert done.stderr.startswith("grader: ")
    assert "is nobody" in done.stderr


def test_a_failure_that_nobody_foresaw_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADER_DEBUG", raising=False)
    group = Boundary("grader")

    @group.command()
    def fails() -> None:
        raise ZeroDivisionError("oops")

    done = CliRunner().invoke(group, ["fails"])
    assert done.exit_code == GraderError.exit_code
    assert "the grader itself failed" in done.stderr
    assert "GRADER_DEBUG=1" in done.stderr


def test_several_mistakes_are_one_failure_and_keep_their_sentences() -> None:
    mistakes = Mistakes(["a is wrong", "b is missing"])
    assert str(mistakes) == "a is wrong; b is missing"
    assert mistakes.sentences == ("a is wrong", "b is missing")
    assert isinstance(mistakes, UsageError)
