"""One thread for each process: on small arrays several only wait for each other, above all where
the machine has other work to do."""

from __future__ import annotations

import os

from hypothesis import settings

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # read when numpy and torch are imported, after this

# In continuous integration the same examples each time: what fails there can be repeated here.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")
