"""The columns of two releases in one form, so that their values can be compared, and stand below one another."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif.counts import count_grades, usable_cores
from ofsted_sif.counts.threads import share_out
from ofsted_sif.errors import RowError
from ofsted_sif.scales import GradeScale, codes_of_words, fitting_scale, grades, infer_scale, scale_of_dtype
from ofsted_sif.table.columns import check_true_or_false, is_called_as_judgement, refuse_near_date, same_name
from ofsted_sif.table.dates import dates_of, days_of, moments_of, time_zone
from ofsted_sif.table.keys import as_words, keys_as_text, text_codes, text_codes_together
from ofsted_sif.table.together import ROWS_WORTH_A_THREAD


class Text(NamedTuple):
    """A column of text that both tables have, read once for all that is asked of it.

    Attributes
    ----------
    codes : list of ndarray of int
        Of the rows of the older and of the later table, the same for the same text in either; -1 for missing.
    labels : array
        The texts.
    """

    codes: list[np.ndarray]
    labels: Any

    @property
    def words(self) -> list[str]:
        """The texts, as Python has them."""
        words: list[str] = np.asarray(self.labels, dtype=object).tolist()  # sooner than single values of Arrow's
        return words

    def of_side(self, side: int) -> tuple[np.ndarray, Any]:
        """The codes of one table's rows into its own texts, and these."""
        used = count_grades(None, self.codes[side], n_grades=len(self.labels))[:-1] > 0
        if used.all():
            return self.codes[side], self.labels
        place = np.append(np.cumsum(used) - 1, -1)
        return place[self.codes[side]], self.labels.take(np.flatnonzero(used))


#: Columns of text that both tables have, by name.
Texts = Mapping[Any, Text]
NO_TEXTS: Texts = MappingProxyType({})
#: Columns that hold days, however they are written: a time of day in them tells nothing.
DATES = frozenset({"inspection_start", "inspection_end", "published", "opened", "closed"})


