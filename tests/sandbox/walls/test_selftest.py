"""A trial of a sandbox that sticks is a finding, and no wait without end."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.sandbox.walls import levels, proc, selftest
from grader.sandbox.walls.confinement import Confinement, Wish

STUCK = "import time; time.sleep(600)"
BEGUN = "import os, sys; os.write({fd}, b'{{\"child-pid\": %d}}' % os.getpid()); os.close({fd}); "


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "SECONDS", 0.8)
    monkeypatch.setattr(selftest, "GRACE", 0.5)


def rung(code: str) -> levels.Rung:
    """A sandbox that runs this in place of what is asked for."""

    def confine(wish: Wish) -> Confinement:
        told = code.replace("{fd}", str(wish.info_fd)).replace("{{", "{").replace("}}", "}")
        return Confinement(command=[sys.executable, "-I", "-S", "-c", told])

    return replace(levels.BUBBLEWRAP, name="unconfined", confine=confine)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (STUCK, "it had not begun after 0.8 s"),
        ("import sys; sys.exit(7)", "it ended with code 7"),
        ("import sys; sys.exit('no namespaces\\nhere')", "no namespaces here"),
        (BEGUN + STUCK, "the self-test did not run: it said nothing for 0.8 s"),
        (BEGUN + "print('{', end='', flush=True); " + STUCK, "the self-test did not run: it said"),
        ("import os; os.write({fd}, b'no number'); " + STUCK, "it had not begun after 0.8 s"),
    ],
)
def test_a_trial_that_sticks_or_ends_is_a_problem_in_words(code: str, problem: str) -> None:
    found, _ = selftest.examine(rung(code))
    assert found.startswith(problem)


def test_a_socket_of_an_odd_name_does_not_end_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any program of the machine may have one, of any bytes."""
    told = b"Num RefCount Protocol Flags Type St Inode Path\n" + b"".join(
        b"0: 2 0 %s 1 1 7 %s\n" % (flags, name)
        for flags, name in [
            (b"00010000", b"/run/bus"),
            (b"00000000", b"/run/no-one-listens"),
            (b"00010000", b"@\xff"),
            (b"00010000", b"@one\n\nof many lines\n"),
            (b"00010000", b"@\xe2\x80\xa8 00010000"),
        ]
    )
    (tmp_path / "unix").write_bytes(told)
    read = proc.lines
    monkeypatch.setattr(proc, "lines", lambda path: read(tmp_path / Path(path).name))
    assert selftest._sockets() == ["/run/bus", "@one", "@\udcff"]
