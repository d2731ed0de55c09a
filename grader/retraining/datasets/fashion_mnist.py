"""Fashion-MNIST: found or fetched, verified, and split into what student code may see. Trusted.

The true test images and labels stay here. The folder for the sandbox holds the training set, and
in place of the test set a stand-in: training images, drawn once for all.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from grader.core import user_cache
from grader.core.errors import GraderError, UsageError

Split = Literal["train", "test", "standin"]
Array = np.ndarray[Any, Any]

FILES = {  # md5 of the unzipped files
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}
FIXTURE = "fashion_mnist"
"""What brings the data to a notebook in the sandbox."""

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/fashion-mnist/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
PACKAGE = "dataset-fashion-mnist"
USUAL_PLACES = ("data", "~/.pytorch/F_MNIST_data", "~/.pytorch", "~/data", "~/.cache/torch")
STANDIN_SEED, STANDIN_SIZE = 20210530, 10_000
MAX_FILE = 64 << 20
RESOURCES: dict[str, Split] = {
    "fashion_mnist/test_images": "test",
    "fashion_mnist/standin_images": "standin",
}


def prepare(folder: Path | None = None, *, fetch: bool = True) -> Path:
    """The folder with the four verified, unzipped files; made in the user's cache if need be.

    `folder` is where to look, and then the only place; otherwise the cache, torchvision's usual
    places and Debian's package are tried, and last, with `fetch`, the network.

    Raises:
        UsageError: `folder` does not hold the data.
        GraderError: the data is nowhere, and could not be fetched.
    """
    return _prepared(folder.expanduser().resolve() if folder else None, fetch)


def load(split: Split, folder: Path | None = None) -> tuple[Array, Array]:
    """Images (uint8, N x 28 x 28) and labels (uint8, N), read-only."""
    return _loaded(split, prepare(folder))


def resource(name: str, folder: Path | None = None) -> Array:
    """The array that a question names.

    Raises:
        GraderError: there is none of this name.
    """
    if name not in RESOURCES:
        raise GraderError(f"a check asks for the resource {name!r}; known: {sorted(RESOURCES)}")
    return load(RESOURCES[name], folder)[0]


def sandbox_folder(folder: Path | None = None) -> Path:
    """The folder to mount for student code: `FashionMNIST/raw/` without any true test data."""
    true = prepare(folder)
    base = cache_folder() / "sandbox"
    raw = base / "FashionMNIST" / "raw"
    if not all((raw / name).is_file() for name in FILES):
        for name in FILES:
            if name.startswith("train"):
                _install(raw / name, (true / name).read_bytes())
        images, labels = load("standin", folder)
        _install(raw / "t10k-images-idx3-ubyte", _idx(images))
        _install(raw / "t10k-labels-idx1-ubyte", _idx(labels))
    for place in (base, raw.parent, raw):
        place.chmod(0o755)
    return base


@contextmanager
def permuted_folder(
    labels: Array, folder: Path | None = None, pixels: Array | None = None
) -> Iterator[Path]:
    """A folder for one run: as `sandbox_folder`, with classes renamed, and pixels moved if asked.

    `labels[c]` is the new number of class c, shape (10,); `pixels` is an order of the 784 pixels.
    """
    true = sandbox_folder(folder) / "FashionMNIST" / "raw"
    with tempfile.TemporaryDirectory(
        prefix="run-",
        dir=cache_folder(),
        ignore_cleanup_errors=True,  # gone after Ctrl-C, too
    ) as made:
        place = Path(made)
        raw = place / "FashionMNIST" / "raw"
        raw.mkdir(parents=True)
        for name in FILES:
            content = _read(true / name)
            if "labels" in name:
                _install(raw / name, _idx(np.asarray(labels, np.uint8)[content]))
            elif pixels is not None:
                moved = content.reshape(len(content), -1)[:, pixels].reshape(content.shape)
                _install(raw / name, _idx(moved))
            else:
                (raw / name).hardlink_to(true / name)
        for path in (place, raw.parent, raw):
            path.chmod(0o755)
        yield place


def cache_folder() -> Path:
    """Where the data is kept between runs."""
    return user_cache.folder() / "fashion-mnist"


def standin_indices() -> Array:
    """Which training images stand in for the test set inside the sandbox."""
    rng = np.random.default_rng(STANDIN_SEED)
    return rng.choice(60_000, STANDIN_SIZE, replace=False)


# --- finding ----------------------------------------------------------------------------------


@lru_cache
def _prepared(folder: Path | None, fetch: bool) -> Path:
    installed = cache_folder() / "true"
    if folder is not None:
        if not _install_from(folder, installed):
            raise UsageError(
                f"{folder} does not hold Fashion-MNIST: expected the files {', '.join(FILES)}, "
                "plain or as .gz, with their known checksums"
            )
        return installed
    if all(_content(installed / name) is not None for name in FILES):
        return installed
    usual = [Path(place).expanduser() for place in USUAL_PLACES]
    if any(_install_from(place, installed) for place in [*usual, DEBIAN]):
        return installed
    if not fetch:
        raise GraderError("Fashion-MNIST was not found; `grader data` fetches it")
    with tempfile.TemporaryDirectory(prefix="grader-data-") as name:
        scratch = Path(name)
        for source in (_download, _from_debian):
            if (place := source(scratch)) and _install_from(place, installed):
                return installed
    raise GraderError(
        "Fashion-MNIST could not be fetched from torchvision's mirrors or from Debian; install "
        f"the package {PACKAGE}, or name a folder that holds it with `grader data --dir`"
    )


def _install_from(place: Path, installed: Path) -> bool:
    """Puts the four files into `installed` if `place` holds all of them."""
    found = {name: _find(name, place) for name in FILES}
    if any(content is None for content in found.values()):
        return False
    for name, content in found.items():
        assert content is not None
        _install(installed / name, content)
    return True


def _find(name: str, place: Path) -> bytes | None:
    for folder in (place, place / "raw", place / "FashionMNIST" / "raw"):
        for path in (folder / name, folder / f"{name}.gz"):
            if (content := _content(path)) is not None:
                return content
    return None


def _content(path: Path) -> bytes | None:
    """The unzipped content of a file, if its checksum is the known one."""
    try:
        if path.stat().st_size > MAX_FILE:
            return None
        raw = path.read_bytes()
        content = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error):
        return None
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return content if found == FILES[path.name.removesuffix(".gz")] else None


def _install(path: Path, content: bytes) -> None:
    """Writes a file that others may read, all of it or nothing: another process may do the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(path)


