"""Reads the facts of one watched cross-validation: its folds, and what each model had learned.

Trusted side, pure. What was returned is a claim of hostile code. What models did was noted outside
the sandbox, from what they were given there; all of it is checked before use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from grader.checks.model_evaluation.returned import returned_values
from grader.core.model import JSON, Answer

TOLERANCE = 0.006  # an accuracy rounded to two decimals is still that accuracy
MOST_CANDIDATES, MOST_TRIES = 20, 20_000
"""Sets of rows of one phase, and steps, when folds are looked for."""

UNKNOWN_ROW, FOREIGN_ROW = -1, -2

Count = Annotated[int, Field(ge=0, le=10**9)]
RowNumber = Annotated[int, Field(ge=FOREIGN_ROW, le=10**6)]


class Phase(BaseModel):
    """One model at one time when it was judged: what it knew, and the rows it was judged on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    life: Count
    widths: list[Count] = Field(max_length=100)
    counts: list[Count]
    labels: list[RowNumber]
    given: list[bool]
    moved: bool
    altered: bool
    inherited: Count
    strange: Count
    epochs: list[int]
    rate: float | None
    order: Count
    evaluations: list[list[RowNumber]] = Field(min_length=1, max_length=400)
    own: list[list[RowNumber]]

    @property
    def trained(self) -> np.ndarray:
        """For each row, whether this model has learned from it: a gradient came, and it moved."""
        return np.array([self.moved and count > 0 for count in self.counts], dtype=bool)

    @property
    def touched(self) -> np.ndarray:
        """For each row, whether this model has learned from it, or was given it for training."""
        return np.where(self.given, True, self.trained)

    def own_classes(self) -> dict[int, int]:
        """For each row that was judged, the class that the model itself last gave it; -1: none."""
        return {
            row: own
            for rows, classes in zip(self.evaluations, self.own, strict=True)
            for row, own in zip(rows, classes, strict=True)
        }


class Told(BaseModel):
    """What came back from one call of `kfold_crossvalidation`: a claim."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    arguments: Count
    returned: JSON
    error: str


class Noted(BaseModel):
    """What was noted outside while it ran."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    phases: list[Phase] = Field(max_length=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One fold as it was seen: the rows a model was tested on, and the accuracy it had there."""

    phase: Phase
    before: Phase | None  # the same model at the end of an earlier fold
    after: Phase  # the same model when it was judged last in this fold
    rows: np.ndarray
    accuracy: float
    matched: bool  # whether it is the accuracy that the function returned for this fold

    @property
    def learned(self) -> np.ndarray:
        """For each row, how often it was learned from in this fold."""
        counts = np.array(self.after.counts)
        return counts - np.array(self.before.counts) if self.before else counts

    @property
    def asked(self) -> list[int]:
        """The epochs that the training function was asked for in this fold, call by call."""
        return self.after.epochs[len(self.before.epochs) if self.before else 0 :]

    @property
    def epochs(self) -> int:
        """How many epochs this fold's training took, as asked for, else as seen."""
        return sum(self.asked) if self.asked else int(self.learned.max())


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question with its facts, read."""

    params: Mapping[str, JSON]
    told: Told
    phases: list[Phase]
    accuracies: np.ndarray | None  # as returned, as fractions
    average: float | None
    folds: tuple[Fold, ...]

    @property
    def size(self) -> int:
        """The number of rows that were asked about."""
        return len(self.params["target"])

    def unseen(self, fold: Fold) -> int:
        """The number, from 1, of another fold that a fold's model learned nothing from; 0: none.

        That a few rows of a fold are missing is no fault: some training functions leave rows out.
        """
        for number, other in enumerate(self.folds, 1):
            rows = np.setdiff1d(other.rows, fold.rows)
            if rows.size and not fold.phase.trained[rows].any():
                return number
        return 0

    def share_of(self, kind: int) -> float:
        """The fraction of the judged rows that are unknown, or the notebook's own."""
        rows = [r for p in self.phases for event in p.evaluations for r in event]
        return sum(row == kind for row in rows) / max(len(rows), 1)


