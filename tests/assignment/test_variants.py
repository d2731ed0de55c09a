"""Variant files: read strictly. How they take the reference's place: core/test_notebook_patch."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment import variants
from grader.core.errors import UsageError

FILE = """\
# A note on all of them.

# %% loses double: adds one
def double(x):
    return x + 1

# %% keeps double, half: both
def double(x):
    return x + x

def half(x):
    return 0.5 * x
"""


def test_a_file_holds_several_variants() -> None:
    first, second = variants.parse(FILE, "v.py", ["double", "half"])
    assert (first.verb, first.items, first.why) == ("loses", ("double",), "adds one")
    assert first.code == "def double(x):\n    return x + 1\n"
    assert first.source == "v.py, line 3"
    assert not first.is_right
    assert (second.items, second.is_right) == (("double", "half"), True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def double(x): pass", "no line begins with '# %%'"),
        ("# %% breaks double: x", "a variant begins with a line such as '# %% loses double: why'"),
        ("# %% loses double", "a variant begins with"),
        ("# %% loses triple: x", "'triple' is no item; known are double, half"),
    ],
)
def test_what_is_no_variant_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"v\.py") as bad:
        variants.parse(text, "v.py", ["double", "half"])
    assert told in str(bad.value)


def test_a_folder_is_read_in_order_without_the_base_and_the_list_of_mutants(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "sums"
    folder.mkdir()
    for name, text in (
        ("b.py", "# %% keeps half: fine\n"),
        ("a.toml", "# %% refers half: look\nx = 1\n\n\n"),
        ("base.py", "x = 2"),
        ("equivalent.toml", "x = 3"),
        ("notes.md", "nothing"),
    ):
        (folder / name).write_text(text)
    found = variants.read(folder, ["half"])
    assert [(v.verb, v.source, v.code) for v in found] == [
        ("refers", "sums/a.toml, line 1", "x = 1\n"),
        ("keeps", "sums/b.py, line 1", "\n"),
    ]
    assert variants.read(tmp_path / "nowhere", ["half"]) == ()
