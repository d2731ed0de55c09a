"""What may cross the trust line, and what may not."""

from __future__ import annotations

import base64
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Ending, Evidence, Question, Resource

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.from_regex(r"\A[a-z_]\w*\Z"), inner),
    max_leaves=20,
)


def array_text(array: np.ndarray, allow_pickle: bool = False) -> str:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=allow_pickle)
    return base64.b64encode(buffer.getvalue()).decode()


@given(plain)
def test_plain_data_comes_back_as_it_went(value: object) -> None:
    assert codec.decode(codec.encode(value)) == value


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "float64", ">f4"])
def test_arrays_come_back_with_kind_shape_and_values(dtype: str) -> None:
    array = np.arange(12).reshape(3, 4).astype(dtype)
    back = codec.decode(codec.encode({"a": array}))["a"]
    assert back.shape == (3, 4)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_nan_and_infinity_have_words_of_their_own() -> None:
    back = codec.decode(codec.encode([math.nan, math.inf, -math.inf]))
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf]


def test_a_courses_own_probe_is_part_of_what_is_asked() -> None:
    plain = Question(probe="p", params={})
    own = [Question(probe="p", params={}, source=text) for text in ("a = 1", "a = 2")]
    assert len({codec.digest(question) for question in (plain, *own)}) == 3
    assert codec.sent(own[0]) == {"probe": "p", "params": {}, "source": "a = 1"}


def test_a_resource_is_named_in_the_digest_and_put_in_when_sent() -> None:
    question = Question(probe="p", params={"x": Resource(name="images")})
    sent = codec.encode(dict(question.params), lambda name: np.zeros(3))
    assert np.array_equal(codec.decode(sent)["x"], np.zeros(3))
    assert codec.digest(question) == codec.digest(
        Question(probe="p", params={"x": Resource(name="images")})
    )
    assert codec.digest(question) != codec.digest(
        Question(probe="p", params={"x": Resource(name="labels")})
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[NaN]",
        '{"$array": 3}',
        '{"$array": "!!"}',
        '{"$float": "1e9"}',
        '{"$eval": "1"}',
        '{"$array": "", "x": 1}',
        "[" * 40 + "]" * 40,
        "[" * 100_000,
    ],
)
def test_what_is_not_in_the_protocol_is_refused(text: str) -> None:
    with pytest.raises(codec.WireError):
        codec.decode(text)


def test_a_pickled_object_array_is_refused_and_not_loaded() -> None:
    text = array_text(np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(codec.WireError):
        codec.decode(json.dumps({"$array": text}))


@pytest.mark.parametrize("shape", [(10**15,), (-1,), (4,), (2**62, 4)])
def test_a_shape_that_is_not_what_the_bytes_hold_is_refused(shape: tuple[int, ...]) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, header)
    text = base64.b64encode(buffer.getvalue() + bytes(24)).decode()
    with pytest.raises(codec.WireError):
        codec.decode(json.dumps({"$array": text}))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10000000000000000000000000)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0," + "0," * 70 + ")}",
        "{'descr': [], 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f8', 'fortran_order': False}",
        "'''",
        "(" * 1500,
        "-" * 1900 + "1",
        "[1" * 300,
    ],
)
def test_a_header_that_is_none_is_refused(header: str) -> None:
    """Numpy's reading of it fails in many ways, and not all of them are a ValueError."""
    blob = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    with pytest.raises(codec.WireError):
        codec.decode(json.dumps({"$array": base64.b64encode(blob).decode()}))


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_arrays_of_every_version_of_the_format_are_read(version: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.arange(4.0), version=version)
    text = base64.b64encode(buffer.getvalue()).decode()
    assert codec.decode(json.dumps({"$array": text})).tolist() == [0, 1, 2, 3]


def test_arrays_with_one_header_keep_their_own_values() -> None:
    first, second = codec.decode(codec.encode([np.arange(3), np.arange(3) + 5]))
    assert (first.tolist(), second.tolist()) == ([0, 1, 2], [5, 6, 7])


