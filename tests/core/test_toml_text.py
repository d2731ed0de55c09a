"""TOML of somebody else's: what is too large, too deep or too long is told, and costs no time."""

from __future__ import annotations

import pytest

from grader.core import toml_text


def test_a_text_is_its_tables() -> None:
    text = '\ufeffa.b.c = 1\nd = ["1.2.3.4", 2.5]\n[e]\n"f.g" = "x"\n'
    assert toml_text.parse(text.encode()) == {
        "a": {"b": {"c": 1}},
        "d": ["1.2.3.4", 2.5],
        "e": {"f.g": "x"},
    }


def test_dots_in_texts_and_numbers_are_no_keys() -> None:
    text = f'hint = "{"so ... " * 40}"\nshown = [{", ".join(["1.5"] * 100)}]\n'
    assert len(toml_text.parse(text.encode())["shown"]) == 100


def test_many_dotted_keys_are_read() -> None:
    text = "\n".join(f"a.b.k{number} = {number}" for number in range(20_000))
    assert len(toml_text.parse(text.encode())["a"]["b"]) == 20_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "9" * 5000, "4300 digits"),
        (".".join(["a"] * 20_000) + " = 1", "a key has more than 24 parts"),
        (" . ".join(['"a"'] * 30) + " = 1", "a key has more than 24 parts"),
        ("[" + ".".join(["a"] * 30) + "]", "a key has more than 24 parts"),
        ("a = " + "[" * 50_000, "nested too deeply"),
        ("a = " + "[" * 100 + "]" * 100, "nested too deeply"),
        ("a = " + "{b = " * 100 + "1" + "}" * 100, "nested too deeply"),
        ("#" + "x" * (1 << 20), "larger than 1024 KiB"),
        ("a = 0x" + "f" * 9000, "too many digits"),
        ("a = ", "Invalid value"),
    ],
    ids=lambda value: value[:12],
)
def test_what_nobody_writes_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        toml_text.parse(text.encode())


def test_what_is_no_text_is_told() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        toml_text.parse(b"a = '\xff'")


def test_a_long_word_is_searched_once() -> None:
    """A pattern that begins anew at each letter would need hours for it."""
    text = f'a = "{"x" * 1_000_000}"'
    assert len(toml_text.parse(text.encode())["a"]) == 1_000_000


def test_the_bounds_themselves_are_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml_text, "MOST_BYTES", 1 << 10)
    assert toml_text.parse(f"a = {2**63 - 1}".encode()) == {"a": 2**63 - 1}
    assert toml_text.parse(("#" * toml_text.MOST_BYTES).encode()) == {}
    assert "a" in toml_text.parse(f"{'.'.join(['a'] * 24)} = 1".encode())
    deep = toml_text.DEEPEST - 1
    assert "a" in toml_text.parse(f"a = {'[' * deep}{']' * deep}".encode())
    with pytest.raises(ValueError, match="nested too deeply"):
        toml_text.parse(f"a = {'[' * (deep + 1)}{']' * (deep + 1)}".encode())
    with pytest.raises(ValueError, match="too many digits"):
        toml_text.parse(f"a = [[{2**63}]]".encode())
