"""The data set is found wherever it may lie, verified, and split into what student code may see."""

from __future__ import annotations

import gzip
import hashlib
import os
import urllib.error
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.core.errors import GraderError, UsageError
from grader.retraining.datasets import fashion_mnist as module

TRAIN, TEST = 60, 20
Contents = dict[str, bytes]


def idx(array: np.ndarray[Any, Any]) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return head + array.astype(np.uint8).tobytes()


def contents() -> Contents:
    """A small data set; each image is filled with its row's number."""
    found = {}
    for prefix, count, first in (("train", TRAIN, 0), ("t10k", TEST, 100)):
        rows = np.arange(first, first + count, dtype=np.uint8)
        found[f"{prefix}-images-idx3-ubyte"] = idx(np.repeat(rows, 784).reshape(count, 28, 28))
        found[f"{prefix}-labels-idx1-ubyte"] = idx(rows % 10)
    return found


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine where the small data set is the right one, and lies nowhere; returns its home."""
    sums = {
        name: hashlib.md5(body, usedforsecurity=False).hexdigest()
        for name, body in contents().items()
    }
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(module, "FILES", sums)
    monkeypatch.setattr(module, "USUAL_PLACES", (str(home / "usual"),))
    monkeypatch.setattr(module, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(module, "STANDIN_SIZE", 10)
    monkeypatch.setattr(module, "standin_indices", lambda: np.arange(10))
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")
    forget()
    yield home
    forget()


def forget() -> None:
    module._prepared.cache_clear()
    module._loaded.cache_clear()


def lay(folder: Path, *, packed: bool = False, without: str = "") -> Path:
    folder.mkdir(parents=True)
    for name, body in contents().items():
        if name != without:
            if packed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(body))
            else:
                (folder / name).write_bytes(body)
    return folder


# --- finding -----------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("below", ["", "raw", "FashionMNIST/raw"])
def test_it_is_found_in_a_folder_of_any_usual_form(
    tmp_path: Path, below: str, packed: bool
) -> None:
    lay(tmp_path / "mine" / below, packed=packed)
    found = module.prepare(tmp_path / "mine")
    assert found == tmp_path / "cache" / "true"
    assert {path.name: path.read_bytes() for path in found.iterdir()} == contents()


@pytest.mark.parametrize("place", ["home/usual", "debian"])
def test_it_is_found_where_it_usually_lies(tmp_path: Path, place: str) -> None:
    lay(tmp_path / place)
    assert module.prepare(fetch=False) == tmp_path / "cache" / "true"


def test_what_was_found_once_is_there_for_ever(tmp_path: Path) -> None:
    lay(tmp_path / "debian")
    module.prepare()
    forget()
    for path in (tmp_path / "debian").iterdir():
        path.unlink()
    assert module.prepare(fetch=False) == tmp_path / "cache" / "true"


def test_a_folder_that_lacks_a_file_is_told_with_what_was_expected(tmp_path: Path) -> None:
    mine = lay(tmp_path / "mine", without="train-labels-idx1-ubyte")
    lay(tmp_path / "debian")  # the folder that is named is the only place
    with pytest.raises(UsageError, match="mine does not hold Fashion-MNIST: expected the files"):
        module.prepare(mine)


@pytest.mark.parametrize("damage", ["byte", "cut", "archive", "large"])
def test_a_file_that_is_not_the_right_one_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    mine = lay(tmp_path / "mine", packed=damage == "archive")
    (first, *_) = sorted(mine.iterdir())
    if damage == "large":
        monkeypatch.setattr(module, "MAX_FILE", 10)
    elif damage == "byte":
        first.write_bytes(first.read_bytes()[:-1] + b"\xff")
    else:
        first.write_bytes(first.read_bytes()[:-9])
    with pytest.raises(UsageError):
        module.prepare(mine)


def test_a_damaged_copy_of_ours_is_replaced(tmp_path: Path) -> None:
    lay(tmp_path / "debian")
    broken = module.prepare() / "train-labels-idx1-ubyte"
    forget()
    broken.write_bytes(b"")
    module.prepare()
    assert broken.read_bytes() == contents()[broken.name]


def test_without_the_network_nothing_is_fetched() -> None:
    with pytest.raises(GraderError, match="`grader data` fetches it"):
        module.prepare(fetch=False)


# --- fetching ----------------------------------------------------------------------------------


class Mirrors:
    """In the place of the network: serves these files, and keeps what was asked."""

    def __init__(self, served: Contents, dead: tuple[str, ...] = ()) -> None:
        self.served, self.dead, self.asked = served, dead, list[str]()

    def __call__(self, url: str, timeout: float) -> BytesIO:
        self.asked.append(url)
        name = url.rpartition("/")[2]
        if url.startswith(self.dead) or name.removesuffix(".gz") not in self.served:
            raise urllib.error.URLError("not found")
        return BytesIO(gzip.compress(self.served[name.removesuffix(".gz")]))


def online(monkeypatch: pytest.MonkeyPatch, mirrors: Mirrors) -> Mirrors:
    monkeypatch.setattr("urllib.request.urlopen", mirrors)
    monkeypatch.setattr("shutil.which", lambda name: None)  # no apt here
    return mirrors


def test_it_is_fetched_from_the_first_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors = online(monkeypatch, Mirrors(contents()))
    found = module.prepare()
    assert {path.name: path.read_bytes() for path in found.iterdir()} == contents()
    assert all(url.startswith(module.MIRRORS[0]) for url in mirrors.asked)


def test_the_second_mirror_helps_where_the_first_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors = online(monkeypatch, Mirrors(contents(), dead=module.MIRRORS[:1]))
    assert module.prepare().is_dir()
    assert any(url.startswith(module.MIRRORS[1]) for url in mirrors.asked)


def test_a_mirror_that_serves_something_else_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    online(monkeypatch, Mirrors(dict.fromkeys(contents(), b"something else")))
    with pytest.raises(GraderError, match="could not be fetched from torchvision's mirrors"):
        module.prepare()


# --- what is loaded ----------------------------------------------------------------------------


@pytest.fixture
def there(tmp_path: Path) -> None:
    lay(tmp_path / "debian")


@pytest.mark.usefixtures("there")
def test_images_and_labels_come_as_they_lie() -> None:
    images, labels = module.load("test")
    assert (images.shape, images.dtype) == ((TEST, 28, 28), np.uint8)
    assert images[:, 5, 5].tolist() == list(range(100, 100 + TEST))
    assert labels.tolist() == [n % 10 for n in range(TEST)]


@pytest.mark.usefixtures("there")
def test_what_is_loaded_can_not_be_changed() -> None:
    for split in ("train", "test", "standin"):
        images, labels = module.load(split)
        for array in (images, labels):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


@pytest.mark.usefixtures("there")
def test_questions_name_images_and_never_labels() -> None:
    assert np.array_equal(module.resource("fashion_mnist/test_images"), module.load("test")[0])
    assert module.resource("fashion_mnist/standin_images")[:, 0, 0].tolist() == list(range(10))
    with pytest.raises(GraderError, match="'fashion_mnist/test_labels'"):
        module.resource("fashion_mnist/test_labels")


# --- what student code sees --------------------------------------------------------------------


def seen(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    raw = folder / "FashionMNIST" / "raw"
    return {path.name: module._read(path) for path in raw.iterdir()}


@pytest.mark.usefixtures("there")
def test_the_sandbox_sees_no_image_and_no_label_of_the_test_set() -> None:
    files = seen(module.sandbox_folder())
    assert set(files) == set(contents())
    assert files["t10k-images-idx3-ubyte"][:, 0, 0].tolist() == list(range(10))  # stand-ins
    assert files["t10k-labels-idx1-ubyte"].tolist() == list(range(10))
    assert np.array_equal(files["train-images-idx3-ubyte"], module.load("train")[0])
    assert max(files["t10k-images-idx3-ubyte"].max(), TRAIN) < 100  # test images begin there


@pytest.mark.usefixtures("there")
def test_others_may_read_the_sandboxs_folder() -> None:
    base = module.sandbox_folder()
    for path in (base, *base.rglob("*")):
        assert path.stat().st_mode & 0o004


@pytest.mark.usefixtures("there")
def test_a_run_has_its_own_numbers_of_classes() -> None:
    order = np.roll(np.arange(10, dtype=np.uint8), 3)
    true = seen(module.sandbox_folder())
    with module.permuted_folder(order) as folder:
        files = seen(folder)
    for name in ("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"):
        assert files[name].tolist() == order[true[name]].tolist()
    assert np.array_equal(files["train-images-idx3-ubyte"], true["train-images-idx3-ubyte"])
    assert not folder.exists()


@pytest.mark.usefixtures("there")
def test_an_audit_has_its_pixels_moved() -> None:
    pixels = np.arange(784)[::-1].copy()
    order = np.arange(10, dtype=np.uint8)
    with module.permuted_folder(order, pixels=pixels) as folder:
        moved = seen(folder)["train-images-idx3-ubyte"]
    true = module.load("train")[0]
    assert moved.shape == true.shape
    assert np.array_equal(moved.reshape(TRAIN, -1), true.reshape(TRAIN, -1)[:, ::-1])


@pytest.mark.usefixtures("there")
def test_a_run_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        module.permuted_folder(np.arange(10, dtype=np.uint8)) as folder,
    ):
        raise ZeroDivisionError
    assert not folder.exists()
    assert [path.name for path in (tmp_path / "cache").iterdir() if "run-" in path.name] == []


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a" / "file"
    module._install(target, b"first")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", full)
        with pytest.raises(OSError, match="No space"):
            module._install(target, b"second")
    assert target.read_bytes() == b"first"
    assert target.stat().st_mode & 0o777 == 0o644
