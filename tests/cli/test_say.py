"""What commands say can't order a terminal about, whoever it is of."""

from __future__ import annotations

import pytest

from grader.cli.say import say


def test_only_the_ends_of_lines_are_kept_of_what_is_no_sign(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say("Müller \x1b]0;x\x07\x9b2J\u202e\udcff\r\n2", err=True)
    shown = "Müller \ufffd]0;x\ufffd\ufffd2J\ufffd\ufffd\n2\n"
    assert capsys.readouterr() == ("", shown)


def test_a_report_is_said_byte_for_byte(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    say(b"\x1b\x00", nl=False)
    assert capfdbinary.readouterr().out == b"\x1b\x00"
