"""Watches a cross-validation from outside: which rows models learn from, which they judge.

Trusted side: the counterpart of the probe `kfold`. The classes that models shall predict lie here
alone, so that what a function returns can be right only if it asked for them; and a model has
learned only if a gradient came back through outputs that were handed out here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grader.core.model import JSON
from grader.sandbox.outside import prints

MAX_PHASES = 200
MAX_EVENTS = 400
MAX_LIVES = 200
MAX_CALLS = 10_000
"""Of the training function, for one model."""

MAX_JUDGED = 500_000
"""Rows of all judgements together: who judges after each of a thousand epochs has a third."""

Whole = NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Event:
    """One call of a model on some rows."""

    key: int  # of the model
    rows: Whole
    own: Whole  # the classes that the model itself would have predicted
    now: str  # fingerprint of the weights
    tick: int
    altered: bool  # whether the weights were not those that training had left
    stepping: bool = False  # whether an optimizer asked for it within a step
    learned: bool = False  # once a gradient came back through it


@dataclass(slots=True, eq=False)
class Life:
    """A model from its (re-)initialisation on: what it learned from, what it was asked."""

    number: int
    first: str  # fingerprint of its weights
    widths: list[int]
    counts: Whole  # gradients, by row
    labels: Whole  # the class last learned, by row; -1: none
    told: NDArray[np.bool_]  # rows whose classes were handed out to it
    stepped: NDArray[np.bool_]  # rows learned from within the step that is being made
    given: NDArray[np.bool_]  # rows handed to the notebook's training function
    epochs: list[int] = field(default_factory=list)
    rate: float | None = None
    inherited: int = 0  # parameters that it had from trainings of other lives when it began
    strange: int = 0  # gradients by rows that are none of ours
    prints: set[str] = field(default_factory=set)  # of the weights after every step
    last: str = ""  # the one after the last
    moved: bool = False  # whether they were ever others than at first
    was_reset: bool = False
    events: list[Event] = field(default_factory=list)  # since it last learned
    closed: deque[tuple[list[Event], dict[str, JSON]]] = field(  # before, with what it knew then
        default_factory=lambda: deque(maxlen=MAX_PHASES)
    )

    def snapshot(self) -> dict[str, JSON]:
        """What it has learned by now."""
        return {
            "life": self.number,
            "widths": self.widths,
            "counts": self.counts.copy(),
            "labels": self.labels.copy(),
            "given": self.given.copy(),
            "moved": self.moved,
            "inherited": self.inherited,
            "strange": self.strange,
            "epochs": list(self.epochs),
            "rate": self.rate,
        }

    def learn(self, event: Event, labels: Whole) -> None:
        """A gradient came back through `event`: its rows with a label (not -1) were learned."""
        event.learned = True
        others = [other for other in self.events if other is not event]
        if others and self.counts.any():
            self.closed.append((others, self.snapshot()))
        self.events = []
        used = (labels >= 0) & (event.rows >= 0) & self.told[event.rows]
        once = used & ~(self.stepped[event.rows] & event.stepping)  # however often in one step
        np.add.at(self.counts, event.rows[once], 1)
        self.stepped[event.rows[used]] |= event.stepping
        self.labels[event.rows[used]] = labels[used]
        self.strange += int(((labels >= 0) & (event.rows < 0)).sum())

    def left(self, now: str) -> None:
        """A step has left it with these weights."""
        self.prints.add(now)
        self.last = now

    def ends_step(self) -> None:
        """The optimizer's step is over."""
        self.stepped[:] = False

    def has_told(self, event: Event) -> bool:
        """Whether the outputs of a call were handed out, so that it was one."""
        return bool(self.told[event.rows[event.rows >= 0]].all())

    def judged(self) -> int:
        """The number of rows of all its judgements."""
        events = [*self.closed, (self.events, {})]
        return sum(len(e.rows) for some, _ in events for e in some[-MAX_EVENTS:] if not e.learned)

    def phases(self) -> list[dict[str, JSON]]:
        """Its knowledge each time that it was judged; of equal judgements in a row, the last."""
        found: list[tuple[set[int], dict[str, JSON]]] = []
        for events, knowledge in [*self.closed, (self.events, self.snapshot())]:
            asked = [e for e in events if not e.learned and self.has_told(e)][-MAX_EVENTS:]
            if not asked:
                continue
            evaluations = [event.rows.tolist() for event in asked]
            same = set().union(*evaluations)
            if found and found[-1][0] == same:
                found.pop()
            phase = knowledge | {
                "order": asked[-1].tick,
                "altered": asked[-1].altered,
                "evaluations": evaluations,
                "own": [event.own.tolist() for event in asked],
            }
            found.append((same, phase))
        return [phase for _, phase in found]


