"""The columns of two releases in one form, so that their values can be compared, and stand below one another."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif.counts import count_grades, usable_cores
from ofsted_sif.counts.threads import share_out
from ofsted_sif.errors import RowError
from ofsted_sif.scales import grades, infer_scale
from ofsted_sif.table.columns import check_true_or_false, column, is_called_as_judgement, refuse_near_date, same_name
from ofsted_sif.table.dates import dates_of, days_of
from ofsted_sif.table.keys import TEXT, as_key, as_words, text_codes, text_codes_together
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
        blank = [] if name == "provider" else [code for code, label in enumerate(text.labels.tolist()) if not label.strip()]
        if blank:
            is_blank = [np.isin(codes, blank) for codes in text.codes]
            older[name], later[name] = older[name].mask(is_blank[0]), later[name].mask(is_blank[1])
            texts[name] = Text([np.where(rows, -1, codes) for rows, codes in zip(is_blank, text.codes, strict=True)], text.labels)
    for frame in (older, later):
        for name in frame.columns:
            values = frame[name]
            if isinstance(values, pd.DataFrame):
                column(frame, name, str(name))  # its error says that each column needs a name of its own
            elif name == "graded":
                check_true_or_false(values.dropna(), "graded")
            elif name != "provider" and name not in texts and (filled := _without_blank(values)) is not values:
                frame[name] = filled
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
    names = [name for name in both if isinstance(older[name], pd.Series) and isinstance(later[name], pd.Series)]
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
    """Two columns as they are; as dates, grades or text where one of them is of another kind."""
    if first.dtype == second.dtype and first.dtype != object:
        return first, second
    kinds = [_kind(values) for values in (first, second)]
    if kinds[0] == kinds[1] or "" in kinds:
        return first, second
    if "date" in kinds:
        return _as_dates(first), _as_dates(second)
    if is_called_as_judgement(first.name):
        return _as_grades(first), _as_grades(second)
    return _as_text(first), _as_text(second)


def _kind(values: pd.Series) -> str:
    """Whether a column holds dates, numbers or text; empty where it holds nothing, or anything else."""
    if values.dtype.kind in "Miuf":
        return "" if values.isna().all() else "date" if values.dtype.kind == "M" else "number"
    words = as_words(values)
    return "text" if isinstance(words.dtype, pd.CategoricalDtype) and len(words.cat.categories) else ""


def _as_dates(values: pd.Series) -> pd.Series:
    return values if values.dtype.kind == "M" else pd.Series(dates_of(days_of(values, str(values.name))), index=values.index)


def _as_grades(values: pd.Series) -> pd.Series:
    return pd.Series(grades(values, infer_scale(values), column=str(values.name)), index=values.index)


def _as_text(values: pd.Series) -> pd.Series:
    return values.astype(object).map(as_key, na_action="ignore").astype(TEXT)
