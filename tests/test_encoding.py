"""Text becomes codes: the same whatever holds the text, and as the definition has it."""

import collections
import datetime
import itertools
import threading
from itertools import product

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import counts
from ofsted_sif.counts import encoding, texts
from ofsted_sif.table.dates import as_they_lie, days_of, whole_days
from tests.reference.encode import encode

LETTERS = ["a", "b", "\0", "é", "€", "𝄞", " of more than twenty-four bytes"]


def some_texts(seed, n=None):
    """Texts and missing values: few or many distinct ones, short and long, of letters of one byte to four, with NULs."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 700)) if n is None else n
    letters, longest = LETTERS[: 1 + seed % len(LETTERS)], (1, 3, 9, 25, 70)[seed % 5]
    distinct = ["".join(rng.choice(letters, rng.integers(0, longest + 1))) for _ in range(1 + n // (1 + seed % 9))]
    return [None if rng.random() < 0.1 else distinct[at] for at in rng.integers(0, len(distinct), n)]


def in_arrow(kind):
    def made(texts):
        pa = pytest.importorskip("pyarrow")
        cut = len(texts) // 3
        pieces = [texts[:cut], [], texts[cut:]]
        return pa.chunked_array([pa.array([*piece, "x"], kind)[: len(piece)] for piece in pieces], kind)

    return made


def in_one_array_of_arrow(texts):
    pa = pytest.importorskip("pyarrow")
    return pa.array(["before", None, *texts], pa.string())[2:]


def in_polars(texts):
    pl = pytest.importorskip("polars")
    return pl.concat([pl.Series(texts[:9], dtype=pl.String), pl.Series(texts[9:], dtype=pl.String)], rechunk=False)


def fresh(texts):
    return np.array([None if text is None else (text + "x")[:-1] for text in texts], dtype=object)


def every_second(texts):
    twice = np.empty(2 * len(texts), dtype=object)
    twice[::2] = texts
    return twice[::2]


HOLDERS = {
    "a list": list,
    "objects that are shared": lambda texts: np.array(texts, dtype=object),
    "objects each of its own": fresh,
    "every second object": every_second,
    "a Series of objects": lambda texts: pd.Series(texts, dtype=object),
    "an Index": lambda texts: pd.Index(texts, dtype=object),
    "NaN for missing": lambda texts: np.array([float("nan") if text is None else text for text in texts], dtype=object),
    "NA and NaT for missing": lambda texts: np.array(
        [(pd.NA, pd.NaT)[i % 2] if t is None else t for i, t in enumerate(texts)], dtype=object
    ),
    "string[python]": lambda texts: pd.Series(texts, dtype="string[python]"),
    "string[pyarrow]": lambda texts: pytest.importorskip("pyarrow") and pd.Series(texts, dtype="string[pyarrow]"),
    "Arrow string": in_arrow("string"),
    "Arrow large_string": in_arrow("large_string"),
    "Arrow string_view": in_arrow("string_view"),
    "one array of Arrow": in_one_array_of_arrow,
    "polars": in_polars,
}


def as_list(labels):
    return labels.to_pylist() if hasattr(labels, "to_pylist") else labels.tolist()


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("seed", range(12))
def test_codes_and_labels_are_those_of_the_definition(holder, seed):
    texts = some_texts(seed)
    codes, labels = counts.encode(HOLDERS[holder](texts))
    assert (codes.tolist(), as_list(labels)) == encode(texts)
    assert codes.dtype == np.int32


@pytest.mark.parametrize("holder", HOLDERS)
def test_texts_that_differ_in_their_last_byte_alone_are_two(holder):
    for length in range(1, 60):
        texts = ["x" * (length - 1) + last for last in "abba" * 20]
        assert counts.encode(HOLDERS[holder](texts))[0].tolist() == [0, 1, 1, 0] * 20, length


def test_the_values_of_a_dictionary_are_numbered_as_they_appear_each_once():
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    found = {
        "polars Categorical": pl.Series(["b", "a", None, "b"], dtype=pl.Categorical),
        "polars Enum": pl.Series(["b", "a", None, "b"], dtype=pl.Enum(["unused", "a", "b"])),
        "Arrow, in another order": pa.DictionaryArray.from_arrays(pa.array([2, 1, None, 2]), pa.array(["unused", "a", "b"])),
        "Arrow, with a value twice and a null": pa.DictionaryArray.from_arrays(pa.array([0, 2, 3, 1]), pa.array(["b", "b", "a", None])),
        "Arrow, cut": pa.chunked_array([pa.array(["q", "b", "a", None, "b"]).dictionary_encode().slice(1)]),
        "pandas, of Arrow": pd.Series(pd.arrays.ArrowExtensionArray(pa.array(["b", "a", None, "b"]).dictionary_encode())),
    }
    for kind, values in found.items():
        codes, labels = counts.encode(values)
        assert (codes.tolist(), as_list(labels)) == ([0, 1, -1, 0], ["b", "a"]), kind


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("seed", range(24))
def test_text_in_dictionaries_has_the_codes_of_the_same_text(seed, is_sorted):
    pa = pytest.importorskip("pyarrow")
    rng = np.random.default_rng(seed)
    texts = some_texts(seed)
    cuts = [0, *np.sort(rng.integers(0, len(texts) + 1, seed % 4)).tolist(), len(texts)]
    kind = (pa.string(), pa.large_string())[seed % 2]
    chunks = []
    for begin, end in itertools.pairwise(cuts):
        words = [*{*texts[begin:end], "a word of no row"} - {None}]
        rng.shuffle(words)
        codes = [None if text is None else words.index(text) for text in texts[begin:end]]
        chunks.append(pa.DictionaryArray.from_arrays(pa.array(codes, (pa.int32(), pa.uint8())[len(words) < 200]), pa.array(words, kind)))
    chunks = chunks if len({chunk.type for chunk in chunks}) == 1 else [chunk.cast(pa.dictionary(pa.int32(), kind)) for chunk in chunks]
    codes, labels = encoding.dictionary_labels(pa.chunked_array(chunks), is_sorted=is_sorted)
    expected = counts.text_labels(pa.array(texts, kind), is_sorted=is_sorted)
    assert codes.tolist() == expected[0].tolist()
    assert labels.to_pylist() == expected[1].to_pylist()


def test_half_a_character_in_a_dictionary_is_wrong_where_a_row_has_it():
    pa = pytest.importorskip("pyarrow")
    words = pa.array([b"Kent", b"\xff", b"York"]).view(pa.string())
    for codes, row in (([0, 2, 1, 1], 2), ([0, 2, 0, 2], None)):
        column = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), words)
        if row is None:
            found = encoding.dictionary_labels(column)
            assert (found[0].tolist(), found[1].to_pylist()) == ([0, 1, 0, 1], ["Kent", "York"])
        else:
            with pytest.raises(ValueError, match=f"^row {row}: this text holds"):
                encoding.dictionary_labels(column)


@pytest.mark.parametrize("holder", HOLDERS)
def test_many_distinct_texts_are_told_apart(holder):
    texts = [f"SC{number:06d}" for number in np.random.default_rng(5).integers(0, 30_000, 40_000)]
    codes, labels = counts.encode(HOLDERS[holder](texts))
    distinct = as_list(labels)
    assert [distinct[code] for code in codes.tolist()] == texts
    assert len(distinct) == len(set(texts))


@pytest.mark.parametrize("holder", ["objects each of its own", "Arrow string", "Arrow large_string", "Arrow string_view"])
@pytest.mark.parametrize("longest", [1, 8, 9, 16, 24, 25, 32, 33, 40, 41])
def test_few_labels_of_many_rows_are_told_apart_from_each_other_and_from_new_ones(holder, longest):
    rng = np.random.default_rng(longest)
    lengths = [0, 1, longest - 1, longest] * (8 if longest < 9 else 120)
    labels = list({"".join(rng.choice(["a", "b", "\0"], length)) for length in lengths})
    others = ["x" * longest, *(label + "\0" for label in labels[:20]), *(label[:-1] for label in labels[:20]), "y" * 50]
    texts = rng.choice([*labels, None], 12_000).tolist() + rng.choice(others, 300).tolist() + rng.choice(labels, 3_000).tolist()
    codes, distinct = counts.encode(HOLDERS[holder](texts))
    assert (codes.tolist(), as_list(distinct)) == encode(texts)


@pytest.mark.parametrize("holder", ["objects each of its own", "Arrow string", "Arrow string_view"])
@pytest.mark.parametrize("unlike_at", [[0], [30], [0, 9], [15, 39], [0, 10, 20], [0, 9, 18, 27, 36]])
def test_few_labels_are_told_apart_wherever_their_letters_are_unlike(holder, unlike_at):
    rng = np.random.default_rng(7)
    letters = "ab" if len(unlike_at) > 2 else "abcdefgh"
    labels = [
        "".join(some[unlike_at.index(at)] if at in unlike_at else "-" for at in range(40))
        for some in product(letters, repeat=len(unlike_at))
    ]
    texts = [labels[at] if at >= 0 else None for at in rng.integers(-1, len(labels), 6_000)] + ["-" * 40, "-" * 39]
    texts[5_900] = ""  # the first, among labels that are known
    texts[5_700:5_740] = [f"{labels[0][:at]}x{labels[0][at + 1 :]}" for at in range(40)]  # each unlike a label in one letter alone
    codes, distinct = counts.encode(HOLDERS[holder](texts))
    assert (codes.tolist(), as_list(distinct)) == encode(texts)


OTHERS = [None, "", "-", "SC00123", "SC0012345", "SX001234", "sc001234", "SC00123\0", "SC0012é", "000012345"]


@pytest.mark.parametrize("holder", ["objects each of its own", "string[pyarrow]", "Arrow large_string", "Arrow string_view"])
@pytest.mark.parametrize(
    ("form", "other"), [*(("SC{:06d}", other) for other in OTHERS), ("SC{:06d} in Kent", "-"), ("{:08o}", "9"), ("a date", "")]
)
def test_labels_that_are_as_alike_as_numbers_of_providers_are_told_apart(holder, form, other):
    number = np.random.default_rng(5).integers(0, 1_500, 5_000)
    if form == "a date":
        texts = pd.Series(np.datetime64("2015-01-01") + number).dt.strftime("%d/%m/%Y").tolist()
    else:
        texts = list(map(form.format, number.tolist()))
    texts[3_000::800] = [other] * 3
    column = HOLDERS[holder](texts)
    codes, labels = counts.encode(column)
    assert (codes.tolist(), as_list(labels)) == encode(texts)
    codes, labels = counts.text_labels(column.array if isinstance(column, pd.Series) else column, is_sorted=True)
    in_order = sorted({text for text in texts if text is not None})
    assert as_list(labels) == in_order
    assert [None if code < 0 else in_order[code] for code in codes.tolist()] == texts


@pytest.mark.parametrize("holder", ["objects that are shared", "objects each of its own"])
def test_objects_are_found_by_address_or_text_in_whatever_order_they_come(holder):
    rng = np.random.default_rng(8)
    few, many = [f"few {i}" for i in range(50)], [f"many {i}" for i in range(40_000)]
    for parts in ((few, many, few), (many, many, few), (many, few, many)):
        texts = [text for part in parts for text in rng.choice(part, 60_000).tolist()]
        codes, labels = counts.encode(HOLDERS[holder](texts))
        distinct = as_list(labels)
        assert [distinct[code] for code in codes.tolist()] == texts
        assert len(distinct) == len(set(texts))


@pytest.mark.parametrize("holder", ["Arrow string", "Arrow string_view", "string[pyarrow]"])
@pytest.mark.parametrize("order", ["few labels", "many labels", "more and more", "new at the end"])
def test_threads_give_what_one_gives(holder, order):
    rows, rng = 150_000, np.random.default_rng(11)
    number = {
        "few labels": rng.integers(0, 40, rows),
        "many labels": rng.integers(0, 30_000, rows),
        "more and more": np.arange(rows) // 2,
        "new at the end": np.where(np.arange(rows) < rows - 50, rng.integers(0, 40, rows), np.arange(rows)),
    }[order]
    labels = np.array([None, *(f"{i} and a few bytes" if i % 3 else str(i) for i in range(1, rows))], dtype=object)
    column = HOLDERS[holder](labels[number].tolist())
    column = column.array if isinstance(column, pd.Series) else column
    for is_sorted in (False, True):
        one, *several = (counts.text_codes(column, is_sorted=is_sorted, threads=threads) for threads in (1, 2, 5))
        for found in several:
            assert np.array_equal(found[0], one[0])
            assert np.array_equal(found[1], one[1])


@pytest.fixture
def small_pieces(monkeypatch):
    """Few rows are many, and few labels too."""
    for module in (encoding, texts):
        monkeypatch.setattr(module, "TEXTS_WORTH_A_THREAD", 500)
        monkeypatch.setattr(module, "FEW_LABELS", 80)
    monkeypatch.setattr(encoding, "FIRST_ROWS", 100)
    monkeypatch.setattr(texts, "ROWS_OF_A_PIECE", PIECE)


PIECE = 700
JUDGED = ["Good", "Requires improvement to be good", "Inadequate", None, "Bournemouth, Christchurch and Poole, or longer"]


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("distinct", [30, 900])
@pytest.mark.parametrize("holder", ["objects that are shared", "objects each of its own", "string[pyarrow]"])
def test_long_columns_have_sorted_labels_whichever_come_first(holder, distinct):
    for order in ("drawn", "sorted", "few at first"):
        number = np.random.default_rng(7).integers(0, distinct, 2000)
        if order == "sorted":
            number.sort()
        elif order == "few at first":
            number[:1000] %= 20
        labels = np.array([f"label {i:05d}" for i in range(distinct)], dtype=object)
        column = HOLDERS[holder](labels[number])
        codes, first = counts.text_codes(column.array if isinstance(column, pd.Series) else column, is_sorted=True)
        met = np.unique(number)
        assert np.array_equal(met[codes], number), order
        assert np.array_equal(number[first], met), order


@pytest.mark.usefixtures("small_pieces")
def test_other_values_after_long_text_are_seen():
    objects = np.array(["a"] * 1000, dtype=object)
    for row in (-1, 0):
        objects[row] = 5
        assert counts.text_codes(objects, is_sorted=True) is None


@pytest.mark.parametrize("row", [0, 4_095, 4_096, 9_000])
def test_a_value_far_down_a_column_of_objects_is_seen(row):
    objects = fresh([f"label {number % 700}" for number in range(10_000)])
    objects[row] = b"bytes"
    assert counts.text_codes(objects) is None
    objects[row] = "half \ud800"
    with pytest.raises(ValueError, match=rf"row {row}: .*half a character"):
        counts.text_codes(objects)
    objects[row] = float("nan")
    assert np.flatnonzero(counts.text_codes(objects)[0] < 0).tolist() == [row]


@pytest.mark.parametrize("one_in", [2, 3, 7, 10**6])
@pytest.mark.parametrize("labels", [20, 700, 6_000])
def test_objects_that_are_shared_in_part_have_the_codes_of_their_texts(labels, one_in):
    # Of so many rows one has an object of its own: whether addresses help, the encoder finds out on the way.
    texts = [f"label {number}" for number in np.random.default_rng(labels).integers(0, labels, 60_000)]
    by_text = {text: text for text in texts}
    objects = np.array([by_text[text] for text in texts], dtype=object)
    objects[::one_in] = fresh(texts[::one_in])
    codes, first = counts.text_codes(objects)
    assert [texts[row] for row in first] == list(dict.fromkeys(texts))
    assert [texts[first[code]] for code in codes] == texts


def test_objects_may_be_replaced_while_they_become_codes():
    objects, is_done = fresh([f"label {number % 700}" for number in range(30_000)]), threading.Event()

    def replace():
        while not is_done.is_set():
            objects[::7] = fresh([f"label {number}" for number in range(len(objects[::7]))])

    other = threading.Thread(target=replace)
    other.start()
    try:
        for _ in range(20):
            codes, first = counts.text_codes(objects)
            assert 0 <= codes.min() <= codes.max() < len(first)
    finally:
        is_done.set()
        other.join()


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("kind", ["string", "string_view"])
@pytest.mark.parametrize("order", ["drawn", "new in one piece", "new in all pieces", "one group", "many groups", "many in one piece"])
def test_counts_of_long_columns_of_text_are_those_of_their_rows(order, kind):
    pa = pytest.importorskip("pyarrow")
    rng, rows = np.random.default_rng(9), 3 * PIECE + 100
    number = rng.integers(0, 50, rows)
    if order == "new in one piece":
        number[-5:] = [61, 60, 61, 62, 60]
    elif order == "new in all pieces":
        number.sort()
    elif order == "many groups":
        number = rng.integers(0, 900, rows)
    elif order == "many in one piece":
        number[PIECE : PIECE + 90] = np.arange(90) + 100
    groups = np.array([f"group {i}" for i in range(900)], dtype=object)[number]
    groups[7::100] = None
    judged = np.array(JUDGED, dtype=object)[rng.integers(0, 5, rows)]
    expected = collections.Counter(zip(groups.tolist() if order != "one group" else [None] * rows, judged.tolist(), strict=True))
    columns = [pa.chunked_array([pa.array(of[: PIECE + 9], kind), pa.array(of[PIECE + 9 :], kind)]) for of in (groups, judged)]
    of_groups = None if order == "one group" else columns[0]
    for threads in (1, 2, 5):
        found = counts.count_texts(of_groups, [columns[1], columns[1]], 1 << 20, threads)
        if order.startswith("many"):
            assert found is None
            continue
        *first_groups, first_words, again = (labels.to_pylist() for labels in found[0])
        assert first_words == again
        assert np.array_equal(*found[1])
        rows_of, words = [*(first_groups[0] if first_groups else []), None], [*first_words, None]
        assert found[1][0].shape == (len(rows_of), len(words))
        counted = {
            (group, word): n for group, of in zip(rows_of, found[1][0].tolist(), strict=True) for word, n in zip(words, of, strict=True)
        }
        assert {pair: n for pair, n in counted.items() if n} == expected
    assert counts.count_texts(of_groups, [columns[1]], 3, 2) is None
    assert counts.count_texts(columns[0].slice(0, 2 * PIECE - 1), [columns[1].slice(0, 2 * PIECE - 1)], 1 << 20) is None


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("library", ["Arrow", "polars"])
def test_long_tables_of_text_are_aggregated_like_those_of_pandas(library):
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    rng, rows = np.random.default_rng(2), 5 * PIECE
    la = np.array(["Kent", "Bournemouth, Christchurch and Poole", "Leeds", None], dtype=object)[rng.integers(0, 4, rows)]
    grade = np.array([*JUDGED[:4], "not judged"], dtype=object)[rng.integers(0, 5, rows)]
    table = pd.DataFrame({"la": la, "overall_effectiveness": grade})
    given = pa.Table.from_pandas(table) if library == "Arrow" else pl.from_pandas(table)
    for by in ("la", None):
        found, expected = sif.aggregate(given, by).to_pandas(), sif.aggregate(table, by)
        assert found.columns.tolist() == expected.columns.tolist()
        for name in found:
            assert [None if value != value else value for value in found[name]] == [
                None if value != value else value for value in expected[name]
            ]
    broken = pa.array([b"a"] * (rows - 1) + [b"\xff"], pa.binary()).view(pa.string())
    with pytest.raises(ValueError, match=rf"^column 'la', row {rows - 1}: this text holds"):
        sif.aggregate(pa.table({"la": broken, "overall_effectiveness": grade}), "la")
    with pytest.raises(ValueError, match=r"^column 'overall_effectiveness', row 0: 'a' is not a grade"):
        sif.aggregate(pa.table({"la": grade, "overall_effectiveness": pa.array(["a"] * rows)}), "la")


def test_a_bad_text_of_a_later_piece_is_named_by_its_row():
    pa = pytest.importorskip("pyarrow")
    broken = pa.array([b"a"] * 90_000 + [b"\xff", b"b", b"\xff"] + [b"a"] * 400_000, pa.binary()).view(pa.string())
    for threads in (1, 2, 3):
        with pytest.raises(ValueError, match=r"^row 90000: this text"):
            counts.text_codes(broken, threads=threads)


def test_labels_are_of_the_kind_that_came_in():
    pa = pytest.importorskip("pyarrow")
    assert counts.encode(pa.array(["b", "a"], pa.string()))[1].type == pa.string()
    assert counts.encode(pa.array(["b", "a"], pa.string_view()))[1].type == pa.large_string()
    assert counts.encode(pd.Series(["b", "a"], dtype="string"))[1].dtype == "string"
    assert counts.encode(np.array(["b", "a"]))[1].dtype == np.dtype("<U1")


def test_what_is_no_text_is_numbered_too():
    day = datetime.date(2024, 3, 31)
    for values, expected in (
        ([3, 1, 3], [3, 1]),
        (np.array([2.5, np.nan, 2.5]), [2.5]),
        ([day, None, day], [day]),
        (["a", 5, "a"], ["a", 5]),
        (pd.Series(["b", "a", "b"], dtype="category"), ["b", "a"]),
    ):
        codes, labels = counts.encode(values)
        assert as_list(labels) == expected
        assert [expected[code] for code in codes.tolist() if code >= 0] == [value for value in list(values) if value == value and value]
    hidden = np.ma.MaskedArray(["b", "a", "b"], mask=[False, True, False])
    assert counts.encode(hidden)[0].tolist() == [0, -1, 0]
    assert counts.encode(np.array([np.str_("b"), "a", "b"], dtype=object))[0].tolist() == [0, 1, 0]
    assert counts.encode([])[0].tolist() == []
    pa = pytest.importorskip("pyarrow")
    assert counts.encode(pa.array([7, None, 7]))[0].tolist() == [0, -1, 0]
    assert counts.encode(pa.chunked_array([], pa.string()))[0].tolist() == []


@pytest.mark.parametrize("holder", ["a list", "objects that are shared", "string[python]"])
def test_half_a_character_is_named_with_its_row(holder):
    with pytest.raises(ValueError, match=r"^row 2: this text holds half a character"):
        counts.encode(HOLDERS[holder](["a", "b", "\ud800", "c"]))


def test_bytes_that_are_no_utf8_are_named_with_their_row():
    pa = pytest.importorskip("pyarrow")
    broken = pa.array([b"a", b"\xff", b"c"], pa.binary()).view(pa.string())
    with pytest.raises(ValueError, match=r"^row 4: this text holds half a character, or bytes that are no UTF-8"):
        counts.encode(pa.chunked_array([pa.array(["x", "y", "z"]), broken]))
    table = pa.table({"la": broken, "overall_effectiveness": ["Good", "Good", "Inadequate"]})
    with pytest.raises(ValueError, match=r"^column 'la', row 1: this text holds"):
        sif.aggregate(table, "la")


def test_providers_that_differ_after_a_nul_are_two():
    table = pd.DataFrame(
        {
            "provider": np.array(["a", "a\0b", "a\0", "a"], dtype=object),
            "inspection_start": pd.to_datetime(["2020-01-01", "2020-01-01", "2021-01-01", "2021-01-01"]),
            "overall_effectiveness": ["Good", "Good", "Inadequate", "Outstanding"],
        }
    )
    state = sif.as_at(table, "2022-01-01", published=None)
    assert state["provider"].tolist() == ["a", "a\0", "a\0b"]
    assert sif.aggregate(table, "provider")["n"].tolist() == [2, 1, 1]


@pytest.mark.parametrize("holder", ["objects that are shared", "string[pyarrow]", "polars"])
@pytest.mark.parametrize("form", ["SC{:06d}", "{:x}", "{:012b}", "9{:o}\0", "{0:04d} and then {0:b}", "É{:d}é"])
def test_many_labels_are_sorted_wherever_their_bytes_are_unlike(holder, form):
    for n in (60, 6_000):
        texts = [form.format(number) for number in np.random.default_rng(n).permutation(n)]
        column = HOLDERS[holder](texts)
        if holder == "polars":
            column = pytest.importorskip("pyarrow").chunked_array(column)
        codes, _ = counts.text_codes(column.array if isinstance(column, pd.Series) else column, is_sorted=True)
        assert [text for _, text in sorted(zip(codes.tolist(), texts, strict=True))] == sorted(texts)


@pytest.mark.filterwarnings("ignore::ofsted_sif.errors.AlikeLabelsWarning")  # "Zoo" and "zoo" are meant
def test_groups_are_sorted_by_their_characters():
    names = ["Ärzte", "Zoo", "zoo", "€", "", "Zo", "𝄞", "Zoo of more than twenty-four letters B", "Zoo of more than twenty-four letters A"]
    for holder in ("objects that are shared", "string[python]", "string[pyarrow]"):
        table = pd.DataFrame({"by": HOLDERS[holder](names), "overall_effectiveness": "Good"})
        assert sif.aggregate(table, "by")["by"].tolist() == sorted(names), holder


def test_a_judgement_of_any_words_in_any_order_is_counted_as_they_mean():
    rng = np.random.default_rng(4)
    words = ["Satisfactory", "Good", "outstanding", "Requires improvement", "-", "Inadequate", "Good ", "not used"]
    drawn = [words[at] if at < 7 else None for at in rng.integers(0, 8, 500)]
    by = rng.integers(0, 5, 500)
    expected = sif.aggregate(pd.DataFrame({"by": by, "g": np.asarray(sif.grades(drawn).astype(object))}), "by", judgement="g")
    for categories in (words, words[::-1], ["foo", *words[:7], "bar"]):
        for ordered in (False, True):
            if ordered and "foo" in categories:
                continue  # is a scale of its own
            values = pd.Categorical(drawn, categories=categories, ordered=ordered)
            table = pd.DataFrame({"by": by, "g": values})
            if ordered:
                counted = sif.aggregate(table, "by", judgement="g", scale=sif.FOUR_POINT)
            else:
                counted = sif.aggregate(table, "by", judgement="g")
            pd.testing.assert_frame_equal(counted, expected)
            weighted = sif.aggregate(table.assign(w=1.0), "by", judgement="g", scale=sif.FOUR_POINT, weights="w")
            assert weighted["good"].tolist() == expected["good"].tolist()


def test_a_word_that_is_no_grade_is_named_with_its_row():
    values = pd.Categorical(["Good", "Best", None], categories=["Best", "Good", "Inadequate", "Never"])
    for table in (pd.DataFrame({"g": values}), pd.DataFrame({"g": values.astype(object)})):
        with pytest.raises(ValueError, match=r"^column 'g', row 1: 'Best' is not a grade"):
            sif.aggregate(table, judgement="g")


@pytest.mark.parametrize("distinct", [100, 5000])
def test_long_columns_are_encoded_the_same_however_many_labels_they_have(distinct):
    pa = pytest.importorskip("pyarrow")
    number = np.random.default_rng(6).integers(0, distinct, 2 * counts.encoding.TEXTS_WORTH_A_THREAD)
    column = pa.array([f"label {i}" for i in range(distinct)]).take(pa.array(number))
    codes, first = counts.text_codes(column)
    labels = np.array([int(text.as_py().removeprefix("label ")) for text in column.take(pa.array(first))])
    assert np.array_equal(labels[codes], number)


def test_dates_as_text_are_those_that_each_alone_would_be():
    days = [datetime.date(1890, 1, 1) + datetime.timedelta(days=step) for step in range(0, 90_000, 7)]
    other = ["2024-3-1", "1/3/2024", "31 March 2024", "2024-03-31 10:30", " 2024-03-31", "31-03-2024", "", None]
    texts = [*(day.isoformat() for day in days), *(day.strftime("%d/%m/%Y") for day in days), *other]
    expected = pd.to_datetime([*days, *days, "2024-03-01", "2024-03-01", *["2024-03-31"] * 4, None, None])
    for dtype in (object, "string[python]", "string[pyarrow]"):
        found = days_of(pd.Series(texts, dtype=dtype), "held")
        assert found.tolist() == expected.to_numpy().astype("datetime64[D]").astype(np.int64).tolist(), dtype


@pytest.mark.parametrize("wrong", ["2023-02-29", "31/04/2024", "2024-13-01", "00/01/2024", "0000-01-01", "2024/03/31", "2024-03-3x"])
def test_a_day_that_is_none_is_named_with_its_row(wrong):
    with pytest.raises(ValueError, match=rf"^column 'held', row 2: '{wrong}' is not a date as"):
        days_of(pd.Series(["2024-02-29", "29/02/2024", wrong], dtype=object), "held")


@pytest.mark.parametrize("by", ["la", "number", None])
def test_a_lazy_frame_is_collected_once(by):
    pl = pytest.importorskip("polars")
    collected = []

    def seen(frame):
        collected.append(len(frame))
        return frame

    table = pl.DataFrame({"la": ["b", "a", None, "a"], "number": [1, 2, 1, 2], "overall_effectiveness": ["Good", "Inadequate", "-", None]})
    counted = sif.aggregate(table.lazy().map_batches(seen, schema=table.schema, streamable=False), by)
    assert counted.equals(sif.aggregate(table, by))
    assert sum(length == 4 for length in collected) == 1


@pytest.mark.parametrize("n_columns", [1, 2, 3])
@pytest.mark.parametrize("seed", range(20))
def test_columns_of_python_s_strings_have_the_codes_of_all_below_one_another(seed, n_columns):
    columns = [fresh(some_texts(20 * seed + more)) for more in range(n_columns)]
    codes, labels = counts.objects_together(columns)
    together = counts.text_labels(np.concatenate(columns))
    assert [*map(len, codes)] == [*map(len, columns)]
    assert np.concatenate(codes).tolist() == together[0].tolist()
    assert labels.tolist() == together[1].tolist()


@pytest.mark.parametrize("n_rows", [5, 70_000])
@pytest.mark.parametrize("n_columns", [2, 3])
def test_a_text_that_is_none_is_told_by_its_row_whichever_column_holds_it(n_columns, n_rows):
    for which in range(n_columns):
        for row in (0, 1, n_rows // 2, n_rows - 1):
            columns = [np.array([f"P{number}" for number in range(n_rows)], dtype=object) for _ in range(n_columns)]
            columns[which][row] = "half \ud800"
            with pytest.raises(ValueError, match=f"^row {which * n_rows + row}: this text holds half a character"):
                counts.objects_together(columns)


def test_what_is_no_text_in_one_of_several_columns_is_noticed():
    text, number, half = (np.array(["Kent", "Leeds", last], dtype=object) for last in (None, 7, "\ud800"))
    assert counts.objects_together([number, text]) is None
    assert counts.objects_together([text, number]) is None
    for columns, row in (([half, text], 2), ([text, half], 5), ([text, half, text], 5)):
        with pytest.raises(ValueError, match=f"^row {row}: this text holds half a character"):
            counts.objects_together(columns)


@pytest.mark.parametrize("last", [2**31 - 1, 2**31, -(2**31) + 1, -(2**31), 10**10])
def test_single_dates_keep_their_days_however_far_they_are(last):
    dates = pd.Series([None, "31/12/1969", np.datetime64(last, "D"), "2024-03-31"], dtype=object)
    assert whole_days(as_they_lie(dates, "when")).tolist() == days_of(dates, "when").tolist() == [counts.NO_DAY, -1, last, 19813]


@pytest.mark.parametrize("wrong", ["2015-01-01T25:00", "2015-01-01 10:75", "2015-01-01T10:00:60", "01/01/2015 99:99", "01/01/2015 24:00"])
def test_a_time_of_day_that_there_is_not_is_refused_with_its_row(wrong):
    kept = ["2015-01-01T23:59:59.5", "01/01/2015 0:00", "2015-01-01 9:05"]
    assert days_of(pd.Series(kept), "when").tolist() == [16436] * 3
    with pytest.raises(ValueError, match=r"column 'when', row 3: .* is not a date"):
        days_of(pd.Series([*kept, wrong]), "when")
