"""The grader's own failures. A student's failure is a value (`Outcome`), never one of these."""

from __future__ import annotations

from collections.abc import Sequence


class GraderError(Exception):
    """Something the person at the keyboard must know: one sentence that names file and mend."""

    exit_code = 3


class UsageError(GraderError):
    """Wrong input from the person who runs the grader: arguments, rubric, reference, data."""

    exit_code = 2


class Mistakes(UsageError):
    """Several mistakes in one input, each of which is a sentence of its own."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = tuple(sentences)


class SandboxError(GraderError):
    """The sandbox could not be set up on this machine."""
