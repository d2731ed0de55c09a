"""Asks a probe in a namespace of this very process: how `%check` learns what a function does.

Runs in the student's own kernel, and so believes everything; its verdict convinces the student
alone. It leaves random numbers, figures, settings and names as they were.
"""

from __future__ import annotations

import _thread
import io
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from typing import Any

from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Question
from grader.core.untrusted_text import encodable
from grader.sandbox.inside import conversation, figures, kept, probes, protocol
from grader.sandbox.inside.fixtures.figures import record_closed
from grader.sandbox.outside import counterparts

Names = MutableMapping[str, Any]
Around = Callable[[Names], AbstractContextManager[None]]


def is_possible(question: Question) -> bool:
    """Whether its probe needs no watched run of the whole notebook."""
    return bool(probes.about(question.probe, question.source).live)


def ask(namespace: Names, question: Question, seconds: int, around: Around | None = None) -> Answer:
    """The answer, as the sandbox would give it. Only an interrupt from the keyboard gets through.

    `seconds` is how long the student's code may take, where the question says nothing else;
    `around` is what is put back afterwards, `untouched` if nothing is said.
    """
    probe = probes.find(question.probe, question.source)
    outside = counterparts.counterpart(codec.sent(question))
    try:
        with (
            (around or untouched)(namespace),
            conversation.through(outside.hear if outside else _nobody),
            _alarm(question.seconds or seconds),
        ):
            value = protocol.pack(probe(namespace, _copied(question)))
    except protocol.Undefined as missing:
        return Answer(status=AnswerStatus.UNDEFINED, error=str(missing))
    except protocol.OutOfTime:
        return Answer(status=AnswerStatus.TIMEOUT)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        text = encodable(protocol.describe_error(error))
        return Answer(status=AnswerStatus.RAISED, error=text)
    return Answer(
        status=AnswerStatus.OK,
        value=codec.decode(json.dumps(value)),
        record=outside.record() if outside else None,
    )


def _nobody(handed: Any) -> Any:
    raise RuntimeError("this probe has nobody to hand things over to")


def _copied(question: Question) -> dict[str, Any]:
    """Parameters of their own: what student code does to an array must not reach the next call."""
    sent = counterparts.sent(codec.sent(question))
    copied = protocol.unpack(json.loads(codec.encode(sent["params"])))
    return dict(copied)


@contextmanager
def untouched(namespace: Names) -> Iterator[None]:
    """Puts back what student code and probes change beside: state, names, figures, output."""
    from IPython.utils.capture import capture_output  # noqa: PLC0415 (there, in a notebook)

    with ExitStack() as stack:
        stack.enter_context(kept.state(namespace))
        for keep in (_one_thread, _matplotlib):
            stack.enter_context(keep())
        stack.enter_context(capture_output())
        yield


@contextmanager
def as_it_was(namespace: Names) -> Iterator[None]:
    """As in the sandbox: values and state are put back, and figures stay for who asks for them."""
    with kept.state(namespace), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


@contextmanager
def _one_thread() -> Iterator[None]:
    """The networks asked about are small: threads would only wait."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "set_num_threads"):
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _matplotlib() -> Iterator[None]:
    """The student's open figures are out of reach for a while, and settings are put back."""
    if "matplotlib.pyplot" not in sys.modules:
        yield
        return
    import matplotlib as mpl  # noqa: PLC0415 (only where the student has it)
    from matplotlib._pylab_helpers import Gcf  # noqa: PLC0415

    kept, ways = dict(Gcf.figs), {name: vars(Gcf)[name] for name in ("destroy", "destroy_all")}
    Gcf.figs.clear()
    record_closed()
    figures.recorded.clear()
    try:
        with mpl.rc_context():
            yield
    finally:
        for name, way in ways.items():
            setattr(Gcf, name, way)
        figures.recorded.clear()
        Gcf.figs.clear()
        Gcf.figs.update(kept)


@contextmanager
def bell(seconds: float, ring: Callable[[], object]) -> Iterator[None]:
    """Has a thread call `ring` after so many seconds, and never any more when the block is left.

    On a busy machine the time may be up before the block begins or while it ends. Where `ring`
    interrupts this thread, the exception then comes out of the `with` statement, and not of what
    stands below it.
    """
    lock, over = threading.Lock(), False

    def late() -> None:
        with lock:
            if not over:
                ring()

    timer = threading.Timer(seconds, late)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raises OutOfTime after so many seconds, in the main thread; an alarm that is set is kept.

    Python in a browser has neither alarms nor threads: nothing there rings, or could be heard.
    """

    def ring(_signal: int, _frame: object) -> None:
        raise protocol.OutOfTime

    if threading.current_thread() is not threading.main_thread() or sys.platform == "emscripten":
        yield
    elif hasattr(signal, "setitimer"):
        began, handler = time.monotonic(), signal.signal(signal.SIGALRM, ring)
        left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            rest = max(left - (time.monotonic() - began), 0.001) if left else 0.0
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, rest, interval)
    else:  # Windows: a thread does what Ctrl+C does, which rings meanwhile
        handler = signal.signal(signal.SIGINT, ring)
        try:
            with bell(seconds, _thread.interrupt_main):
                yield
        finally:
            signal.signal(signal.SIGINT, handler)