@pytest.mark.parametrize("size", [0, 5, 6, 7, 8, 9, 10, 40, 100])
def test_an_array_that_is_cut_off_is_refused(size: int) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    text = base64.b64encode(buffer.getvalue()[:size]).decode()
    with pytest.raises(codec.WireError):
        codec.decode(json.dumps({"$array": text}))


def test_numbers_that_no_float_can_hold_are_refused() -> None:
    assert codec.decode(str(10**300)) == 10**300
    for text in ("9" * 400, "9" * 10_000):
        with pytest.raises(codec.WireError):
            codec.decode(text)


def test_more_values_than_any_answer_has_are_refused_before_they_are_made() -> None:
    text = "[" + "[]," * 30 + "[]]"
    assert len(codec.decode(text, most=63)) == 31
    with pytest.raises(codec.WireError, match="more than 62 values"):
        codec.decode(text, most=62)


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", 1j, object, [{"a": (1, {2})}]])
def test_what_is_no_plain_data_is_not_sent(value: object) -> None:
    with pytest.raises(codec.WireError, match="is not plain data"):
        codec.encode(value)


def test_tuples_numbers_of_numpy_and_other_keys_become_plain() -> None:
    value = {1: (np.int64(2), np.float32(0.5)), None: np.bool_(True), "n": np.float64("nan")}
    found = codec.decode(codec.encode(value))
    assert (found["1"], found["None"]) == ([2, 0.5], True)
    assert math.isnan(found["n"])


@pytest.mark.parametrize("dtype", ["c8", "U3", "S3", "M8[s]", "i4,f4", "V4"])
def test_arrays_of_other_than_numbers_are_refused(dtype: str) -> None:
    text = array_text(np.zeros(2, dtype=dtype))
    with pytest.raises(codec.WireError, match="an array of a kind that is not allowed"):
        codec.read_array(text)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)])
def test_arrays_of_one_value_or_of_none_are_arrays(shape: tuple[int, ...]) -> None:
    assert codec.read_array(array_text(np.ones(shape))).shape == shape


def test_an_array_whose_columns_are_stored_first_keeps_its_places() -> None:
    array = np.asfortranarray(np.arange(6).reshape(2, 3))
    assert codec.read_array(array_text(array)).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_bytes_behind_an_array_and_line_breaks_in_its_text_are_refused() -> None:
    blob = base64.b64decode(array_text(np.arange(3)))
    with pytest.raises(codec.WireError, match="whose size is not what it says"):
        codec.read_array(base64.b64encode(blob + b"x").decode())
    with pytest.raises(codec.WireError, match="not an array: Error"):
        codec.read_array(base64.encodebytes(blob).decode())


def test_texts_and_keys_of_a_hostile_sender_can_be_written() -> None:
    assert codec.decode('{"\\ud800": ["\\udfff", "ä"]}') == {"?": ["?", "ä"]}
    with pytest.raises(codec.WireError, match="not JSON: UnicodeDecodeError"):
        codec.decode(b'"\xff"')


def test_depth_is_counted_from_what_is_said() -> None:
    assert codec.decode("[[1]]", depth=2) == [[1]]
    with pytest.raises(codec.WireError, match="nested too deeply"):
        codec.decode("[[1]]", depth=1)


def test_what_nobody_answered_is_lost_and_says_why() -> None:
    question = Question(probe="p", params={})
    given = Answer(status=AnswerStatus.OK, value=1)
    ended = Evidence(task="t", ending=Ending.CRASHED, message="It crashed.")
    assert codec.answer_to(question, None) == Answer(status=AnswerStatus.LOST, error="")
    assert codec.answer_to(question, ended) == Answer(status=AnswerStatus.LOST, error="It crashed.")
    kept = Evidence(
        task="t", ending=Ending.CRASHED, answers={codec.digest(question): given}, message="Later."
    )
    assert codec.answer_to(question, kept) is given
