"""What every function of the core refuses before a kernel runs: arguments too few or too many, of a wrong kind, size or place."""

import os
import subprocess
import sys

import numpy as np
import pytest

from ofsted_sif import _core
from tests.support import calls

ROWS = 40
FUNCTIONS = sorted(calls.functions())


def good_arguments(name):
    (kind, *_) = (kind for of, kind in calls.kinds() if of == name and calls.succeeds(kind))
    return list(calls.a_call(name, kind, ROWS)[0])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_too_few_and_too_many_arguments_are_counted(name):
    arguments = good_arguments(name)
    for wrong in ([], arguments[:-1], [*arguments, *[0] * 20]):
        with pytest.raises(TypeError, match=rf"^({name} takes [0-9]+ to [0-9]+ arguments, not {len(wrong)}|a piece has)"):
            getattr(_core, name)(*wrong)


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kind in calls.kinds() if calls.succeeds(kind)])
def test_each_argument_of_a_wrong_kind_is_refused(name, kind):
    arguments, _ = calls.a_call(name, kind, ROWS)
    for place in range(len(arguments)):
        for wrong in ("text", 1.5, [1], -(2**70), np.zeros(3, dtype="datetime64[D]"), np.zeros(3, dtype=np.float32)):
            with pytest.raises((TypeError, ValueError, OverflowError, BufferError)):
                getattr(_core, name)(*arguments[:place], wrong, *arguments[place + 1 :])


def a_column(dtype, *values):
    return np.array(values, dtype=dtype)


def test_a_size_is_neither_negative_nor_past_all_memory():
    for size in (-1, 2**62):
        with pytest.raises(ValueError, match=rf"^n_grades is {size}, which is no size$"):
            _core.count_grades(None, 0, a_column(np.int8, 0), size, np.zeros(5, dtype=np.int64))


def test_tables_that_no_memory_holds_are_refused():
    codes, days, nothing = a_column(np.int8, 0), a_column(np.int64, 0), np.zeros(1, dtype=np.int64)
    records = (codes, 1, days, None, None, None, None)
    large = 2**50
    with pytest.raises(ValueError, match=r"^a table of [0-9]+ x [0-9]+ counts does not fit into memory$"):
        _core.count_as_at(*records, None, codes, large, codes, large, None, days, days, nothing)
    with pytest.raises(ValueError, match=r"^a table of [0-9]+ x [0-9]+ counts does not fit into memory$"):
        _core.count_transitions(*records, None, codes, large, codes, large, codes, 4, nothing)
    with pytest.raises(ValueError, match=r"^a table of [0-9]+ x [0-9]+ counts does not fit into memory$"):
        _core.theil_sen(None, codes, large, days, a_column(np.float64, 1), large, days, a_column(np.float64, 1))


def test_no_rank_is_asked_of_any_group():
    nothing = np.zeros(0, dtype=np.int64)
    codes, days, values = a_column(np.int8, 0, 0), a_column(np.int64, 0, 1), a_column(np.float64, 1, 2)
    assert _core.theil_sen(None, codes, 1, days, values, 0, nothing, np.zeros(0)) is None


def test_the_date_of_a_state_is_a_day():
    codes, days, rows = a_column(np.int8, 0), a_column(np.int64, 0), np.zeros(1, dtype=np.int64)
    records = (codes, 1, days, None, None, None, None)
    with pytest.raises(TypeError):
        _core.latest_as_at(*records, "today", 0, rows)
    with pytest.raises(ValueError, match=r"^date is missing$"):
        _core.latest_as_at(*records, -(2**63), 0, rows)
    with pytest.raises(ValueError, match=r"^cutoff is missing$"):
        _core.latest_as_at(*records, 0, -(2**63), rows)
    assert _core.latest_as_at(*records, -1, -1, rows) is None