def draw_script(rng: np.random.Generator, target: np.ndarray, k: int, classes: int) -> np.ndarray:
    """The classes that each model in turn shall predict for all rows.

    No fold of usual size can have the accuracy that a model has on all rows, so none has that
    on its training rows. By the returned accuracy the rows can be told.
    """
    size = len(target)
    # Folds of n // k or n // k + 1 rows: all accuracies that these can have are kept away from.
    folds = {right / rows for rows in (size // k, size // k + 1) for right in range(rows + 1)}
    counts = [
        right
        for right in range(size // 5, size - size // 10)
        if min(abs(right / size - fold) for fold in folds) > 2 * TOLERANCE
    ]
    script = np.empty((2 * k + 2, size), dtype=np.int64)
    for row in script:
        # Exactly as many right rows as drawn, at random places: a count drawn by chance could
        # be a fold's after all.
        wrong = rng.permutation(size) >= rng.choice(counts)
        row[:] = (target + wrong * rng.integers(1, classes, size)) % classes
    return script


def read(params: Mapping[str, JSON], answer: Answer) -> Call:
    """The call that an answer describes.

    Raises:
        ValueError: the answer is not what the probe sends, or nothing was noted meanwhile.
    """
    told, noted = Told.model_validate(answer.value), Noted.model_validate(answer.record)
    size = len(params["target"])
    for phase in noted.phases:
        lengths = {len(phase.counts), len(phase.labels), len(phase.given)}
        if lengths != {size} or any(row >= size for e in phase.evaluations for row in e):
            raise ValueError("rows that were not asked about")
        if [len(rows) for rows in phase.evaluations] != [len(own) for own in phase.own]:
            raise ValueError("classes of other rows")
    accuracies, average = returned_values(told.returned)
    return Call(
        params=params,
        told=told,
        phases=noted.phases,
        accuracies=accuracies,
        average=average,
        folds=_folds(params, noted.phases, accuracies),
    )


def _folds(
    params: Mapping[str, JSON], phases: list[Phase], accuracies: np.ndarray | None
) -> tuple[Fold, ...]:
    """The phases that are folds, each with the rows on which it was tested."""
    ordered = sorted(phases, key=lambda phase: phase.order)
    chosen = _choose(params, ordered, accuracies)
    folds: list[Fold] = []
    for number, (index, rows, matched) in enumerate(chosen):
        phase = ordered[index]
        # A model that lives on is trained and judged again in later folds: what it learned here
        # is what it knew when the next one began, less what it knew before.
        ends = [i for i, _, _ in chosen[number + 1 :] if ordered[i].life == phase.life]
        until = ordered[: min(ends, default=len(ordered))]
        fold = Fold(
            phase=phase,
            before=next((f.after for f in folds[::-1] if f.phase.life == phase.life), None),
            after=[p for p in until if p.life == phase.life][-1],
            rows=rows,
            accuracy=_accuracy(params, phase, rows),
            matched=matched,
        )
        folds.append(fold)
    return tuple(folds)


def _choose(
    params: Mapping[str, JSON], phases: list[Phase], accuracies: np.ndarray | None
) -> list[tuple[int, np.ndarray, bool]]:
    """Index, test rows and whether the returned accuracy fits them, of the phases that count.

    A model may be judged on its training rows as well, all rows at once, or row by row. The
    scripted predictions tell these apart: the returned accuracy fits one set of rows only.
    """
    options = [(i, found) for i, phase in enumerate(phases) if (found := _candidates(phase))]
    reported = [] if accuracies is None else list(accuracies)
    if perfect := _perfect(params, phases, options, reported):
        return perfect
    # As many accuracies as judged phases: they belong together in order. Else some phases were
    # no folds (a baseline, a last model on all rows): take those that the accuracies fit, in
    # order, and fall back on those that learned something, for a wrong accuracy is another item.
    if len(reported) != len(options):
        fitting: list[tuple[int, np.ndarray, bool]] = []
        for i, found in options:
            if len(fitting) < len(reported):
                rows = _fitting(params, phases[i], found, reported[len(fitting)])
                fitting += [] if rows is None else [(i, rows, True)]
        if len(fitting) == len(reported) == params["k"]:
            return fitting
        learned = [(i, found) for i, found in options if phases[i].trained.any()]
        return [(i, found[-1], False) for i, found in learned or options]
    chosen = []
    for (i, found), value in zip(options, reported, strict=True):
        rows = _fitting(params, phases[i], found, value)
        chosen.append((i, found[-1] if rows is None else rows, rows is not None))
    if all(matched for _, _, matched in chosen):
        return chosen
    # Models that are tested side by side, or the last first: what was returned has their order.
    fits = [
        {n for n, v in enumerate(reported) if _fitting(params, phases[i], found[:1], v) is not None}
        for i, found in options
    ]
    return [(i, found[0], True) for i, found in options] if _all_paired(fits) else chosen


def _perfect(
    params: Mapping[str, JSON],
    phases: list[Phase],
    options: list[tuple[int, list[np.ndarray]]],
    reported: list[float],
) -> list[tuple[int, np.ndarray, bool]]:
    """Phases whose rows were held out, and that fit what was returned, in order: folds of all rows.

    Empty where there are none. Models may be chosen by other judgements beside these.
    """
    choices = [
        [
            (n, rows)
            for n, (i, found) in enumerate(options)
            for rows in found[:MOST_CANDIDATES]
            if not phases[i].touched[rows].any()
            and _fitting(params, phases[i], [rows], value) is not None
        ]
        for value in reported
    ]
    tries = iter(range(MOST_TRIES))

    def place(first: int, free: np.ndarray, chosen: tuple[tuple[int, np.ndarray], ...]) -> Any:
        if len(chosen) == len(choices):
            return None if free.any() else chosen
        for n, rows in choices[len(chosen)]:
            if n >= first and free[rows].all() and next(tries, None) is not None:
                rest = free.copy()
                rest[rows] = False
                if found := place(n + 1, rest, (*chosen, (n, rows))):
                    return found
        return None

    found = place(0, np.ones(len(params["target"]), dtype=bool), ()) if reported else None
    return [(options[n][0], rows, True) for n, rows in found or ()]


def _all_paired(fits: list[set[int]]) -> bool:
    """Whether each can have one of the numbers that fit it, no two the same."""
    taken: dict[int, int] = {}

    def place(one: int, tried: set[int]) -> bool:
        for number in fits[one] - tried:
            tried.add(number)
            if number not in taken or place(taken[number], tried):
                taken[number] = one
                return True
        return False

    return all(place(one, set()) for one in range(len(fits)))


def _candidates(phase: Phase) -> list[np.ndarray]:
    """Sets of our rows that may be the test rows, the likeliest first.

    The last one is for the case that none of them fits what was returned.
    """
    trained = phase.touched
    events = [np.array([row for row in e if row >= 0], dtype=int) for e in phase.evaluations]
    events = [rows for rows in events if len(rows)]
    if not events:
        return []
    # Rows that were not learned from are what a held-out fold is; what was judged in one go is
    # the next guess, for a student who leaks trains on his test rows, too.
    together = np.unique(np.concatenate(events))
    apart = [rows for rows in events if not trained[rows].any()]
    found = [np.unique(np.concatenate(apart))] if apart else []
    guesses = [*found, together[~trained[together]], *events, together, *(found or events[-1:])]
    return [rows for rows in guesses if len(rows)]


def _fitting(
    params: Mapping[str, JSON], phase: Phase, candidates: list[np.ndarray], value: float
) -> np.ndarray | None:
    misses = [round(abs(_accuracy(params, phase, rows) - value), 6) for rows in candidates]
    best = misses.index(min(misses))
    return candidates[best] if misses[best] <= TOLERANCE else None


def _accuracy(params: Mapping[str, JSON], phase: Phase, rows: np.ndarray) -> float:
    script = params["script"]
    predicted = script[phase.life % len(script)][rows]
    return float(np.mean(predicted == params["target"][rows]))
