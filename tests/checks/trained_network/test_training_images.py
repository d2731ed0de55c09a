"""Which pictures show a training image, however they were scaled, coloured or laid out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from numpy.typing import NDArray

from grader.checks.trained_network import training_images
from grader.retraining.datasets import fashion_mnist

IMAGES = np.random.default_rng(1).integers(0, 256, (60, 28, 28), dtype=np.uint8)


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (IMAGES, None))
    monkeypatch.setattr(training_images, "_KNOWN", {})


def is_known(image: NDArray[Any]) -> bool:
    return training_images.shows_one(image.astype(np.float64), Path("made-up"))


def grid(*images: NDArray[Any], channels: int) -> NDArray[np.float32]:
    """Images as torchvision's make_grid lays them out, for imshow."""
    tensor = torch.as_tensor(np.stack(images))[:, None].float() / 255
    made: NDArray[np.float32] = torchvision.utils.make_grid(tensor, nrow=4).numpy()
    return made.transpose(1, 2, 0) if channels == 3 else made[0]


@pytest.mark.parametrize(
    "image",
    [
        IMAGES[3],
        IMAGES[3] / np.float32(255),
        (IMAGES[3] / np.float32(255) - 0.5) / 0.5,
        IMAGES[3].astype(np.float64) * 7 - 100,
        np.stack([IMAGES[3]] * 3, axis=-1),
        np.stack([IMAGES[3]] * 3),
        np.hstack(list(IMAGES[:5])),
        grid(*IMAGES[:8], channels=1),
        grid(*IMAGES[:8], channels=3),
    ],
    ids=[
        *("bytes", "fractions", "normalised", "scaled", "colour", "channels first", "row"),
        *("grid", "grid in colour"),
    ],
)
def test_an_image_of_the_data_set_is_known(image: NDArray[Any]) -> None:
    assert is_known(image)


def test_each_image_is_known() -> None:
    assert all(is_known(image) for image in IMAGES)


@pytest.mark.parametrize(
    "image",
    [
        255 - IMAGES[3],
        np.eye(28),
        np.zeros((28, 28)),
        np.full((28, 28), np.nan),
        IMAGES[3, :20],
        np.full((28, 28), np.inf),
        np.where(np.eye(28) > 0, np.inf, IMAGES[3]),
        np.zeros((1, 1)),
        IMAGES[3].T,
    ],
)
def test_others_are_not(image: NDArray[Any]) -> None:
    assert not is_known(image)
