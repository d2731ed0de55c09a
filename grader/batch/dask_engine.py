"""Runs jobs on an existing Dask cluster: the same engine, other machines. Trusted side.

Parcels go out and evidence comes back as JSON. Workers share nothing with the coordinator
but the same grader and libraries; a worker that is lost loses its runs to another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grader.batch import worker
from grader.batch.engine import Attempts, Job, Queue
from grader.core import extras, library_versions
from grader.core.errors import SandboxError, UsageError
from grader.core.model import Evidence
from grader.sandbox.walls import choose
from grader.store import serialisation

CONNECT_SECONDS, WORKER_SECONDS = 10, 60


class DaskEngine:
    """One job for each thread of the cluster's workers."""

    here = False

    def __init__(self, address: str) -> None:
        self._address = address

    def run(self, queue: Queue, tell: Callable[[Job, str], None]) -> Iterator[tuple[Job, Evidence]]:
        """Each job's evidence as it comes. Workers may come and go.

        Raises:
            UsageError: the cluster cannot be reached, or its workers are not fit.
        """
        with self._client() as client:
            _examine(client)
            yield from self._run(client, queue, tell)

    def _client(self) -> Any:
        extras.require("--engine dask", "distributed")
        from distributed import Client  # noqa: PLC0415  # an extra, and slow to import

        try:
            client = Client(self._address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as bad:
            raise UsageError(
                f"no Dask scheduler answers at {self._address} ({type(bad).__name__}); start one "
                "with `dask scheduler`, and name its address"
            ) from None
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError:
            client.close()
            raise UsageError(
                f"the Dask cluster at {self._address} has no worker; start one on each machine "
                f"with `dask worker {self._address}`"
            ) from None
        return client

    def _run(
        self, client: Any, queue: Queue, tell: Callable[[Job, str], None]
    ) -> Iterator[tuple[Job, Evidence]]:
        from distributed import as_completed  # noqa: PLC0415

        attempts, running = Attempts(), dict[Any, Job]()
        coming: Any = as_completed()
        while queue or running:
            slots = max(1, sum(client.nthreads().values()))
            while len(running) < slots and (job := queue.pop([*running.values()], slots)):
                text = job.parcel().to_bytes()
                future = client.submit(worker.perform_elsewhere, text, pure=False)
                running[future] = job
                coming.add(future)
                tell(job, "sent to the cluster")
            future = next(coming)
            job = running.pop(future)
            result: Evidence | BaseException
            try:
                result = future.exception() or serialisation.evidence_from_json(*future.result())
            except (TypeError, ValueError) as bad:
                result = bad
            future.release()
            evidence = attempts.settle(job, result)
            if evidence is None:
                tell(job, "failed on a worker; tried again")
                queue.add(job)
            else:
                yield job, evidence


def at(address: str, jobs: int, data_dir: Path | None) -> DaskEngine:
    """The engine of a cluster whose scheduler is at HOST:PORT; its workers find the data.

    Raises:
        UsageError: that is no address.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        raise UsageError(f"--engine dask://{address}: expected dask://HOST:PORT")
    return DaskEngine(f"tcp://{address}")


def _examine(client: Any) -> None:
    """Refuses a cluster on which every job would fail: told once, and before anything is sent."""
    try:
        found = client.run(_fitness)
    except Exception as bad:  # whatever an import there raises
        raise UsageError(
            f"the workers cannot run the grader ({type(bad).__name__}: {bad}); install "
            "'grader[cluster]' on each of them"
        ) from None
    for address, (libraries, reason) in found.items():
        other = library_versions.difference(libraries)
        told = f"it has {other}; install the same everywhere" if other else reason
        if told:
            raise UsageError(f"the worker {address} is not fit: {told}")


def _fitness() -> tuple[dict[str, str], str]:
    """Runs on each worker: its libraries, and why it has no sandbox, if so."""
    try:
        choose.best()
    except SandboxError as none:
        return library_versions.versions(), str(none)
    return library_versions.versions(), ""
