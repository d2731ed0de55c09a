"""Reads what a cross-validation returned: a claim, in whatever form. Trusted side, pure."""

from __future__ import annotations

import numpy as np

from grader.core.model import JSON

MOST_RETURNED = 6
"""Accuracies and average, and perhaps a deviation, losses or models."""


def returned_values(returned: JSON) -> tuple[np.ndarray | None, float | None]:
    """Accuracies and their average from what was returned, as fractions.

    In any order, and with other values beside them: those that belong together are taken.
    """
    vectors, scalars = [], []
    if isinstance(returned, list) and len(returned) <= MOST_RETURNED:
        for part in returned:
            if (scalar := _scalar(part)) is not None:
                scalars.append(scalar / 100 if scalar > 1 else scalar)
            elif (vector := _fractions(part)) is not None:
                vectors.append(vector)
    pairs = [(vector, scalar) for vector in vectors for scalar in scalars]
    if not pairs:
        return _fractions(returned), None
    return min(pairs, key=lambda pair: abs(float(pair[0].mean()) - pair[1]))


def _fractions(value: JSON) -> np.ndarray | None:
    vector = _vector(value)
    return vector / 100 if vector is not None and vector.max() > 1 else vector


def _scalar(value: JSON) -> float | None:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e9 else None  # not for nan either


def _vector(value: JSON) -> np.ndarray | None:
    if isinstance(value, np.ndarray):
        value = (
            value.reshape(-1).tolist() if value.ndim and max(value.shape) == value.size else None
        )
    if not isinstance(value, list) or not 0 < len(value) <= 1000:
        return None
    numbers = [_scalar(entry) for entry in value]
    return None if None in numbers else np.array(numbers, dtype=float)
