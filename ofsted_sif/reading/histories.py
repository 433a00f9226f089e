"""Several releases as one history, and two lists compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY, usable_cores
from ofsted_sif.counts.threads import share_out
from ofsted_sif.errors import MissingColumnError
from ofsted_sif.reading import known
from ofsted_sif.reading.alike import DATES, Text, Texts, in_names_of, make_alike, of_table
from ofsted_sif.reading.pairs import day_of, find_pairs, joint_codes, labels_of
from ofsted_sif.scales import NOT_A_GRADE, normal_form
from ofsted_sif.table.columns import as_frame, column, grade_codes, graded_rows, is_called_as_judgement
from ofsted_sif.table.dates import dates_of, days_of, iso, moments_of, whole_days
from ofsted_sif.table.frames import same_kind, same_kind_and_report
from ofsted_sif.table.keys import of_one_kind
from ofsted_sif.table.records import held_as
from ofsted_sif.table.together import ROWS_WORTH_A_THREAD

# What changed: row of the newer release, column, before, after.
_Changes = list[tuple[int, str, Any, Any]]

__all__ = ["combine", "reconcile"]


@same_kind_and_report
def combine(table: Any, newer: Any, *, return_report: bool = False) -> Any:
    """Combine two releases into one history with one row per inspection; where they differ, the newer one counts.

    Parameters
    ----------
    table : DataFrame, n rows
        Inspections as `read_inspections` or `load_inspections` gives them.
    newer : DataFrame, m rows
        Those of a later release.
    return_report : bool, default False
        Whether to return the report too.

    Returns
    -------
    DataFrame
        One row per inspection: the rows of `table` in their order, brought up to date, then the inspections that only `newer` has:

        ====================  =====  ==================================================================================
        column                dtype  meaning
        ====================  =====  ==================================================================================
        columns of the table         as in the table, or of a type that holds the newer values too where that one can't;
                                     where the newer release has no value, the older one is kept
        columns of `newer`           those that only `newer` has; missing in rows that only the table has
        ====================  =====  ==================================================================================

    DataFrame, with `return_report`
        One row per difference:

        ===========================  ==============  ==================================================================================
        column                       dtype           meaning
        ===========================  ==============  ==================================================================================
        what                         text            "added" (only the newer has the inspection), "changed" (a value), "kept" (only the
                                                     older has it)
        provider                     text or object  its key, as in the tables
        inspection_start, published  datetime64[s]   the days of the inspection
        column                       text            for a change the column
        before, after                object          for a change the two values
        ===========================  ==============  ==================================================================================

        ``attrs`` counts how many inspections were added, changed, the same and kept, and lists under `under_two_providers` which
        inspections of one number and day stand under two providers.

    Raises
    ------
    ValueError
        If a judgement has different scales in the two, one calls columns of dates otherwise (`MissingColumnError`), a table has neither
        providers nor dates, or `graded` holds anything else than true and false. A `RowError` names the table, the column, the row and
        the value where a text in a column of dates is no date, or a word is no grade in a judgement of which the other table has grades.

    Notes
    -----
    Two rows of one provider are taken for the same inspection by the first of these rules that fits. Each row is used once.

    1. They have the same inspection number.
    2. They have the same first day.
    3. A first day is missing, and they have the same day of publication.
    4. The first days are at most 20 days apart, and no grade differs; where both have numbers, the same overall grade is enough.
    5. A first day is missing, the days of publication are at most 92 days apart, they share at least two grades, and no grade differs.

    Of several pairs by one rule those count first in which the fewest grades differ, the most are equal, and the days are nearest.

    They are never the same where both have numbers of one case system and these differ, where one is graded and the other is not, where
    their frameworks differ, or where they have no judgement in common. Numbers up to 381398, and those with "ITS" before them, are from
    the case system before 2015; numbers from 435002 on are from the system since; between them both systems have some. The same number
    under another provider is the same inspection where one row names the other provider in `urn_at_inspection`. A number is the same
    however it is written: 360724, 360724.0 and "its360724"; without a digit but noughts it is none. The order of rows matters only
    between rows that agree in all of this.

    Columns whose names differ in case, spaces and underscores alone are one. Blank text is a missing value, and in a judgement a word for
    none displaces no grade. A day is the same however it is held or written: where a column holds dates in one release and text, or dates
    of another kind, in the other, both become dates. Numbers and text become grades in a judgement, and text in any other column. Words
    beside those of a Categorical in an order become grades in a judgement; in any other column the order ends where there are new words.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> both, report = sif.combine(table[:700], table[690:], return_report=True)
    >>> len(both), report.attrs["added"], report.attrs["changed"]
    (716, 16, 0)
    """
    older, later = _numbered(table, "older"), _numbered(newer, "newer")
    later = in_names_of(older, later)
    said = [frame.attrs for frame in (older, later)]
    if not _is_register(later):
        known.warn_of_older(older, later)
    older.attrs, later.attrs = {}, {}  # which pandas would copy with every column
    texts = make_alike(older, later)
    if "provider" in older.columns and "provider" in later.columns:
        given = texts.pop("provider", None)
        keys, codes = of_one_kind(column(older, "provider", "table"), column(later, "provider", "newer"), text=given)
        older["provider"], later["provider"] = keys
        if given is not None and codes is not None:
            texts["provider"] = Text(codes, given.labels)
    if _is_register(later):
        result = _of_providers(older.copy(), later)
        result.attrs = said[0]
        return (result, _differences(older, later, np.empty((0, 2), dtype=np.int64), [])) if return_report else result
    older, later = _with_graded(older, later)
    pairs = find_pairs(older, later, texts)
    result, changes = _together(older, later, pairs, texts)
    result = _of_providers(result, later)
    older.attrs, later.attrs = said
    since, gaps = known.joined(older, later, result)
    if since is not None:
        result["known_from"] = since
    elif "known_from" in result.columns:
        result = result.drop(columns="known_from")
    result.attrs = known.attrs_of_both(older, later, gaps)
    if not return_report:
        return result
    report = _differences(older, later, pairs, changes)
    if gaps:
        report.attrs["gaps"] = gaps
    if doubled := _under_two_providers(result):
        report.attrs["under_two_providers"] = doubled
    return result, report


def _numbered(table: Any, which: str) -> pd.DataFrame:
    """A table of pandas with its rows numbered; its columns are those of the table itself, which are not written to."""
    with of_table(which):
        frame = as_frame(table).copy(deep=False)
    if (again := frame.columns.duplicated()).any():
        name = frame.columns[again][0]
        raise ValueError(
            f"the {which} table has {int((frame.columns == name).sum())} columns {name!r}; each needs a name of its own "
            "(table.loc[:, ~table.columns.duplicated()] keeps the first)"
        )
    for level in frame.index.names:
        if level in ("provider", "inspection_start", "published") and level not in frame.columns:
            raise MissingColumnError(f"{level!r} is a level of the {which} table's index; table.reset_index() makes a column of it")
    frame.index = pd.RangeIndex(len(frame))
    return frame


def _under_two_providers(frame: pd.DataFrame) -> list[str]:
    """Which numbers stand under two providers on one day, as where a school's successor has its inspection: they may be one."""
    if not {"provider", "inspection_number", "inspection_start"} <= set(frame.columns):
        return []
    rows = frame[["provider", "inspection_number", "inspection_start"]].astype({"provider": object, "inspection_number": object}).dropna()
    rows["inspection_number"] = rows["inspection_number"].map(str).str.removeprefix("ITS")
    rows = rows.drop_duplicates()
    rows = rows[rows.duplicated(["inspection_number", "inspection_start"], keep=False)]
    return [
        f"inspection {number} stands under two providers: {', '.join(map(str, of['provider']))}"
        for number, of in rows.groupby("inspection_number")
    ]


