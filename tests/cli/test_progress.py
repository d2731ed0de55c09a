"""What a batch shows while it works: plain lines for logs, bars for a terminal."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console

from grader.cli import progress
from grader.cli.progress import Bars, Lines


class Clock:
    """A clock that stands still until it is told a time."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    return found


def terminal() -> tuple[io.StringIO, Console]:
    """A terminal without colours, and what is written to it."""
    out = io.StringIO()
    return out, Console(file=out, force_terminal=True, color_system=None, width=120)


def shown(out: io.StringIO) -> str:
    """What was written, without the codes that move the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())


# --- lines ------------------------------------------------------------------------------------


def test_each_notebook_that_is_done_is_a_line_with_the_time_that_is_left(clock: Clock) -> None:
    out = io.StringIO()
    with Lines(out) as lines:
        lines.start({"activation": 1, "fmssvrc": 2})
        clock.now += 10
        lines.finish("Ada", "activation", "done", 9.6)
        clock.now += 30
        lines.finish("Bob", "fmssvrc", "The kernel died.", 30.2)
        clock.now += 20
        lines.finish("Eve", "fmssvrc", "done", 20)
    assert out.getvalue().splitlines() == [
        "3 notebooks to run",
        "[1/3] Ada: activation: done (10 s)",
        "[2/3] Bob: fmssvrc: The kernel died. (30 s), about 30 s left",
        "[3/3] Eve: fmssvrc: done (20 s), about 0 s left",
    ]


def test_a_long_time_is_told_in_minutes(clock: Clock) -> None:
    out = io.StringIO()
    lines = Lines(out)
    lines.start({"t": 11})
    clock.now += 60
    lines.finish("Ada", "t", "done", 60)
    assert out.getvalue().endswith("about 10 min left\n")


def test_the_time_before_the_start_does_not_count(clock: Clock) -> None:
    out = io.StringIO()
    lines = Lines(out)
    clock.now += 1000  # the reference is run first
    lines.start({"t": 2})
    clock.now += 5
    lines.finish("Ada", "t", "done", 5)
    assert "about 5 s left" in out.getvalue()


def test_a_mere_count_is_no_line_and_anything_else_is() -> None:
    out = io.StringIO()
    lines = Lines(out)
    for text in ("cell 1/9", "question 3/12", "from the store"):
        lines.step("Ada", "t", text)
    assert out.getvalue() == "Ada: t: from the store\n"


def test_what_a_cell_prints_is_a_line_now_and_then(clock: Clock) -> None:
    out = io.StringIO()
    lines = Lines(out)
    for seconds, text in (
        (0, "cell 3/9: epoch 1, 71 %"),
        (29, "cell 3/9: epoch 2, 78 %"),
        (1, "cell 3/9: epoch 3, 80 %"),
        (29, "run 2, cell 3/9: epoch 1, 70 %"),
        (1, "run 2, cell 3/9"),
        (1, "run 2, cell 3/9: epoch 2, 79 %\nBob: t: done"),
    ):
        clock.now += seconds
        lines.step("Ada", "t", text)
    assert out.getvalue().splitlines() == [
        "Ada: t: cell 3/9: epoch 3, 80 %",
        "Ada: t: run 2, cell 3/9: epoch 2, 79 % Bob: t: done",
    ]


def test_a_log_that_cannot_be_written_is_no_fault_of_the_notebook() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    Lines(Full()).step("Ada", "t", "from the store")


def test_quiet_says_nothing() -> None:
    out = io.StringIO()
    with Lines(out, quiet=True) as lines:
        lines.start({"t": 1})
        lines.step("Ada", "t", "from the store")
        lines.finish("Ada", "t", "done", 1)
    assert out.getvalue() == ""


def test_lines_of_several_threads_count_every_notebook_once() -> None:
    out = io.StringIO()
    lines = Lines(out)
    lines.start({"t": 50})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: lines.finish(f"s{n}", "t", "done", 1), range(50)))
    counted = sorted(int(n) for n in re.findall(r"\[(\d+)/50\]", out.getvalue()))
    assert counted == list(range(1, 51))


def test_a_name_cannot_write_lines_or_terminal_codes_of_its_own() -> None:
    out = io.StringIO()
    lines = Lines(out)
    lines.start({"t": 1})
    lines.step("Ada\nBob: t: done", "t", "from the store")
    lines.finish("\x1b[2J\x1b]0;title\x07Ada", "t", "\x1b[31mThe kernel died.", 1)
    assert len(out.getvalue().splitlines()) == 3
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()


# --- bars -------------------------------------------------------------------------------------


def test_the_bar_counts_the_notebooks_that_are_done() -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.start({"t": 3})
        bars.finish("Ada", "t", "done", 1)
        bars.finish("Bob", "t", "done", 1)
    assert re.search(r"notebooks .* 2/3 ", shown(out))


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ("cell 3/12", r"Ada: fmssvrc: cells .* 3/12 "),
        ("cell 3/12: epoch 4: 84.2 %", r"Ada: fmssvrc: cells: epoch 4: 84.2 % .* 3/12 "),
        ("cell 3/12: " + "x" * 100, r"Ada: fmssvrc: cells: x{60} .* 3/12 "),
    ],
)
def test_a_notebook_that_runs_has_a_line_with_its_cells_and_what_was_printed_last(
    told: str, line: str
) -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.start({"t": 2})
        bars.step("Ada", "fmssvrc", told)
    assert re.search(line, shown(out))


def test_the_line_of_a_notebook_that_is_done_goes() -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.start({"t": 2})
        bars.step("Ada", "fmssvrc", "question 3/12")
        bars.finish("Ada", "fmssvrc", "done", 1)
        out.seek(0)
        out.truncate()
    assert "notebooks" in shown(out)
    assert "Ada" not in shown(out)


def test_the_line_of_a_notebook_comes_back_after_a_step_without_a_count() -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.start({"t": 2})
        bars.step("Ada", "fmssvrc", "waiting")
        bars.step("Ada", "fmssvrc", "cell 3/12")
    assert re.search(r"Ada: fmssvrc: cells .* 3/12 ", shown(out))


def test_what_did_not_go_well_stays_on_the_screen() -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.start({"t": 1})
        bars.finish("Ada", "fmssvrc", "The kernel died.", 1)
    assert "Ada: fmssvrc: The kernel died." in shown(out)


def test_square_brackets_in_a_name_are_no_markup() -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.start({"t": 1})
        bars.step("[red]Ada[/nothing]", "t", "cell 1/2")
        bars.finish("[red]Ada[/nothing]", "t", "[/b] died", 1)
    assert "[red]Ada[/nothing]: t: [/b] died" in shown(out)


def test_a_name_cannot_send_terminal_codes_through_the_bars() -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.start({"t": 1})
        bars.step("\x1b]0;evil\x07Ada", "t", "cell 1/2")
        bars.finish("\x1b]0;evil\x07Ada", "t", "\x1b]0;evil\x07died", 1)
    assert "\x1b]0;" not in out.getvalue()


def test_a_notebook_that_never_made_a_step_can_end() -> None:
    out, console = terminal()
    with Bars(console) as bars:
        bars.finish("Ada", "t", "done", 1)
        bars.start({"t": 1})
    assert re.search(r"notebooks .* 0/1 ", shown(out))