def in_names_of(older: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """The later table with the names of the older one where two differ in case, spaces and underscores alone.

    A standard column that one of them calls otherwise is an error: its values would stand in a column of their own.
    """
    ours, theirs = ([name for name in one.columns if name not in another.columns] for one, another in ((older, later), (later, older)))
    called: dict[str, str] = {}
    for name in theirs:
        same = [other for other in ours if same_name(name, other)]
        if same and same[0] not in called.values():
            called[name] = same[0]
    later = later.rename(columns=called) if called else later
    for which, one, another in (("newer", older, later), ("older", later, older)):
        for name in one.columns:
            refuse_near_date(another, name, f"the {which} table")
    return later


def make_alike(older: pd.DataFrame, later: pd.DataFrame) -> dict[Any, Text]:
    """Change two tables: blank text becomes a missing value, and columns of one name become of one kind.

    The keys of providers stay as they are. Values that can't be brought to one kind are an error that names their row. Returns the columns
    of text that both have.
    """
    texts = _texts_of_both(older, later)
    for name, text in [*texts.items()]:
        blank = [] if name == "provider" else [code for code, label in enumerate(text.words) if not label.strip()]
        if blank:
            is_blank = [np.isin(codes, blank) for codes in text.codes]
            older[name], later[name] = older[name].mask(is_blank[0]), later[name].mask(is_blank[1])
            texts[name] = Text([np.where(rows, -1, codes) for rows, codes in zip(is_blank, text.codes, strict=True)], text.labels)
    for name, text in [*texts.items()]:
        if not (name in DATES or is_called_as_judgement(name)):
            continue
        made = _of_one_form(older[name], later[name], [word for word in text.words if word.strip()])
        if made is not None:
            older[name], later[name] = made
            del texts[name]
    for which, frame in (("older", older), ("newer", later)):
        with of_table(which):
            _fill_blank(frame, texts)
    for name in older.columns.intersection(later.columns, sort=False):
        if name != "provider" and name not in texts:
            given = older[name], later[name]
            for frame, before, values in zip((older, later), given, _of_like_kind(*given), strict=True):
                if values is not before:
                    frame[name] = values
    return texts


def _texts_of_both(older: pd.DataFrame, later: pd.DataFrame) -> dict[Any, Text]:
    """The columns of text that both have, read beside one another; those whose text is wrong are left to whoever tells its row."""
    both = older.columns.intersection(later.columns, sort=False)
    names = [name for name in both if all(of.dtype.kind != "M" for of in (older[name], later[name]))]
    names.sort(key=lambda name: name != "provider")  # of most labels, so that it takes longest
    found: dict[Any, Any] = dict.fromkeys(names)

    def read(number: int) -> None:
        name = names[number]
        try:
            found[name] = text_codes_together(older[name], later[name], threads=1)
        except RowError:
            return

    share_out(read, len(names), usable_cores() if len(older) >= ROWS_WORTH_A_THREAD else 1)
    return {name: Text(*text) for name, text in found.items() if text is not None}


def _fill_blank(frame: pd.DataFrame, texts: Texts) -> None:
    """Let blank text of the columns that have not been read be missing, and refuse what is neither text nor true or false."""
    for name in frame.columns:
        values = frame[name]
        if name == "graded":
            check_true_or_false(values.dropna(), "graded")
        elif name == "provider":
            if name not in texts and text_codes(values) is None and values.dtype == object:
                keys_as_text(values)
        elif name not in texts and (filled := _without_blank(values)) is not values:
            frame[name] = filled


def _without_blank(values: pd.Series) -> pd.Series:
    """The column with blank text as a missing value."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        blank = [label for label in values.cat.categories if isinstance(label, str) and not label.strip()]
        return values.cat.remove_categories(blank) if blank else values
    if (found := text_codes(values)) is not None:
        codes, labels = found
        blank_codes = [code for code, label in enumerate(labels.tolist()) if not label.strip()]
        return values.mask(np.isin(codes, blank_codes)) if blank_codes else values
    if values.dtype != object:
        return values
    return values.mask(values.map(lambda value: isinstance(value, str) and not value.strip()).astype(bool))


def _of_like_kind(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two columns as they are; as dates, grades or text where one is of another kind, writes days in another way, or is on a scale."""
    is_of_words = isinstance(first.dtype, pd.CategoricalDtype) and first.name in DATES
    if first.dtype == second.dtype and first.dtype != object and not is_of_words:
        return first, second
    kinds = [_kind(values) for values in (first, second)]
    are_unlike = "" not in kinds and (kinds[0] != kinds[1] or kinds[0] == "numbers and text")
    if _is_on_a_scale(first, second) or (are_unlike and is_called_as_judgement(first.name)):
        return _as_grades(first, second)
    if "" in kinds:
        return first, second
    if "date" in kinds:
        return _as_dates(first, second)
    if kinds == ["text", "text"] and (made := _of_one_form(first, second, [*{*_words(first), *_words(second)}])) is not None:
        return made
    return (keys_as_text(first), keys_as_text(second)) if are_unlike else (first, second)


def _of_one_form(first: pd.Series, second: pd.Series, words: list[str]) -> tuple[pd.Series, pd.Series] | None:
    """Two columns of text as dates or grades, where these are written in several ways; None where they may stay as they are."""
    if first.name in DATES and not _are_written_alike(words):
        return _as_days(first, "older"), _as_days(second, "newer")
    if is_called_as_judgement(first.name) and len({word.strip()[:1].isdigit() for word in words}) > 1 and fitting_scale(words) is not None:
        return _as_grades(first, second)
    return None


# What pandas finds in a column of objects, and its kind here.
_KINDS = dict.fromkeys(("date", "datetime", "datetime64", "period"), "date")
_KINDS |= dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal"), "number")
_KINDS |= {"string": "text", "mixed-integer": "numbers and text"}


def _kind(values: pd.Series) -> str:
    """Whether a column holds dates, numbers or text; empty where it holds nothing, or anything else."""
    dtype = values.dtype
    if values.isna().all():
        return ""
    if isinstance(dtype, pd.CategoricalDtype):
        return _kind(_words(values))
    if dtype.kind == "M" or isinstance(dtype, pd.PeriodDtype):
        return "date"
    if dtype.kind in "iuf":
        return "number"
    if isinstance(as_words(values).dtype, pd.CategoricalDtype):
        return "text"
    if not pd.api.types.is_object_dtype(dtype):
        return ""
    found = pd.api.types.infer_dtype(values)
    return "date" if found == "mixed" and (values.name in DATES or _are_dates(values)) else _KINDS.get(found, "")


def _words(values: pd.Series) -> pd.Series:
    """The distinct words of a column of text, or of a Categorical, that occur."""
    categories = as_words(values).cat.remove_unused_categories().cat.categories
    return pd.Series(categories, name=values.name)


@contextmanager
def of_table(which: str) -> Iterator[None]:
    """Let an error about a row say whether it is the older or the newer table's."""
    try:
        yield
    except RowError as error:
        raise error.moved(error.row, f"the {which} table, ") from None


# ---- dates


def _are_dates(values: pd.Series) -> bool:
    """Whether single values of several kinds are all dates, or text that is."""
    try:
        days_of(values, "")
    except (ValueError, TypeError):
        return False
    return True


def _are_written_alike(words: list[str]) -> bool:
    """Whether days as text are each written in one way; text among which is anything else is left as it is."""
    forms = {word.translate(_FORMS) for word in words}
    if len(forms) < 2:
        return True
    try:
        days = days_of(pd.Series(words, dtype=object), "")
    except RowError:
        return True
    return len({re.sub(r"(.)\1+", r"\1", form) for form in forms}) == 1 and len(np.unique(days)) == len(words)


# Characters that differ from day to day.
_FORMS = str.maketrans(dict.fromkeys(string.ascii_letters, "a") | dict.fromkeys(string.digits, "0"))


def _as_dates(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two columns of which one is of dates as moments; in a type of Arrow's where the first is and it can hold the second."""
    if first.dtype == second.dtype == object and pd.api.types.infer_dtype(first) == pd.api.types.infer_dtype(second) != "mixed":
        return first, second  # single dates that can be compared
    if first.dtype == second.dtype != object or None not in (time_zone(first.dtype), time_zone(second.dtype)):
        return first, second
    ours, theirs = _as_moments(first, "older"), _as_moments(second, "newer")
    if isinstance(ours.dtype, pd.ArrowDtype) and (held := _held_exactly(theirs, ours.dtype)) is not None:
        return ours, held
    return _of_numpy(ours), _of_numpy(theirs)


def _as_moments(values: pd.Series, which: str) -> pd.Series:
    """A column of dates as moments of NumPy or Arrow; of single dates and of text the days, but with the time of day where one has it."""
    if moments_of(values) is not None:
        return values
    days = _as_days(values, which)
    if values.dtype == object and pd.api.types.infer_dtype(values) == "datetime":
        try:
            moments = pd.Series(
                values.where(values.notna(), None).to_numpy().astype("datetime64[us]"), index=values.index, name=values.name
            )
        except (OverflowError, ValueError):  # far from today
            return days
        return days if moments.equals(days.astype(moments.dtype)) else moments
    return days


def _as_days(values: pd.Series, which: str) -> pd.Series:
    with of_table(which):
        return pd.Series(dates_of(days_of(values, str(values.name))), index=values.index, name=values.name)


def _held_exactly(values: pd.Series, dtype: Any) -> pd.Series | None:
    """The same moments in a type of Arrow's; None where it can't hold each of them."""
    try:
        held = values.astype(dtype)
    except (ValueError, TypeError, ArithmeticError, NotImplementedError):
        return None
    return held if np.array_equal(moments_of(held), moments_of(values), equal_nan=True) else None  # type: ignore[arg-type]


def _of_numpy(values: pd.Series) -> pd.Series:
    return pd.Series(moments_of(values), name=values.name) if isinstance(values.dtype, pd.ArrowDtype) else values


# ---- grades and text


def _is_on_a_scale(first: pd.Series, second: pd.Series) -> bool:
    """Whether words of one of two columns are in the order of a scale of grades: others would stand before or after them all."""
    ordered = [values.dtype for values in (first, second) if getattr(values.dtype, "ordered", False)]
    return first.dtype != second.dtype and any(is_called_as_judgement(first.name) or scale_of_dtype(dtype) is not None for dtype in ordered)


def _as_grades(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two columns as grades of the scale that one of them tells; as they are where they tell two, which is refused later."""
    scales = [_scale_told(values) for values in (first, second)]
    scale = _scale_of_both((first, second), scales)
    if scale is None:
        return first, second
    found = []
    for values, which in ((first, "older"), (second, "newer")):
        with of_table(which):
            found.append(pd.Series(grades(values, scale, column=str(values.name)), index=values.index, name=values.name))
    return found[0], found[1]


def _scale_of_both(columns: tuple[pd.Series, pd.Series], scales: list[GradeScale | None]) -> GradeScale | None:
    """The scale of two columns; None where each has its own. An order of one's own goes before a known scale that the other's words fit."""
    known = [scale for scale in scales if scale is not None]
    if len(known) < 2 or known[0] == known[1]:
        return known[0] if known else infer_scale(columns[0])
    for (values, other), scale in zip((columns, columns[::-1]), known, strict=True):
        if getattr(values.dtype, "ordered", False) and (codes_of_words(other.dropna().unique().tolist(), scale) >= 0).all():
            return scale
    return None


def _scale_told(values: pd.Series) -> GradeScale | None:
    """The scale that a column of a judgement tells by its order or its grades; None where it has no grades, or not all of one scale."""
    if getattr(values.dtype, "ordered", False):
        return infer_scale(values)
    words = values.dropna().unique().tolist()
    scale = fitting_scale(pd.Series(words, dtype=object))
    return scale if scale is not None and (codes_of_words(words, scale) >= 0).any() else None