# --- fetching ---------------------------------------------------------------------------------


def _download(scratch: Path) -> Path | None:
    target = scratch / "mirror"
    target.mkdir()
    for name in FILES:
        if not any(_fetch(f"{mirror}{name}.gz", target / f"{name}.gz") for mirror in MIRRORS):
            return None
    return target


def _fetch(url: str, path: Path) -> bool:
    """Whether the file came, and is the right one."""
    import urllib.request  # noqa: PLC0415 (slow to load, and seldom needed)

    try:
        with urllib.request.urlopen(url, timeout=20) as reply:  # noqa: S310 (fixed addresses)
            path.write_bytes(reply.read(MAX_FILE))
    except OSError:  # URLError is one
        return False
    return _content(path) is not None


def _from_debian(scratch: Path) -> Path | None:
    """Debian's package, fetched with an apt state of our own and unpacked: this needs no root."""
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if not apt or not dpkg:
        return None
    state, target = scratch / "apt", scratch / "package"
    for place in (state / "lists" / "partial", state / "archives" / "partial", target):
        place.mkdir(parents=True)
    private = [
        apt,
        "-qq",
        "-o",
        f"Dir::State::Lists={state / 'lists'}",
        "-o",
        f"Dir::Cache={state}",
        "-o",
        "Debug::NoLocking=1",
    ]
    try:
        for command in ([*private, "update"], [*private, "download", PACKAGE]):
            subprocess.run(command, cwd=state, check=True, capture_output=True, timeout=600)
        (deb,) = state.glob(f"{PACKAGE}_*.deb")
        subprocess.run(
            [dpkg, "-x", str(deb), str(target)], check=True, capture_output=True, timeout=600
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return target / DEBIAN.relative_to("/")


# --- idx files --------------------------------------------------------------------------------


@lru_cache(maxsize=6)
def _loaded(split: Split, place: Path) -> tuple[Array, Array]:
    if split == "standin":
        images, labels = _loaded("train", place)
        chosen = standin_indices()
        return _frozen(images[chosen]), _frozen(labels[chosen])
    prefix = "train" if split == "train" else "t10k"
    images = _read(place / f"{prefix}-images-idx3-ubyte")
    return images, _read(place / f"{prefix}-labels-idx1-ubyte")


def _read(path: Path) -> Array:
    raw = path.read_bytes()
    sizes = np.frombuffer(raw, ">u4", count=raw[3], offset=4).tolist()
    return _frozen(np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(sizes))


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array


def _idx(array: Array) -> bytes:
    """An array of bytes in the format of the data set's files."""
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + np.ascontiguousarray(array).tobytes()
