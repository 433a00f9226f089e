"""Labels and their codes: what a column holds becomes integer codes, and combinations of columns become one code."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.arguments import single_values
from ofsted_sif.errors import RowError
from ofsted_sif.table.frames import of_words, plain

_SPACE_AT_AN_END = re.compile(r"\0\s|\s\0")
_SPACES_OF_ASCII = [letter for letter in map(chr, range(128)) if letter.isspace()]
#: What pandas makes of text.
TEXT = pd.Series(["a"]).dtype


#: What `text_codes` gives of columns of text that have been encoded already, by their names, and whether their labels are sorted.
Encoded = Mapping[tuple[Any, bool], tuple[np.ndarray, Any]]
NOTHING: Encoded = MappingProxyType({})


def text_codes(
    values: pd.Series, *, is_sorted: bool = False, encoded: Encoded = NOTHING, threads: int | None = None
) -> tuple[np.ndarray, Any] | None:
    """Codes (int32, missing -1) of a column of text into its labels, in order of appearance or sorted; None where it is no text."""
    if (known := encoded.get((values.name, is_sorted))) is not None:
        return known
    try:
        return counts.text_labels(values.array, is_sorted=is_sorted, threads=threads)
    except RowError as error:
        raise error.moved(error.row, f"column {values.name!r}, ") from None


def text_codes_together(*columns: pd.Series, threads: int | None = None) -> tuple[list[np.ndarray], Any] | None:
    """Codes of columns of text, the same for the same text in any of them, -1 for missing, and the labels; None where one is no text."""
    dtypes = [values.dtype for values in columns]
    if any(isinstance(dtype, pd.CategoricalDtype) or (isinstance(dtype, np.dtype) and dtype.kind != "O") for dtype in dtypes):
        return None
    if any(dtype != dtypes[0] for dtype in dtypes):
        columns = tuple(map(_as_objects, columns))
    ends = np.cumsum([len(values) for values in columns])
    try:
        if columns[0].dtype == object:
            together = counts.objects_together([values.to_numpy() for values in columns])
            return None if together is None else (together[0], pd.arrays.NumpyExtensionArray(together[1]))
        found = counts.text_labels(pd.concat(columns, ignore_index=True).array, threads=threads)
    except RowError as error:
        of = int(np.searchsorted(ends, error.row, side="right"))
        raise error.moved(error.row - int(ends[of] - len(columns[of])), f"column {columns[of].name!r}, ") from None
    return None if found is None else (np.split(found[0], ends[:-1]), found[1])


def _as_objects(values: pd.Series) -> pd.Series:
    """A column as Python's objects; Arrow itself would not tell the row of text that is none."""
    if isinstance(values.dtype, pd.ArrowDtype):
        text_codes(values)
    return values.astype(object)


def as_words(values: pd.Series, encoded: Encoded = NOTHING) -> pd.Series:
    """A column of text as a Categorical of its words, in no order, so that each word is looked at once; any other column as it is."""
    if isinstance(values.dtype, pd.CategoricalDtype) or (found := text_codes(values, encoded=encoded)) is None:
        return values
    return pd.Series(of_words(*found), index=values.index, name=values.name, copy=False)


def label_codes(values: pd.Series, encoded: Encoded = NOTHING) -> tuple[np.ndarray, Any]:
    """Codes (missing -1) into labels: all categories in their order, or the observed values sorted."""
    array = plain(values).array
    if isinstance(array, pd.Categorical):
        return np.asarray(array.codes), all_categories(array.dtype)
    if (found := text_codes(values, is_sorted=True, encoded=encoded)) is not None:
        return found
    codes, distinct = single_values(values)
    labels = distinct.array
    if labels.dtype.kind == "O" and (told := next((label for label in labels if isinstance(label, bytes)), None)) is not None:
        row = np.argmax(codes == [*labels].index(told))
        raise RowError(f"column {values.name!r}, ", row, f": {told!r} is bytes, not text; decode it first, as with .str.decode('utf-8')")
    try:
        order = labels.argsort()
    except TypeError:  # values of unlike types have no order of their own
        order = np.argsort([str(label) for label in labels], kind="stable")
    place = np.empty(len(labels) + 1, dtype=np.int64)
    place[order] = np.arange(len(labels))
    place[-1] = -1
    return place[codes], labels.take(order)


def all_categories(dtype: pd.CategoricalDtype) -> pd.Categorical:
    """Each category once, in their order."""
    codes = np.arange(len(dtype.categories), dtype=np.min_scalar_type(-1 - len(dtype.categories)))
    return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)


def in_order(codes: np.ndarray, labels: pd.Categorical) -> tuple[np.ndarray, pd.Categorical]:
    """The same with categories sorted."""
    order = pd.Index(labels.categories).argsort()
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    return place[codes], all_categories(pd.CategoricalDtype(labels.categories[order], ordered=False))


def key_codes(values: pd.Series, encoded: Encoded = NOTHING) -> tuple[np.ndarray, Any, bool]:
    """Codes of keys into the keys, and whether keys had to be written as text to be compared.

    Keys are compared as text: 100001, 100001.0 and ``"100001"`` are one key, as are ``"A"`` and ``"A "``; ``"007"`` is not ``"7"``. A
    column of numbers, or of text without spaces at its ends, is taken as it is. Blank text is a missing key.
    """
    codes, labels = label_codes(values, encoded)
    if is_plain(np.asarray(labels.categories) if isinstance(labels, pd.Categorical) else labels):
        return _without_blank(codes, labels), labels, False
    try:
        words = keys_as_text(pd.Series(labels, dtype=object, name=values.name))
    except RowError as error:
        raise error.moved(int(np.argmax(codes == error.row))) from None
    text, place = np.unique(words.to_numpy(dtype=object).astype(str), return_inverse=True)
    labels = pd.Series(text, dtype=TEXT).array
    return _without_blank(np.append(place, -1)[codes], labels), labels, True