class CrossValidation:
    """One call of a function that cross-validates."""

    def __init__(self, params: Mapping[str, JSON]) -> None:
        self._script, self._classes = np.asarray(params["script"]), int(params["classes"])
        self._count, self._rate = len(params["target"]), float(params.get("lr", 0))
        self._lives: list[Life] = []
        self._by_key: dict[int, Life] = {}
        self._widths: list[list[int]] = []  # by key
        self._events: list[Event] = []
        self._prints = prints.Prints()

    @staticmethod
    def sent(params: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """All but the script."""
        return {name: value for name, value in params.items() if name != "script"}

    def hear(self, handed: JSON) -> JSON:
        """Notes what has happened; the classes of the last call that is told of."""
        notes: dict[str, Callable[..., None]] = {
            "model": self._model,
            "call": self._called,
            "pull": self._pulled,
            "step": self._stepped,
            "trained": self._trained,
        }
        for kind, *facts in handed["told"]:
            notes[kind](*facts)
        if not self._events:
            return None
        event = self._events[-1]
        life = self._by_key[event.key]
        wanted = np.where(event.rows < 0, 0, self._script_of(life)[event.rows])
        life.told[event.rows[event.rows >= 0]] = True
        # Whether a model was reset shows when it learns.
        return {"classes": wanted.tolist(), "lasting": not life.was_reset}

    def _script_of(self, life: Life) -> Whole:
        found: Whole = self._script[life.number % len(self._script)]
        return found

    def record(self) -> JSON:
        """The phases in which models were judged, in their order; None if nobody judges so much."""
        if sum(life.judged() for life in self._lives) > MAX_JUDGED:
            return None
        found = [phase for life in self._lives for phase in life.phases()]
        found.sort(key=lambda phase: int(phase["order"]))
        return {"phases": [_plain(phase) for phase in found[-MAX_PHASES:]]}

    def _model(self, widths: JSON) -> None:
        """A model that was not seen before; its key is the number of those before it."""
        if len(self._widths) >= MAX_LIVES:
            raise ValueError("too many models")
        self._widths.append([_whole(width, 10**9) for width in widths[:100]])

    def _called(self, key: int, now: str, rows: JSON, own: JSON, stepping: JSON) -> None:
        """A model was called with these rows, and would have predicted these classes itself."""
        found, classes = _rows(rows, self._count), _rows(own, self._classes)
        if len(found) != len(classes):
            raise ValueError("classes of other rows")
        life = self._life(key, now)
        if stepping is True:  # an optimizer that looks for its way
            life.left(now)
            self._prints.after(now)
            life.was_reset = False
        if not life.prints:
            self._prints.before(now)
        altered = bool(life.prints) and now not in life.prints
        event = Event(key, found, classes, now, len(self._events), altered, stepping is True)
        self._events.append(event)
        life.events.append(event)

    def _pulled(self, number: int, labels: JSON) -> None:
        """A gradient came back to outputs that were handed out, and pulled these classes up."""
        event = self._events[_whole(number, len(self._events) - 1)]
        pulled = _rows(labels, self._classes)
        if len(pulled) != len(event.rows):
            raise ValueError("a gradient of another shape")
        life = self._by_key[event.key]
        if life.was_reset:
            # What it was asked since it was reset is of the new life as well.
            since = [
                other for other in life.events if (other.key, other.now) == (event.key, event.now)
            ]
            life.events = [other for other in life.events if other not in since]
            life = self._begin(event.key, event.now)
            for other in since:
                other.altered = False
                life.told[other.rows[other.rows >= 0]] = True
            life.events += since
        life.learn(event, pulled)

    def _stepped(self, key: int, now: str, rate: JSON) -> None:
        """An optimizer has moved a model."""
        life = self._by_key.get(_whole(key, len(self._widths) - 1))
        if life is not None:
            life.left(prints.read(now))
            life.ends_step()
            self._prints.after(now)
            life.moved |= now != life.first
            # A schedule has many: the one that was asked for counts, if it is among them.
            if isinstance(rate, float) and (life.rate is None or self._is_asked(rate)):
                life.rate = rate

    def _is_asked(self, rate: float) -> bool:
        return abs(rate - self._rate) <= 1e-6 * abs(self._rate)

    def _trained(self, key: int, now: str, rows: JSON, epochs: JSON, rate: JSON) -> None:
        """The notebook's training function has returned."""
        life, found = self._life(key, now), _rows(rows, self._count)
        life.given[found[found >= 0]] = True
        if type(epochs) is int:
            if len(life.epochs) >= MAX_CALLS:
                raise ValueError("too many calls")
            life.epochs.append(_whole(epochs, 10**9))
        if isinstance(rate, float) and life.rate is None:
            life.rate = rate

    def _life(self, key: int, now: str) -> Life:
        key, now = _whole(key, len(self._widths) - 1), prints.read(now)
        if key not in self._by_key:
            # A copy of a model that has learned is that model, not a fresh one.
            older = next((life for life in self._lives if self._is_of(life, now)), None)
            self._by_key[key] = older or self._begin(key, now)
        life = self._by_key[key]
        life.was_reset = bool(life.prints) and not self._is_of(life, now)
        life.moved |= now != life.first
        return life

    def _is_of(self, life: Life, now: str) -> bool:
        """Whether these are weights that a life's training had left, or nearly so."""
        return now in life.prints or self._prints.go_on(now, life.last)

    def _begin(self, key: int, now: str) -> Life:
        if len(self._lives) >= MAX_LIVES:
            raise ValueError("too many models")
        nothing = np.zeros(self._count, dtype=np.int64)
        life = Life(
            number=len(self._lives),
            first=now,
            widths=self._widths[key],
            counts=nothing.copy(),
            labels=nothing - 1,
            told=nothing > 0,
            stepped=nothing > 0,
            given=nothing > 0,
            inherited=self._prints.kept(now, [life.last for life in self._lives]),
        )
        self._prints.before(now)
        self._lives.append(life)
        self._by_key[key] = life
        return life


def _plain(phase: dict[str, JSON]) -> dict[str, JSON]:
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in phase.items()}


def _whole(value: JSON, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("not a number that may stand here")
    return value


def _rows(value: JSON, count: int) -> Whole:
    """Numbers below `count`, such as of our rows; -1 for none, -2 for one of the notebook's own."""
    if not isinstance(value, list):
        raise ValueError("no list")
    rows = np.array(value, dtype=None if value else np.int64)
    if rows.dtype.kind != "i" or rows.ndim != 1 or (rows < -2).any() or (rows >= count).any():
        raise ValueError("rows that were not asked about")
    return rows.astype(np.int64)
