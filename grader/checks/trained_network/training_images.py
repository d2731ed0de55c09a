"""Whether a picture shows one of Fashion-MNIST's training images. Trusted side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.retraining.datasets import fashion_mnist

_KNOWN: dict[str, frozenset[bytes]] = {}  # by the folder of the data


def shows_one(image: NDArray[np.float64], data_dir: Path | None) -> bool:
    """Whether an image, or a 28 x 28 part of a grid of images, is a training image.

    `image` is h x w, or with channels first or last; `data_dir` holds the data set.
    """
    if image.ndim == 3:
        image = image.mean(axis=-1) if image.shape[-1] <= 4 else image.mean(axis=0)
    known = _known(data_dir)
    height, width = image.shape
    for top in range(0, max(1, height - 27), 30 if height > 28 else 1):
        for left in range(0, max(1, width - 27), 30 if width > 28 else 1):
            # torchvision's grids have two pixels between images
            offset = 2 if height > 28 else 0
            tile = image[top + offset : top + offset + 28, left + offset : left + offset + 28]
            if tile.shape == (28, 28) and known.intersection(_shades(tile[np.newaxis])):
                return True
    return False


def _known(data_dir: Path | None) -> frozenset[bytes]:
    key = str(data_dir)
    if key not in _KNOWN:
        images = fashion_mnist.load("train", data_dir)[0]
        parts = np.array_split(images, max(1, len(images) // 1000))  # in a processor's cache
        _KNOWN[key] = frozenset(found for part in parts for found in _shades(part))
    return _KNOWN[key]


def _shades(images: NDArray[Any]) -> list[bytes]:
    """Of images n x 28 x 28 the pixels of each in 0 .. 15: the same for any range or rounding.

    Missing pixels are the darkest. An image of one shade, or of endless range, has none.
    """
    low = np.fmin.reduce(images, axis=(1, 2), keepdims=True).astype(np.float64)
    with np.errstate(all="ignore"):
        span = np.fmax.reduce(images, axis=(1, 2), keepdims=True) - low
        has_shades = np.isfinite(span) & (span > 0)
        shades = np.nan_to_num(np.floor((images - low) / span * 15 + 1e-4)).astype(np.uint8)
    return [image.tobytes() for image in shades[has_shades[:, 0, 0]]]