def _without_blank(codes: np.ndarray, labels: Any) -> np.ndarray:
    """The codes with that of blank text missing, as it names nobody; text that is no Categorical is sorted, blank first."""
    blank = _blank_among(labels.categories if isinstance(labels, pd.Categorical) else labels[:1])
    return np.where(codes == blank[0], -1, codes) if len(blank) else codes


def _blank_among(words: Any) -> np.ndarray:
    """Where blank text stands among words; objects are compared by NumPy, which is several times as fast as pandas."""
    words = words if isinstance(words, pd.arrays.ArrowExtensionArray) else np.asarray(words, dtype=object)
    return np.flatnonzero(np.asarray(words == "", dtype=np.bool_))


def is_plain(labels: Any) -> bool:
    """Whether different labels are different keys: numbers only, or text only without spaces at its ends."""
    dtype = getattr(labels, "dtype", None)
    if dtype is not None and not isinstance(dtype, np.dtype) and pd.api.types.is_string_dtype(dtype):
        letters = counts.letters_at_ends(labels)
        may_have_spaces = letters is None or any(map(_may_be_spaces, letters))
        return not may_have_spaces or bool((pd.Series(labels, copy=False).str.strip() == labels).all())
    known = np.asarray(labels)
    if known.dtype.kind in "OU" and len(known):
        try:
            return not _has_space_at_an_end("\0".join(["", *known.tolist(), ""]))
        except TypeError:  # they are not all text
            pass
    return pd.api.types.infer_dtype(known, skipna=False) in ("integer", "floating", "empty")


def _has_space_at_an_end(words: str) -> bool:
    """Whether one of these words, each between two NULs, begins or ends with a space; all of them in UTF-8 are looked at at once."""
    if words.isascii() and not any(space in words for space in _SPACES_OF_ASCII):  # as in numbers of providers, and soonest told
        return False
    letters = np.frombuffer(words.encode("utf-8", "surrogatepass"), np.uint8)
    between = np.flatnonzero(letters == 0)
    at_ends = np.concatenate([letters[between[:-1] + 1], letters[between[1:] - 1]])
    return _may_be_spaces(at_ends) and _SPACE_AT_AN_END.search(words) is not None


def _may_be_spaces(letters: np.ndarray) -> bool:
    """Whether one of some bytes of UTF-8 is a space or may be a part of one, as some spaces are no ASCII; 0 stands for no letter."""
    return bool(letters.max(initial=0) > 0x7F or ((letters <= ord(" ")) & (letters > 0)).any())


def are_numbers(labels: Any) -> bool:
    """Whether keys are numbers."""
    return pd.Index(np.asarray(labels)).inferred_type in ("integer", "floating")


def of_one_kind(
    *columns: pd.Series, text: tuple[list[np.ndarray], Any] | None = None
) -> tuple[tuple[pd.Series, ...], list[np.ndarray] | None]:
    """The keys of several columns so that they can be compared: as they are, or as text where one mixes kinds or they are of unlike ones.

    And their codes, the same for the same key in any of them, where all are text that was taken as it is. Blank text is a missing key.
    `text` is what `text_codes_together` gives of the columns, where that is known.
    """
    if (text := text_codes_together(*columns) if text is None else text) is not None:
        codes, words = text
        if is_plain(words):
            blank = _blank_among(words)
            return columns, [np.where(of == blank[0], -1, of) for of in codes] if len(blank) else codes
    else:
        kept = [labels for values in columns if len(labels := values.dropna().unique())]
        if all(map(is_plain, kept)) and len({are_numbers(labels) for labels in kept}) <= 1:
            return columns, None
    as_text = [keys_as_text(values) for values in columns]
    return tuple(values.mask(values == "") for values in as_text), None


def as_key(value: object) -> str:
    """A key as text: whole numbers by their digits, text without spaces at its ends."""
    if isinstance(value, float | np.floating | Decimal) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value).strip()


def keys_as_text(values: pd.Series) -> pd.Series:
    """Keys as text, missing ones as they are; one that cannot be written as UTF-8 is an error that names its row."""
    missing = values.isna().to_numpy()
    written = [key if is_missing else as_key(key) for key, is_missing in zip(_as_objects(values), missing, strict=True)]
    text = pd.Series(written, index=values.index, name=values.name, dtype=object)
    text_codes(text)
    return text.astype(TEXT)


def combination_numbers(coded: Sequence[tuple[np.ndarray, Any]], what: str) -> tuple[np.ndarray, list[int]]:
    """The number of each row's combination in the product of the labels, a missing one last of its column; and that product's sizes."""
    sizes = [len(labels) + 1 for _, labels in coded]
    if math.prod(sizes) >= 2**62:
        raise ValueError(f"{what}: more combinations than can be counted")
    number = np.zeros(len(coded[0][0]), dtype=np.int64)
    for (codes, _), size in zip(coded, sizes, strict=True):
        number = number * size + np.where(codes < 0, size - 1, codes)
    return number, sizes


def distinct_numbers(number: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers below `total`, sorted, and the place of each number among them; by counting where that is less than sorting."""
    if total > 8 * len(number) + 1024:
        return np.unique(number, return_inverse=True)
    occurs = np.zeros(total, dtype=np.bool_)
    occurs[number] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[number]


def take(labels: Any, positions: np.ndarray) -> Any:
    """Labels at the positions, missing at -1."""
    if not (positions < 0).any():
        return labels.take(positions)
    return pd.Series(labels).reindex(np.where(positions < 0, len(labels), positions)).array
