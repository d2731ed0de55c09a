"""Asking in a living namespace: the sandbox's answers, and nothing else changed."""

from __future__ import annotations

import random
import signal
import time
import warnings
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from grader.core.model import Answer, AnswerStatus, Question
from grader.student import ask_in_kernel

POINTS = np.array([-1.0, 0.0, 2.0])


def ask(source: str, probe: str = "call_function", seconds: int = 5, **params: Any) -> Answer:
    names: dict[str, Any] = {}
    exec(source, names)
    question = Question(probe=probe, params={"name": "f", "points": POINTS} | params)
    return ask_in_kernel.ask(names, question, seconds)


def test_a_function_answers_with_its_values() -> None:
    answer = ask("def f(x):\n    return x * 2")
    assert answer.status is AnswerStatus.OK
    np.testing.assert_array_equal(answer.value["values"], [-2, 0, 4])


def test_what_is_not_there_raises_or_never_ends_is_an_answer() -> None:
    assert ask("g = 1").status is AnswerStatus.UNDEFINED
    assert ask("def f(x):\n    while True: pass", seconds=1).status is AnswerStatus.TIMEOUT
    gone = ask("def f(x):\n    raise SystemExit('bye')")
    assert (gone.status, gone.error) == (AnswerStatus.RAISED, "SystemExit: bye")


def test_an_interrupt_from_the_keyboard_gets_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        ask("def f(x):\n    raise KeyboardInterrupt")


def test_names_random_numbers_and_settings_stay() -> None:
    names: dict[str, Any] = {"calls": 0, "kept": []}
    exec(
        "import random, numpy as np, torch, warnings, matplotlib as mpl\n"
        "def f(x):\n"
        "    global calls, new\n    calls += 1; new = 1\n"
        "    random.seed(0); np.random.seed(0); torch.manual_seed(0)\n"
        "    torch.set_grad_enabled(False); warnings.simplefilter('error')\n"
        "    mpl.rcParams['lines.linewidth'] = 99\n    print('noise')\n    return x",
        names,
    )
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
    filters, width = list(warnings.filters), mpl.rcParams["lines.linewidth"]
    answer = ask_in_kernel.ask(
        names, Question(probe="call_function", params={"name": "f", "points": POINTS}), 5
    )
    assert answer.status is AnswerStatus.OK
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
    assert after == before
    assert torch.is_grad_enabled()
    assert (list(warnings.filters), mpl.rcParams["lines.linewidth"]) == (filters, width)
    assert names["calls"] == 0
    assert "new" not in names


def test_output_of_the_function_is_swallowed(capsys: pytest.CaptureFixture[str]) -> None:
    ask("import sys\ndef f(x):\n    print('out'); print('err', file=sys.stderr)\n    return x")
    assert capsys.readouterr() == ("", "")


def test_open_figures_stay_open_and_new_ones_are_gone() -> None:
    plt.close("all")
    mine = plt.figure()
    plt.plot([1, 2])
    source = (
        "import matplotlib.pyplot as plt\ndef plot(a, b):\n    plt.figure()\n"
        "    plt.plot([a, b], [a, b])\n    plt.title('T')\n    plt.show()\n    plt.close('all')"
    )
    answer = ask(source, "call_plot", name="plot", x_min=-1, x_max=1, functions=[])
    (figure,) = answer.value["figures"]
    assert figure["axes"][0]["title"] == "T"
    assert plt.get_fignums() == [mine.number]
    assert plt.gcf() is mine
    assert len(mine.axes[0].lines) == 1
    plt.close(mine)
    assert plt.get_fignums() == []


def test_an_alarm_of_the_students_own_is_kept() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        ask("def f(x):\n    return x")
        deadline = time.monotonic() + 60
        while not rung and time.monotonic() < deadline:
            time.sleep(0.01)
        assert rung == [1]
    finally:
        signal.signal(signal.SIGALRM, before)
