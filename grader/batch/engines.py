"""Engines by the scheme of `--engine`. Trusted side. A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from grader.batch import dask_engine, worker
from grader.batch.engine import Engine, LocalEngine
from grader.core.errors import UsageError

Make = Callable[[str, int, Path | None], Engine]
"""Called with what stands behind `scheme://`, how many may run at once on this machine, and where
the data set lies on it."""


def local(address: str, jobs: int, data_dir: Path | None) -> Engine:
    """This machine.

    Raises:
        UsageError: it has an address.
    """
    if address:
        raise UsageError(f"--engine local://{address}: local has no address")
    return LocalEngine(jobs, partial(worker.perform, data_dir=data_dir))


ENGINES: dict[str, Make] = {
    "dask": dask_engine.at,
    "local": local,
}


def find(name: str, jobs: int, data_dir: Path | None) -> Engine:
    """The engine that a name such as `local` or `dask://HOST:PORT` means.

    Raises:
        UsageError: there is none of this scheme, or its address is none.
    """
    scheme, _, address = name.partition("://")
    if scheme not in ENGINES:
        raise UsageError(
            f"--engine {name}: there is no such engine; known are {', '.join(ENGINES)}"
        )
    return ENGINES[scheme](address, jobs, data_dir)