def test_moments_say_how_many_of_them_make_a_day():
    codes, before, rows = a_column(np.int8, 0), a_column(np.int64, -1), np.zeros(1, dtype=np.int64)
    for moments, units, day in ((before, 86_400, -1), (before, 86_400_000_000_000, -1), (before.astype(np.int32), 1, -1)):
        _core.latest_as_at(codes, 1, (moments, units), (moments, units), None, None, None, day, day, rows)
        assert rows.tolist() == [0]
        _core.latest_as_at(codes, 1, (moments, units), None, None, None, None, day - 1, day, rows)
        assert rows.tolist() == [-1]
    for wrong, error, said in (
        ((before,), TypeError, r"^inspected as a tuple is \(dates, units a day\)$"),
        ((before, "s"), TypeError, "int"),
        ((before, -1), ValueError, "^units a day is -1, which is no size$"),
        ((before, 2), ValueError, "^inspected has 2 units a day; known are 1 and those of s, ms, us and ns$"),
        ((before, 1), TypeError, "^inspected has items of the buffer format"),
        ((None, 86_400), TypeError, "bytes-like"),
        ((before.astype(np.int32), 86_400), TypeError, "^inspected has items of the buffer format"),
    ):
        with pytest.raises(error, match=said):
            _core.latest_as_at(codes, 1, wrong, None, None, None, None, 0, 0, rows)
    with pytest.raises(TypeError, match="bytes-like"):
        _core.latest_as_at(codes, 1, before, (None, 86_400), None, None, None, 0, 0, rows)


def test_a_piece_has_two_places_within_the_rows():
    codes, days = a_column(np.int8, 0, 0), a_column(np.int64, 0, 1)
    call = (codes, 1, days, None, None, None, None, None, None, 0, None, 0, codes, 4, np.zeros(25, dtype=np.int64))
    with pytest.raises(TypeError, match=r"^a piece has a first place and one past its last$"):
        _core.count_transitions(*call, 0)
    for piece, said in (((2, 1), "places 2 to 1 are no piece of 2 rows"), ((0, 3), "places 0 to 3 are no piece of 2 rows")):
        with pytest.raises(ValueError, match=f"^{said}$"):
            _core.count_transitions(*call, *piece)
    grid = (codes, 1, days, None, None, None, None, None, None, 0, codes, 4, None, days, days, np.zeros(10, dtype=np.int64))
    with pytest.raises(ValueError, match=r"^places 1 to 3 are no piece of 2 rows$"):
        _core.count_as_at(*grid, 1, 3)
    with pytest.raises(ValueError, match=r"^places 0 to 2 are no piece of 1 providers$"):
        _core.count_as_at(*grid, 0, 2, True)
    with pytest.raises(TypeError, match=r"^of_providers is True or False$"):
        _core.count_as_at(*grid, 0, 1, 1)
    for piece in ((-1, 2), (0, -1)):
        with pytest.raises(ValueError, match=r"^(first|stop) is -1, which is no size$"):
            _core.count_transitions(*call, *piece)


@pytest.mark.parametrize("prefix", ["", "@"])
def test_codes_may_say_that_their_bytes_are_the_machines(prefix):
    grades, counts = memoryview(bytearray([0, 3, 3])).cast(f"{prefix}b"), np.zeros(5, dtype=np.int64)
    _core.count_grades(None, 0, grades, 4, counts)
    assert counts.tolist() == [1, 0, 0, 2, 0]


def test_the_number_of_a_first_row_is_a_size():
    grades, weights = a_column(np.int8, 0, 9), a_column(np.float64, 1, 1)
    call = (None, 0, grades, 4, weights, np.zeros(5), np.zeros(1, dtype=np.int64))
    with pytest.raises(ValueError, match=r"^row 1001: grade code 9"):
        _core.sum_weights(*call, 1000)
    with pytest.raises(ValueError, match=r"^first_row is -1, which is no size$"):
        _core.sum_weights(*call, -1)


