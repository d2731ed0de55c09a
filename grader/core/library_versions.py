"""The libraries that student code meets on this machine, for versions change what it does."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import lru_cache
from importlib import metadata

LIBRARIES = (
    "ipykernel",
    "matplotlib",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "seaborn",
    "torch",
    "torchvision",
)


@lru_cache
def versions() -> dict[str, str]:
    """Python and each library that notebooks of this kind use, with its version or "missing"."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def digest() -> str:
    """Stands for all versions in the key of a result: other versions, other result."""
    return hashlib.sha256(json.dumps(versions(), sort_keys=True).encode()).hexdigest()[:16]


def difference(theirs: dict[str, str]) -> str:
    """What differs from this machine, in words; empty if nothing does."""
    ours = versions()
    return ", ".join(
        f"{name} {theirs.get(name, 'missing')} instead of {ours.get(name, 'missing')}"
        for name in sorted(ours | theirs)
        if ours.get(name) != theirs.get(name)
    )
