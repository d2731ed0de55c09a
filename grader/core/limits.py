"""The noun that a sandbox is started with; `model` holds the others, and this one with them.

Apart from these, so that a kernel need not wait for all of them to be loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

Natural = Annotated[int, Ge(0)]
Positive = Annotated[int, Ge(1)]
RUBRIC_TABLE: Mapping[str, object] = {"extra": "forbid"}
"""For pydantic, which reads these nouns from rubric files as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one notebook may use. Seconds of wall time; sizes in MiB."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = RUBRIC_TABLE

    cell_seconds: Positive = 60
    """Of one cell; then it is interrupted."""
    notebook_seconds: Positive = 300
    """Of all cells of a run."""
    question_seconds: Positive = 20
    """Of one question to the student's functions."""
    memory_mib: Positive = 4096
    """Memory of a run."""
    cpu_seconds: Natural = 0
    """Of all processes together; 0: four times notebook_seconds."""
    processes: Positive = 256
    """Processes and threads at once."""
    disk_mib: Positive = 512
    """All that a run writes."""
    disk_files: Positive = 100_000
    """Files that a run may have."""
    file_mib: Positive = 256
    """One file."""
    output_kib: Positive = 256
    """Output that is kept of a cell."""
    output_messages: Positive = 20_000
    """Messages of one cell before the kernel is stopped; 50 pieces of printed text weigh as one."""
    training_epochs: Natural = 0
    """Passes over the training images; 0: no limit."""
    training_seconds: Natural = 0
    """From the first update of any weights; 0: no limit."""
    submission_seconds: Natural = 0
    """All runs of a submission together; then none is made again. 0: no limit."""