def test_a_version_for_a_processor_that_is_not_here_is_refused_at_import():
    for name, said in (("", ""), ("baseline", ""), ("abacus", "ImportError: OFSTED_SIF_CPU=abacus: this processor has no such version")):
        command = [sys.executable, "-c", "from ofsted_sif import _core; print(_core.cpu)"]
        done = subprocess.run(command, env={**os.environ, "OFSTED_SIF_CPU": name}, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == bool(said)
        assert said in done.stderr
        assert name in done.stdout or said


def test_a_mask_of_booleans_is_no_bitmap():
    grades, counts = np.zeros(4, np.int8), np.zeros((1, 5), np.int64)
    for bitmap in (np.ones(4, bool), np.ones(4, np.int64)):
        with pytest.raises(TypeError, match=r"grades has a validity bitmap .* wanted bytes of 8 bits"):
            _core.count_grades(None, 0, (grades, bitmap, 0), 4, counts)


def test_a_column_of_days_has_one_dimension():
    with pytest.raises(ValueError, match="inspected must have one dimension, not 2"):
        _core.order_records(np.arange(4), 4, np.zeros((2, 2), np.int64), None, None, None, None, np.zeros(4, np.int64))


@pytest.mark.parametrize("name", calls.functions())
def test_no_output_of_any_function_may_share_memory_with_what_is_read(name):
    given, outs = calls.a_call(name, "usual", 40)
    arrays = [one for one in given if isinstance(one, np.ndarray) and one.nbytes and not one.dtype.hasobject]
    for out in outs:
        for other in (one for one in arrays if one is not out):
            shared = bytearray(max(out.nbytes, other.nbytes))
            aliases = {id(one): np.ndarray(one.shape, one.dtype, shared) for one in (out, other)}
            aliases[id(other)][...] = other
            with pytest.raises(ValueError, match="shares memory with"):
                getattr(_core, name)(*(aliases.get(id(one), one) for one in given))


def test_codes_of_text_are_not_written_over_the_text():
    data = np.zeros(64, dtype=np.int32)
    with pytest.raises(ValueError, match="codes share memory with the text"):
        _core.encode_text([(0, 10, 0, None, data[:11], data[20:30].tobytes())], 1, False, data[5:15])


@pytest.mark.parametrize(
    ("chunks", "error", "said"),
    [
        (5, TypeError, "a column of text is a list of its chunks"),
        ([5], TypeError, "a chunk of text is "),
        ([(0, 1, 0, None)], TypeError, "a chunk of text is "),
        ([(3, 1, 0, None, bytes(16), b"")], ValueError, "text of kind 3 in 1 buffers is not known"),
        ([(0, 1, 0, None, bytes(8), b"", b"")], ValueError, "text of kind 0 in 2 buffers is not known"),
        ([(0, -1, 0, None, bytes(8), b"")], ValueError, "rows is -1, which is no size"),
        ([(0, 1, -1, None, bytes(8), b"")], ValueError, "offset is -1, which is no size"),
        ([(-1, 1, 0, None, bytes(8), b"")], ValueError, "the kind of text is -1, which is no size"),
        ([(0, 1, 0, b"", bytes(8), b"")], ValueError, "has 0 bytes of validity; 1 are needed"),
        ([(0, 1, 0, "text", bytes(8), b"")], TypeError, "bytes-like"),
        ([(0, 1, 0, None, bytes(7), b"")], ValueError, "has 7 bytes of offsets or views; 8 are needed"),
        ([(1, 1, 1, None, bytes(16), b"")], ValueError, "has 16 bytes of offsets or views; 24 are needed"),
        ([(2, 2, 0, None, bytes(16))], ValueError, "has 16 bytes of offsets or views; 32 are needed"),
        ([(0, 1, 0, None, "text", b"")], TypeError, "bytes-like"),
        ([(0, 1, 0, None, bytes(8), "text")], TypeError, "bytes-like"),
        ([(0, 2, 0, None, bytes(12), b"")], ValueError, "codes has 1 values; 2 are needed"),
    ],
)
def test_a_column_of_text_that_is_none_is_refused(chunks, error, said):
    with pytest.raises(error, match=said):
        _core.encode_text(chunks, 1, False, np.zeros(1, dtype=np.int32))


def test_chunks_may_be_a_tuple_and_views_may_have_no_buffer():
    codes = np.zeros(2, dtype=np.int32)
    views = np.array([[1, 97, 0, 0], [0, 0, 0, 0]], dtype=np.int32)
    rows, offsets, text = _core.encode_text(((2, 2, 0, None, views),), 1, False, codes)
    assert (np.frombuffer(rows, np.int64).tolist(), np.frombuffer(offsets, np.int64).tolist(), text) == ([0, 1], [0, 1, 1], b"a")
    assert codes.tolist() == [0, 1]


def test_known_labels_have_the_first_codes_and_are_no_rows():
    known, column = (0, 2, 0, None, np.array([0, 1, 2], np.int32), b"ba"), (0, 3, 0, None, np.array([0, 1, 2, 3], np.int32), b"cab")
    codes = np.zeros(3, dtype=np.int32)
    rows, offsets, text = _core.encode_text([known, column], 1, False, codes, 2)
    assert (np.frombuffer(rows, np.int64).tolist(), np.frombuffer(offsets, np.int64).tolist(), text) == ([-2, -1, 0], [0, 1, 2, 3], b"bac")
    assert codes.tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="n_known is 6, and there are 5 rows"):
        _core.encode_text([known, column], 1, False, codes, 6)
    with pytest.raises(ValueError, match="n_known is -1, which is no size"):
        _core.encode_text([known, column], 1, False, codes, -1)


