"""A course's own check types, which lie beside its reference. Trusted side.

`reference/NAME/checks.py` is Python of the course's, as trusted as the grader itself: it derives
check types and names them in a table `CHECKS`, as `grader.checks` does. Files in
`reference/NAME/probes/` are probes for these, as those in `grader.sandbox.inside.probes`; each
stands alone, and travels with its question. All of it holds for the one assignment.
"""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from grader.checks import CHECKS
from grader.checks.base import Check
from grader.core.errors import UsageError
from grader.sandbox.inside import probes

FILE, PROBES = "checks.py", "probes"

Kinds = Mapping[str, type[Check]]
"""Check types by the name that rubric files use."""


def known(reference_dir: Path, *, trusted: bool = True) -> Kinds:
    """The check types that an assignment's rubric may name: ours, and its own.

    With `trusted` false nothing of the folder is run.

    Raises:
        UsageError: what lies there is not right, or not trusted.
    """
    path = reference_dir / FILE
    if not path.is_file():
        return CHECKS
    if not trusted:
        rubric = reference_dir.parents[1] / "rubrics" / reference_dir.name
        raise UsageError(
            f"{path} is Python that would run on this machine, and was found by its place alone; "
            f"if it is your course's, name its rubric by the folder: {rubric}"
        )
    own = _own(path, _sources(reference_dir / PROBES))
    for name in own:
        if name in CHECKS:
            raise UsageError(f"{path}: {name} is a check type of the grader's; choose another name")
    return {**CHECKS, **own}


def _own(path: Path, sources: Mapping[str, str]) -> dict[str, type[Check]]:
    """The types of a file: the same ones for the same content."""
    text = _read(path)
    digest = hashlib.sha256(repr((str(path.resolve()), text, sorted(sources.items()))).encode())
    name = f"grader_course_{digest.hexdigest()[:16]}"
    if name not in sys.modules:
        module = types.ModuleType(name)
        module.__file__ = str(path)
        sys.modules[name] = module  # where annotations of models are looked up
        try:
            exec(compile(text, str(path), "exec"), vars(module))  # noqa: S102 (the course's own)
        except Exception as bad:
            del sys.modules[name]
            raise UsageError(f"{path} does not run: {type(bad).__name__}: {bad}") from None
    table = getattr(sys.modules[name], "CHECKS", None)
    if not isinstance(table, dict) or not table:
        raise UsageError(f'{path} has no table of its types; expected CHECKS = {{"name": AClass}}')
    for key, kind in table.items():
        is_type = isinstance(kind, type) and issubclass(kind, Check) and kind.__module__ == name
        if not isinstance(key, str) or not is_type:
            raise UsageError(
                f"{path}: CHECKS: {key!r} is {kind!r}; expected a class of this file that is "
                "derived from grader.checks.base.Check"
            )
        kind.sources = MappingProxyType(dict(sources))
    return table


def _sources(folder: Path) -> dict[str, str]:
    """The source of each probe, by the probe's name."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.py")):
        text = _read(path)
        try:
            names = list(probes.of_source(text))
        except Exception as bad:
            raise UsageError(f"{path} does not run: {type(bad).__name__}: {bad}") from None
        if not names:
            raise UsageError(f"{path} has no probe; mark a function with @probe(FUNCTION)")
        for name in names:
            if name in found or name in probes.here():
                raise UsageError(f"{path}: there is another probe {name}; choose another name")
            found[name] = text
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        raise UsageError(f"{path} cannot be read ({bad})") from None