def _is_register(frame: pd.DataFrame) -> bool:
    """Whether a table says of providers when they opened and closed, and holds no inspections."""
    return {"opened", "closed"} & set(frame.columns) != set() and {"inspection_start", "published"}.isdisjoint(frame.columns)


def _differences(older: pd.DataFrame, later: pd.DataFrame, pairs: np.ndarray, changes: _Changes) -> pd.DataFrame:
    """The report: one row per difference between the two releases."""
    added, kept = _unpaired(later, pairs[:, 1]), _unpaired(older, pairs[:, 0])
    if _is_register(later):
        added = added[:0]
    changed = np.array([row for row, *_ in changes], dtype=np.int64)
    what = np.repeat(["added", "changed", "kept"], [len(added), len(changed), len(kept)])
    columns: dict[str, Any] = {"what": what}
    for name in ("provider", "inspection_start", "published"):
        parts = [_values(frame, name)[rows] for frame, rows in ((later, added), (later, changed), (older, kept))]
        columns[name] = np.concatenate(parts)
    blank = np.full(len(added), None), np.full(len(kept), None)
    columns["column"] = [""] * len(added) + [name for _, name, *_ in changes] + [""] * len(kept)
    for at, name in ((2, "before"), (3, "after")):
        columns[name] = pd.Series([*blank[0], *(change[at] for change in changes), *blank[1]], dtype=object)
    report = pd.DataFrame(columns)
    n_changed = len(np.unique(changed))
    report.attrs = {"added": len(added), "changed": n_changed, "same": len(pairs) - n_changed, "kept": len(kept)}
    return report


