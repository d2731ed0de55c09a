"""Versions of libraries: known, told when they differ, and part of a result's key."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

import pytest

from grader.core import library_versions


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing remembered from before, nor for those who come after."""
    library_versions.versions.cache_clear()
    yield
    library_versions.versions.cache_clear()


def installed(monkeypatch: pytest.MonkeyPatch, **known: str) -> None:
    """As if these libraries were installed, and no other."""

    def version(name: str) -> str:
        if name not in known:
            raise metadata.PackageNotFoundError(name)
        return known[name]

    monkeypatch.setattr(metadata, "version", version)


def test_each_library_has_its_version_or_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, numpy="2.0", torch="2.9.1")
    found = library_versions.versions()
    assert found["python"] == platform.python_version()
    assert (found["numpy"], found["torch"], found["pandas"]) == ("2.0", "2.9.1", "missing")
    assert set(found) == {"python", *library_versions.LIBRARIES}


def test_the_digest_changes_with_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, numpy="2.0")
    first = library_versions.digest()
    assert first == library_versions.digest()
    assert len(first) == 16
    library_versions.versions.cache_clear()
    installed(monkeypatch, numpy="2.1")
    assert library_versions.digest() != first


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ({}, ""),
        ({"numpy": "1.26"}, "numpy 1.26 instead of 2.0"),
        ({"pandas": "2.2"}, "pandas 2.2 instead of missing"),
        ({"jax": "0.4"}, "jax 0.4 instead of missing"),
        (
            {"numpy": "1.26", "torch": "missing"},
            "numpy 1.26 instead of 2.0, torch missing instead of 2.9.1",
        ),
    ],
)
def test_a_difference_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, theirs: dict[str, str], told: str
) -> None:
    installed(monkeypatch, numpy="2.0", torch="2.9.1")
    assert library_versions.difference(library_versions.versions() | theirs) == told


def test_what_the_other_side_does_not_tell_is_missing_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(monkeypatch, numpy="2.0")
    assert "numpy missing instead of 2.0" in library_versions.difference({})