def test_known_objects_have_the_first_codes_and_are_no_rows():
    objects, codes = np.array(["c", "a", None, "b"], dtype=object), np.zeros(4, dtype=np.int32)
    known = np.array(["a", "b"], dtype=object)
    assert np.frombuffer(_core.encode_objects(objects, (None,), 1, False, codes, known), np.int64).tolist() == [-2, -1, 0]
    assert codes.tolist() == [2, 0, -1, 1]
    for wrong in (["a", "a"], ["a", None]):
        with pytest.raises(ValueError, match="known has missing values, or a text twice"):
            _core.encode_objects(objects, (None,), 1, False, codes, np.array(wrong, dtype=object))
    assert _core.encode_objects(objects, (None,), 1, False, codes, np.array([5], dtype=object)) is None
    of_known = np.zeros(3, dtype=np.int32)
    column = np.array(["a", None, "a"], dtype=object)
    assert np.frombuffer(_core.encode_objects(objects, (None,), 1, False, codes, column, of_known), np.int64).tolist() == [-3, 0, 3]
    assert (of_known.tolist(), codes.tolist()) == ([0, -1, 0], [1, 0, -1, 2])
    with pytest.raises(ValueError, match="known_codes has 3 values; 4 are needed"):
        _core.encode_objects(objects, (None,), 1, False, codes, objects, of_known)
    with pytest.raises(ValueError, match="shares memory"):
        _core.encode_objects(objects, (None,), 1, False, codes, objects, codes)
    with pytest.raises(ValueError, match="row -1: "):
        _core.encode_objects(objects, (None,), 1, False, codes, np.array(["a", None, "\ud800"], dtype=object), of_known)
    assert np.frombuffer(_core.encode_objects(objects, (None,), 1, False, codes, known, None), np.int64).tolist() == [-2, -1, 0]


def test_objects_are_an_array_of_one_dimension():
    for wrong in (np.zeros((2, 2), dtype=object), np.zeros(4)):
        with pytest.raises(TypeError, match="an array of objects, of one dimension"):
            _core.encode_objects(wrong, (), 1, False, np.zeros(4, dtype=np.int32))
    with pytest.raises(TypeError, match="an array of objects, of one dimension"):
        _core.encode_objects(np.zeros(4, dtype=object), (), 1, False, np.zeros(4, dtype=np.int32), np.zeros(4))
    with pytest.raises(TypeError, match="missing is a tuple"):
        _core.encode_objects(np.zeros(4, dtype=object), [None], 1, False, np.zeros(4, dtype=np.int32))


def test_more_providers_than_can_be_told_apart_are_refused():
    order = np.full(2, 7)
    with pytest.raises(ValueError, match=r"^2147483648 is more than can be told apart here$") as failure:
        _core.order_records(np.zeros(2, np.int8), 2**31, np.zeros(2, np.int64), None, None, None, None, order)
    assert (failure.value.reason, failure.value.row) == ("size", -1)
    assert order.tolist() == [7, 7]  # nothing was written