def _with_graded(older: pd.DataFrame, later: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both with a column graded where one of them has it."""
    if "graded" not in older.columns and "graded" not in later.columns:
        return older, later
    for frame in (older, later):
        if "graded" not in frame.columns:
            frame["graded"] = graded_rows(frame)
    return older, later


def _values(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column for the report: days, or whatever the providers are; missing where there is none."""
    if name not in frame.columns:
        return np.full(len(frame), np.datetime64("NaT", "s"))
    return frame[name].astype(object).to_numpy() if name == "provider" else dates_of(days_of(frame[name], name)).to_numpy()


def _together(older: pd.DataFrame, later: pd.DataFrame, pairs: np.ndarray, texts: Texts) -> tuple[pd.DataFrame, _Changes]:
    """The older rows with the newer values of the same inspections, then the rows that only the newer has; and what changed."""
    added = _unpaired(later, pairs[:, 1])
    columns: dict[str, Any] = dict.fromkeys([*older.columns, *later.columns])
    sides: list[tuple[Any, Any, Any]] = [(name, older.get(name), later.get(name)) for name in columns]
    told_of: dict[str, Any] = {name: [] for name in older.columns}

    def join(number: int) -> None:
        name, ours, theirs = sides[number]
        if name == "known_from":
            columns[name] = np.full(len(older) + len(added), np.datetime64("NaT", "s"))  # said of providers, once all rows are there
            return
        differ = pairs[:0]
        if theirs is None:
            theirs = _missing(ours, len(later))
        elif ours is None:
            ours = _missing(theirs, len(older))
            differ, _ = _differing(ours, theirs, pairs)
        else:
            differ, told_of[name] = _differing(ours, theirs, pairs, texts.get(name))
        columns[name] = _joined(ours, theirs, differ, added)

    share_out(join, len(sides), usable_cores() if len(older) >= ROWS_WORTH_A_THREAD else 1)
    changes = [(row, name, before, after) for name, told in told_of.items() for row, before, after in told]
    return pd.DataFrame(columns, copy=False), sorted(changes, key=lambda change: change[0])


def _unpaired(frame: pd.DataFrame, paired: np.ndarray) -> np.ndarray:
    """The rows that are in no pair."""
    free = np.ones(len(frame), dtype=np.bool_)
    free[paired] = False
    return np.flatnonzero(free)


def _missing(like: pd.Series, size: int) -> pd.Series:
    """A column of nothing, of the kind of another."""
    return _may_lack_values(like).iloc[:0].reindex(range(size))


def _may_lack_values(values: pd.Series) -> pd.Series:
    """The same values in a dtype that has a missing one, and neither makes numbers of yes and no nor cuts whole numbers to 53 bits."""
    if values.dtype == np.bool_:
        return values.astype("boolean")
    if values.dtype.kind in "iu" and isinstance(values.dtype, np.dtype) and not _are_floats(values):
        return values.astype("Int64" if values.dtype.kind == "i" else "UInt64")
    return values


def _are_floats(values: pd.Series) -> bool:
    """Whether floats can hold whole numbers as they are."""
    return values.dtype.kind not in "iu" or not len(values) or (int(values.min()) >= -(2**53) and int(values.max()) <= 2**53)


def _differing(
    ours: pd.Series, theirs: pd.Series, pairs: np.ndarray, text: Text | None = None
) -> tuple[np.ndarray, list[tuple[int, Any, Any]]]:
    """The pairs in which the newer value is known and another, and of those known before too: row of the newer, before, after."""
    old, new = pairs[:, 0], pairs[:, 1]
    if isinstance(ours.dtype, pd.CategoricalDtype) and isinstance(theirs.dtype, pd.CategoricalDtype):
        a, b = np.asarray(ours.cat.codes)[old], np.asarray(theirs.cat.codes)[new]
        known, missing = b >= 0, a < 0
        if _same_categories(ours.dtype, theirs.dtype):
            unlike = a != b
        else:
            labels = [np.array([*dtype.categories, None], dtype=object) for dtype in (ours.dtype, theirs.dtype)]
            unlike = labels[0][a] != labels[1][b]
    elif (values := _to_compare(ours, theirs)) is not None:
        a, b = values[0][old], values[1][new]
        known, missing, unlike = ~pd.isna(b), pd.isna(a), a != b
        if a.dtype.kind == "M" and ours.name in DATES:
            unlike[unlike] = whole_days(a[unlike]) != whole_days(b[unlike])
    elif text is not None:
        a, b = text.codes[0][old], text.codes[1][new]
        known, missing, unlike = b >= 0, a < 0, a != b
    else:
        a, b = ours.astype(object).to_numpy()[old], theirs.astype(object).to_numpy()[new]
        known, missing = ~pd.isna(b), pd.isna(a)
        both = np.flatnonzero(known & ~missing)  # only what is known can be compared: pandas.NA cannot
        unlike = np.ones(len(a), dtype=np.bool_)
        unlike[both] = _unlike(a[both], b[both])
    differ = known & unlike
    if is_called_as_judgement(ours.name):
        graded = np.flatnonzero(differ & ~missing)
        differ[graded[_mean_none(theirs.take(new[graded]))]] = False  # a word for none is no news of a grade
    told = differ & ~missing
    if not told.any():
        return pairs[differ], []
    before, after = _as_objects(ours.take(old[told])), _as_objects(theirs.take(new[told]))
    return pairs[differ], list(zip(new[told].tolist(), before.tolist(), after.tolist(), strict=True))


def _mean_none(values: pd.Series) -> np.ndarray:
    """Which values are words that stand where a grade could and say that there is none."""
    words = [word for word in values.dropna().unique() if isinstance(word, str)]
    return np.asarray(values.isin([word for word in words if normal_form(word) in NOT_A_GRADE]))


def _to_compare(ours: pd.Series, theirs: pd.Series) -> tuple[np.ndarray, np.ndarray] | None:
    """Two columns as arrays where both are of moments, or of yes and no; None of others, and of moments of unlike units but in days."""
    if ours.dtype == theirs.dtype == np.bool_:
        return ours.to_numpy(), theirs.to_numpy()
    first, second = moments_of(ours), moments_of(theirs)
    if first is None or second is None:
        return None
    if first.dtype != second.dtype:
        if ours.name not in DATES:
            return None
        first, second = (whole_days(moments).view("datetime64[D]") for moments in (first, second))
    return first, second


def _as_objects(values: pd.Series) -> pd.Series:
    """The values as single ones; Arrow's dates as pandas has them, which reach further than Python's."""
    moments = moments_of(values) if isinstance(values.dtype, pd.ArrowDtype) else None
    return values.astype(object) if moments is None else pd.Series(moments).astype(object)


def _unlike(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Which values of two arrays of objects differ."""
    try:
        return np.asarray(first != second, dtype=np.bool_)
    except ValueError:  # values are arrays themselves, which NumPy compares place by place
        plain = ([value.tolist() if isinstance(value, np.ndarray) else value for value in values] for values in (first, second))
        return np.array([one != other for one, other in zip(*plain, strict=True)], dtype=np.bool_)


def _joined(ours: pd.Series, theirs: pd.Series, differ: np.ndarray, added: np.ndarray) -> pd.Series:
    """One column of the history, no memory of which is the older table's; a Categorical gains what it lacks, in no order then."""
    rows = np.concatenate([differ[:, 1], added])
    if not len(rows):
        return ours.copy()
    if isinstance(ours.dtype, pd.CategoricalDtype):
        newer = theirs.array if isinstance(theirs.dtype, pd.CategoricalDtype) else pd.Categorical(theirs)
        dtype, codes = _categories(ours.array, newer, np.asarray(newer.codes)[rows])
        joined = np.append(np.asarray(ours.array.codes).astype(codes.dtype), codes[len(differ) :])
        joined[differ[:, 0]] = codes[: len(differ)]
        return pd.Series(pd.Categorical.from_codes(joined, dtype=dtype, validate=False))
    if isinstance(ours.dtype, np.dtype) and ours.dtype == theirs.dtype:
        newer_values, values = theirs.to_numpy(), np.empty(len(ours) + len(added), dtype=ours.dtype)
        values[: len(ours)] = ours.to_numpy()
        newer_values.take(added, out=values[len(ours) :], mode="clip")  # which writes there at once
        values[differ[:, 0]] = newer_values[differ[:, 1]]
        return pd.Series(values)
    more = theirs.take(rows)
    if more.isna().all():
        return _may_lack_values(ours).reindex(range(len(ours) + len(added)))
    both = _below(ours, more)
    if not len(differ):
        return both
    of_row = np.append(np.arange(len(ours)), len(ours) + len(differ) + np.arange(len(added)))
    of_row[differ[:, 0]] = len(ours) + np.arange(len(differ))
    return both.take(of_row).reset_index(drop=True)


def _below(ours: pd.Series, more: pd.Series) -> pd.Series:
    """Newer values below the older ones: in the older dtype where it holds each of them, else in one that holds all."""
    if ours.dtype != more.dtype:
        ours = _missing(more, len(ours)) if ours.isna().all() else ours
        more = held_as(more, ours.dtype)
    if ours.dtype != more.dtype and not (_are_floats(ours) and _are_floats(more)):
        ours, more = ours.astype(object), more.astype(object)
    try:
        return pd.concat([ours, more], ignore_index=True)
    except pd.errors.OutOfBoundsDatetime:
        raise ValueError(
            f"column {ours.name!r} has dates that the other table can't hold, of 1677 to 2262 and finer than a second: bring both to one "
            f"unit, as with table[{ours.name!r}].dt.as_unit('s')"
        ) from None


def _same_categories(one: Any, other: Any) -> bool:
    """Whether two columns are Categoricals of the same codes; comparing their dtypes takes longer."""
    if not (isinstance(one, pd.CategoricalDtype) and isinstance(other, pd.CategoricalDtype)) or one.ordered != other.ordered:
        return False
    return one.categories is other.categories or one.categories.equals(other.categories)


def _categories(ours: pd.Categorical, newer: pd.Categorical, codes: np.ndarray) -> tuple[pd.CategoricalDtype, np.ndarray]:
    """The older categories with those that the newer rows need too, and the codes of these rows among them."""
    if _same_categories(ours.dtype, newer.dtype):
        return ours.dtype, codes
    used = np.zeros(len(newer.categories), dtype=np.bool_)
    used[codes[codes >= 0]] = True
    place = np.full(len(newer.categories) + 1, -1, dtype=np.int32)
    place[:-1][used] = ours.categories.get_indexer(newer.categories[used])
    extra = used & (place[:-1] < 0)
    place[:-1][extra] = len(ours.categories) + np.arange(int(extra.sum()))
    if not extra.any():
        return ours.dtype, place[codes]
    more = newer.categories[extra]
    categories = ours.categories.append(more) if len(ours.categories) else more
    return pd.CategoricalDtype(categories, ordered=False), place[codes]  # no order says where those stand that it lacks


def _of_providers(result: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """What the newer release says of a provider's opening and closing holds for all its rows."""
    for name in ("opened", "closed"):
        if name not in later.columns or not (said := np.flatnonzero(later[name].notna())).size:
            continue
        here, there = joint_codes(result["provider"], later["provider"])
        row = np.full(max(int(here.max(initial=-1)), int(there.max(initial=-1))) + 2, -1)
        row[there[said]] = said  # the last that says it
        of_row = row[here]
        rows = np.flatnonzero((here >= 0) & (of_row >= 0))
        ours = result[name] if name in result.columns else _missing(later[name], len(result))
        result[name] = _joined(ours, later[name], np.stack([rows, of_row[rows]], axis=1), rows[:0])
    return result


@same_kind
def reconcile(mine: Any, published: Any, *, judgement: str = "overall_effectiveness", provider: str = "provider") -> pd.DataFrame:
    """Name the providers on which two lists of grades differ, and how.

    Parameters
    ----------
    mine, published : DataFrame
        Lists with one row per provider: results of `as_at`, or an "as at" file of Ofsted's as `read_inspections` gives it.
    judgement : str, default "overall_effectiveness"
        The judgement to compare.
    provider : str, default "provider"
        The column of the providers in both.

    Returns
    -------
    DataFrame
        One row per provider on which the lists differ, in the order of the keys:

        ===================================  =============  ==============================================================================
        column                               dtype          meaning
        ===================================  =============  ==============================================================================
        provider                             text or int64  its key, in a column called as in the lists
        provider_name                        text           its name, where a list has it
        mine, published                      category       its grade in each list
        difference                           text           "only in mine", "only in published", "another grade", or "another inspection":
                                                            the same grade from another day
        mine_inspected, published_inspected  datetime64[s]  the day of the inspection in each list (of publication where that is missing)
        ===================================  =============  ==============================================================================

    Raises
    ------
    ValueError
        If a provider is in a list twice.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> before, after = (sif.as_at(table, date, framework="ILACS") for date in ("2024-03-31", "2024-04-30"))
    >>> sif.reconcile(before, after)[["provider_name", "mine", "difference"]].values.tolist()
    [['Oxfordshire', 'Good', 'another inspection']]
    """
    lists = [as_frame(mine), as_frame(published)]
    found = []
    of_lists = of_one_kind(*(column(frame, provider, "provider") for frame in lists))[0]
    for frame, title, values in zip(lists, ("mine", "published"), of_lists, strict=True):
        keys = pd.Index(values.astype(object))
        if keys.has_duplicates:
            again = keys[keys.duplicated()][0]
            raise ValueError(f"{title}: provider {again} is in it {int((keys == again).sum())} times; as_at gives one row per provider")
        codes, scale = grade_codes(frame, judgement, None)
        start, report = day_of(frame, "inspection_start"), day_of(frame, "published")
        labels = np.array([*scale.labels[::-1], None], dtype=object)[codes]
        found.append((keys, labels, start, report, scale))
    if found[0][4] != found[1][4]:
        raise ValueError(f"column {judgement!r} is on the scale {found[0][4].name} in mine and {found[1][4].name} in published")
    everyone = sorted({*found[0][0], *found[1][0]}, key=str)
    at = [keys.get_indexer(pd.Index(everyone)) for keys, *_ in found]
    names = [
        dict(zip(keys, labels_of(frame, "provider_name").astype(object), strict=True))
        for (keys, *_), frame in zip(found, lists, strict=True)
    ]
    rows = []
    for place, key in enumerate(everyone):
        i, j = int(at[0][place]), int(at[1][place])
        ours = found[0][1][i] if i >= 0 else None
        theirs = found[1][1][j] if j >= 0 else None
        day = [_dates(found[side], row) for side, row in ((0, i), (1, j))]
        if i < 0 or j < 0:
            difference = "only in mine" if j < 0 else "only in published"
        elif ours != theirs:
            difference = "another grade"
        elif _another_day(day):
            difference = "another inspection"
        else:
            continue
        shown = [start if start != NO_DAY else report for start, report in day]
        rows.append((key, names[0].get(key) or names[1].get(key), ours, theirs, difference, *map(_timestamp, shown)))
    result = pd.DataFrame(
        rows, columns=["provider", "provider_name", "mine", "published", "difference", "mine_inspected", "published_inspected"]
    )
    scale = found[0][4]
    for name in ("mine", "published"):
        result[name] = pd.Categorical(result[name], dtype=scale.dtype)
    for name in ("mine_inspected", "published_inspected"):
        result[name] = pd.to_datetime(result[name]).astype("datetime64[s]")
    return result.rename(columns={"provider": provider})


def _dates(found: tuple[Any, ...], row: int) -> tuple[int, int]:
    return (int(found[2][row]), int(found[3][row])) if row >= 0 else (NO_DAY, NO_DAY)


def _another_day(day: list[tuple[int, int]]) -> bool:
    """Whether a day that both know is another; what one does not know tells nothing."""
    (start, report), (their_start, their_report) = day
    if NO_DAY not in (start, their_start):
        return start != their_start
    return NO_DAY not in (report, their_report) and report != their_report


def _timestamp(day: int) -> Any:
    return pd.NaT if day == NO_DAY else pd.Timestamp(iso(day))
