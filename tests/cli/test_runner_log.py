"""On a runner no line of ours is a command, but those that are meant."""

from __future__ import annotations

import contextlib
import io
import sys

import click
import pytest

from grader.cli import runner_log


@pytest.fixture(autouse=True)
def runner(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in runner_log.RUNNERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")


def test_commands_of_others_are_broken_up_however_they_are_written() -> None:
    log = io.StringIO()
    with contextlib.redirect_stdout(log), runner_log.without_orders():
        print("::add-mask::x")
        print("  ::", end="")
        print("error::y", flush=True)
        click.echo("a ##[group]b ##vso[task.x]c")
        sys.stdout.write("::last")
    assert log.getvalue() == (
        ": :add-mask: :x\n  : :error: :y\na ## [group]b ## vso[task.x]c\n: :last"
    )


def test_what_is_meant_as_a_command_is_one() -> None:
    log = io.StringIO()
    with contextlib.redirect_stdout(log), runner_log.without_orders():
        print("one", end="")
        runner_log.command("::group::x\n")
        print("two")
    assert log.getvalue() == "one::group::x\ntwo\n"


def test_elsewhere_text_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    log = io.StringIO()
    with contextlib.redirect_stdout(log), runner_log.without_orders():
        print("::add-mask::x")
    assert log.getvalue() == "::add-mask::x\n"


def test_what_was_begun_before_a_fault_is_written_and_the_streams_come_back() -> None:
    log = io.StringIO()
    with contextlib.redirect_stdout(log):
        with pytest.raises(ZeroDivisionError), runner_log.without_orders():
            sys.stdout.write("::begun")
            raise ZeroDivisionError
        assert sys.stdout is log
    assert log.getvalue() == ": :begun"


@pytest.mark.parametrize("name", ["TF_BUILD", "CI"])
def test_other_runners_are_runners(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    monkeypatch.setenv(name, "true")
    log = io.StringIO()
    with contextlib.redirect_stdout(log), runner_log.without_orders():
        print("##vso[task.complete]")
    assert log.getvalue() == "## vso[task.complete]\n"
