"""What others wrote is read within bounds, or refused with a ValueError or None."""

from __future__ import annotations

import json
import re
import zlib
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core import bounded


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", "7"),
        (" 7,50 ", "7.50"),
        ("-0.5", "-0.5"),
        (".5", "0.5"),
        ("1E+1", "10"),
        ("8.3333333333333", "8.3333333333333"),
    ],
)
def test_a_grade_is_read_with_point_or_comma(text: str, number: str) -> None:
    assert bounded.decimal(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1E+999999",
        "1E+30",
        "1e-999",
        "9" * 13,
        "9" * 5000,
        "NaN",
        "inf",
        "1_0",
        "1,234.5",
        "0." + "1" * 99,
    ],
)
def test_a_number_that_no_course_gives_is_none(text: str) -> None:
    assert bounded.decimal(text) is None


def test_points_have_two_decimals_at_most() -> None:
    assert bounded.cents("1,25") == Decimal("1.25")
    assert bounded.cents("1.2500") == Decimal("1.25")
    assert bounded.cents("1.255") is None
    assert bounded.cents("999999999999.0000000001") is None
    assert bounded.cents("1E+30") is None


def test_json_is_read_as_it_is() -> None:
    value = {"a": [1, 2.5, None, "x", {"b": -(10**200)}]}
    assert bounded.json_value(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 200 + "]" * 200,
        "[" * 100_000,
        '{"a":' * 150 + "1" + "}" * 150,
        "9" * 301,
        "[" + "1," * 3_000_000 + "1]",
    ],
)
def test_json_that_nobody_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bounded.json_value(text)


def test_what_is_packed_is_unpacked_up_to_a_size() -> None:
    body = zlib.compress(bytes(1000))
    assert bounded.unpacked(body, 1000) == bytes(1000)
    for packed, most in ((body, 999), (body[:-5], 1000), (b"no zlib", 1000), (b"", 1000)):
        with pytest.raises(ValueError, match="packed body"):
            bounded.unpacked(packed, most)


def picture(width: int, height: int) -> bytes:
    return bounded.PNG + bytes(8) + width.to_bytes(4) + height.to_bytes(4) + bytes(9)


def test_pictures_fit_on_a_page_by_what_they_unpack_to() -> None:
    small, large, larger = picture(640, 480), picture(4000, 4000), picture(4001, 4000)
    assert bounded.pixels(small) == 640 * 480
    assert bounded.pixels(b"GIF89a" + bytes(99)) is None
    assert bounded.pictures([larger, small, b"", large]) == [small, large]
    assert bounded.pictures([large] * 9) == [large] * 6


def test_the_bounds_themselves_are_still_read() -> None:
    assert bounded.json_value("9" * 300) == 10**300 - 1
    assert bounded.json_value("[" * 100 + "]" * 100)
    assert bounded.json_value("[1, 2]", most=3) == [1, 2]
    with pytest.raises(ValueError, match="it holds more than 2 values"):
        bounded.json_value("[1, 2]", most=2)
    with pytest.raises(ValueError, match="its lists are nested too deeply"):
        bounded.json_value("[" * 101 + "]" * 101)
    with pytest.raises(ValueError, match="a whole number has too many digits"):
        bounded.json_value("-" + "9" * 300)


@pytest.mark.parametrize(
    ("text", "most"), [("7", 1), ("[]", 2), ('{"a": [1, 2]}', 4), ('",[{"', 4)]
)
def test_values_are_counted_alike_in_text_and_bytes(text: str, most: int) -> None:
    assert bounded.values(text) == bounded.values(text.encode()) == most


def test_what_follows_a_packed_body_is_none_of_it() -> None:
    assert bounded.unpacked(zlib.compress(b"body") + b"more", 4) == b"body"
    with pytest.raises(ValueError, match="breaks off, or is larger than 2 MiB"):
        bounded.unpacked(zlib.compress(bytes((2 << 20) + 1)), 2 << 20)


def test_the_head_of_a_picture_must_be_whole() -> None:
    assert bounded.pixels(picture(2, 3)) == 6
    assert bounded.pixels(picture(2, 3)[:-1]) is None


@pytest.mark.parametrize(
    "text", ["9999-12-31 23:59:59+00:00", "0001-01-01 00:00", "2200-01-01", "1969-12-31", "x", ""]
)
def test_a_time_that_other_zones_may_not_have_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is in no year of a course|Invalid isoformat"):
        bounded.time(text)


@pytest.mark.parametrize("text", ["1970-01-01", "2021-05-30T20:00:00+14:00", "2199-12-31 23:59"])
def test_a_time_of_a_course_is_one_in_each_zone(text: str) -> None:
    time = bounded.time(text)
    for hours in (-23, 23):
        assert time.astimezone(timezone(timedelta(hours=hours))) == time.astimezone(UTC)


@pytest.mark.parametrize(("seconds", "year"), [(-1e18, 1970), (1.6e9, 2020), (1e18, 2191)])
def test_a_file_has_a_time_whatever_its_disk_says(seconds: float, year: int) -> None:
    assert bounded.file_time(seconds).year == year


def test_no_other_module_reads_times() -> None:
    package = Path(bounded.__file__).parents[1]
    reads = re.compile(r"\.(fromisoformat|fromtimestamp|strptime)\(")
    found = [path.name for path in package.rglob("*.py") if reads.search(path.read_text())]
    assert found == ["bounded.py"]
