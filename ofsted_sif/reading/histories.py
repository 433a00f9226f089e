"""Several releases as one history, and two lists compared.

Across the change of case systems in 2015 the same inspection stands under another number and a day up to 19 days away, so neither is a
key over time; within one system the number is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.table.columns import as_frame, column, grade_codes, graded_rows, has_grade, judgement_columns
from ofsted_sif.table.dates import days_of, iso
from ofsted_sif.table.frames import same_kind, same_kind_and_report
from ofsted_sif.table.keys import of_one_kind
from ofsted_sif.table.records import stack

__all__ = ["combine", "reconcile"]

# The largest distance seen between the days that two systems give for one inspection.
NEAR = 20
# Numbers of the case system before 2015 end at the one, those of the system since begin at the other: between them both have some.
LAST_OLD, FIRST_NEW = 435_001, 381_399
# The same between two days of publication, where the day of the inspection is not known: Nottingham's report of 5 September 2022 stands
# under 5 November in one release.
NEAR_PUBLISHED = 92


@same_kind_and_report
def combine(table: Any, newer: Any, *, return_report: bool = False) -> Any:
    """Bring two releases together into one history, one row an inspection, the newer winning.

    Parameters
    ----------
    table : DataFrame, n rows
        Inspections as `read_inspections` or `load_inspections` gives them.
    newer : DataFrame, m rows
        Those of a later release.
    return_report : bool, default False
        Whether to give the report too.

    Returns
    -------
    DataFrame
        The rows of `table` in their order, brought up to date, then those inspections that only `newer` has. A value that the newer
        release leaves blank is kept from the older.
    DataFrame, with `return_report`
        A row a difference: what ("added", "changed", "kept": only the older has it), provider, inspection_start, published, and for a
        change column, before and after. ``attrs`` counts added, changed, same and kept.

    Raises
    ------
    ValueError
        If a judgement is on unlike scales in the two, or a table has neither providers nor dates.

    Notes
    -----
    Two rows of one provider are the same inspection, in this order of certainty, each row used once: the same inspection number; the
    same first day; the same day of publication where a first day is missing; first days at most 20 apart, and no grade that differs or,
    where both have numbers, the same overall grade;
    where a first day is missing, days of publication at most 92 apart, at least two grades and none that differs. Never where both have
    numbers of one case system that differ, where frameworks or being graded differ, or where they have no judgement in common. Numbers
    up to 381398, and those with "ITS" before them, are of the system before 2015, those from 435002 on of the system since; between
    them both have some. The same number under another provider is the same inspection where one names the other as
    `urn_at_inspection`. Which inspection of the table is which
    does not depend on the order of rows except between rows that agree in all of this.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> both, report = sif.combine(table[:700], table[690:], return_report=True)
    >>> len(both), report.attrs["added"], report.attrs["changed"]
    (716, 16, 0)
    """
    older, later = as_frame(table).reset_index(drop=True), as_frame(newer).reset_index(drop=True)
    if "provider" in older.columns and "provider" in later.columns:
        keys = of_one_kind(column(older, "provider", "table"), column(later, "provider", "newer"))
        older, later = older.assign(provider=keys[0]), later.assign(provider=keys[1])
    older, later = _with_graded(older, later)
    pairs = _pairs(older, later)
    result, changes = _updated(older, later, pairs)
    added = np.setdiff1d(np.arange(len(later)), pairs[:, 1])
    result = _of_providers(_stacked(result, later.take(added).reset_index(drop=True)), later)
    result.attrs = dict(older.attrs)
    if not return_report:
        return result
    kept = np.setdiff1d(np.arange(len(older)), pairs[:, 0])
    report = pd.DataFrame(
        [
            *[("added", *_identity(later, row), "", None, None) for row in added.tolist()],
            *[("changed", *_identity(later, row), name, before, after) for row, name, before, after in changes],
            *[("kept", *_identity(older, row), "", None, None) for row in kept.tolist()],
        ],
        columns=["what", "provider", "inspection_start", "published", "column", "before", "after"],
    )
    n_changed = len({row for row, *_ in changes})
    report.attrs = {"added": len(added), "changed": n_changed, "same": len(pairs) - n_changed, "kept": len(kept)}
    return result, report


def _with_graded(older: pd.DataFrame, later: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both with a column graded where one of them has it."""
    if "graded" not in older.columns and "graded" not in later.columns:
        return older, later
    return tuple(frame if "graded" in frame.columns else frame.assign(graded=graded_rows(frame)) for frame in (older, later))


def _day(frame: pd.DataFrame, name: str) -> np.ndarray:
    return days_of(column(frame, name, name), name) if name in frame.columns else np.full(len(frame), NO_DAY)


def _labels(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name].astype(object) if name in frame.columns else pd.Series(np.full(len(frame), None), dtype=object)


def _pairs(older: pd.DataFrame, later: pd.DataFrame) -> np.ndarray:
    """Positions (in the older, in the newer) of rows that are the same inspection, each row in one pair at most."""
    keys = [_labels(frame, "provider") for frame in (older, later)]
    for key, frame in zip(keys, (older, later), strict=True):
        column(frame, "provider", "provider")
        if key.isna().any():
            raise ValueError(f"row {int(np.argmax(key.isna()))} has no provider")
    candidates = pd.DataFrame({"key": keys[0], "old": np.arange(len(older))}).merge(
        pd.DataFrame({"key": keys[1], "new": np.arange(len(later))}), on="key"
    )
    old, new = candidates["old"].to_numpy(), candidates["new"].to_numpy()
    succeeded = _under_successors(older, later)
    old, new = np.concatenate([old, succeeded[:, 0]]), np.concatenate([new, succeeded[:, 1]])
    number = [_labels(frame, "inspection_number") for frame in (older, later)]
    of_system = [_bare(series) for series in number]
    one, other = of_system[0][0].to_numpy()[old], of_system[1][0].to_numpy()[new]
    both = number[0].notna().to_numpy()[old] & number[1].notna().to_numpy()[new]
    same_number = both & (one == other)
    systems = of_system[0][1][old], of_system[1][1][new]
    possible = ~both | same_number | (systems[0] != systems[1]) | (systems[0] == 0)
    for name in ("framework", "graded"):
        if name in older.columns and name in later.columns:
            first, second = _labels(older, name), _labels(later, name)
            known = first.notna().to_numpy()[old] & second.notna().to_numpy()[new]
            possible &= ~known | (first.to_numpy()[old] == second.to_numpy()[new])
    equal, unlike, common, judged = _agreement(older, later, old, new)
    possible &= ~judged | (common > 0) | same_number
    start = [_day(frame, "inspection_start") for frame in (older, later)]
    published = [_day(frame, "published") for frame in (older, later)]
    a, b = start[0][old], start[1][new]
    p, q = published[0][old], published[1][new]
    undated = (a == NO_DAY) | (b == NO_DAY)
    apart = np.where(undated, np.iinfo(np.int32).max, np.abs(np.where(undated, 0, a) - np.where(undated, 0, b)))
    rank = np.full(len(old), 9)
    # Across the change of systems the judgements below the overall one were restated for some; that one never.
    agree = (unlike == 0) & (equal > 0) | both & _same_overall(older, later, old, new)
    rank[~undated & (apart <= NEAR) & agree] = 4
    rank[undated & (p != NO_DAY) & (p == q)] = 3
    # Of the same grades twice within a quarter, one day of publication is a slip.
    rank[undated & (p != NO_DAY) & (q != NO_DAY) & (p != q) & (np.abs(p - q) <= NEAR_PUBLISHED) & (unlike == 0) & (equal > 1)] = 5
    rank[~undated & (apart == 0)] = 2
    rank[same_number] = 1
    chosen = np.flatnonzero(possible & (rank < 9))
    chosen = chosen[np.lexsort((new[chosen], old[chosen], apart[chosen], -equal[chosen], unlike[chosen], rank[chosen]))]
    used_old, used_new = np.zeros(len(older), dtype=np.bool_), np.zeros(len(later), dtype=np.bool_)
    pairs = []
    for row, match in zip(old[chosen].tolist(), new[chosen].tolist(), strict=True):
        if not used_old[row] and not used_new[match]:
            used_old[row] = used_new[match] = True
            pairs.append((row, match))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _same_overall(older: pd.DataFrame, later: pd.DataFrame, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Whether both rows of a candidate pair have the same overall grade."""
    name = "overall_effectiveness"
    if not all(name in judgement_columns(frame) for frame in (older, later)):
        return np.zeros(len(old), dtype=np.bool_)
    (first, scale), (second, their_scale) = (grade_codes(frame, name, None) for frame in (older, later))
    return (first[old] >= 0) & (first[old] == second[new]) & (scale == their_scale)


def _under_successors(older: pd.DataFrame, later: pd.DataFrame) -> np.ndarray:
    """Positions of rows with one number under two providers, of which one is the other's `urn_at_inspection`."""
    frames = []
    for frame in (older, later):
        bare = _bare(_labels(frame, "inspection_number"))[0]
        there = bare.notna().to_numpy()
        columns = {"number": bare, "provider": _labels(frame, "provider"), "then": _labels(frame, "urn_at_inspection")}
        frames.append(pd.DataFrame({**columns, "at": np.arange(len(frame))})[there])
    if all(frame["then"].isna().all() for frame in frames):
        return np.empty((0, 2), dtype=np.int64)
    found = frames[0].merge(frames[1], on="number")
    other = found["provider_x"] != found["provider_y"]
    same = (found["then_y"] == found["provider_x"]) | (found["then_x"] == found["provider_y"])
    return found.loc[other & same, ["at_x", "at_y"]].to_numpy(dtype=np.int64)


def _bare(numbers: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Numbers without a leading ITS, and the case system of each: -1 before 2015, 1 since, 0 where both have such numbers."""
    text = numbers.astype("str")
    old_by_name = text.str.startswith("ITS").to_numpy(dtype=np.bool_)
    bare = text.str.removeprefix("ITS")
    digits = bare.str.fullmatch(r"\d{1,9}").to_numpy(dtype=np.bool_)
    value = np.zeros(len(bare), dtype=np.int64)
    value[digits] = bare[digits].astype("int64")
    system = np.zeros(len(bare), dtype=np.int8)
    system[(digits & (value < FIRST_NEW)) | old_by_name] = -1
    system[digits & (value > LAST_OLD) & ~old_by_name] = 1
    return bare.astype(object).where(numbers.notna(), None), system


def _agreement(
    older: pd.DataFrame, later: pd.DataFrame, old: np.ndarray, new: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each candidate pair: how many grades are equal, unlike, and in both, and whether both have any."""
    equal, unlike = np.zeros(len(old), dtype=np.int64), np.zeros(len(old), dtype=np.int64)
    any_old, any_new = np.zeros(len(older), dtype=np.bool_), np.zeros(len(later), dtype=np.bool_)
    names = judgement_columns(later)
    for name in judgement_columns(older):
        codes, scale = grade_codes(older, name, None)
        any_old |= codes >= 0
        if name not in names:
            continue
        if (later[name].notna()).any():
            theirs, their_scale = grade_codes(later, name, None)
            if their_scale != scale and (codes >= 0).any():
                raise ValueError(f"column {name!r} is on the scale {scale.name} in one table and {their_scale.name} in the other")
            x, y = codes[old], theirs[new]
            known = (x >= 0) & (y >= 0)
            equal += known & (x == y)
            unlike += known & (x != y)
    for name in names:
        any_new |= has_grade(later[name])
    return equal, unlike, equal + unlike, any_old[old] & any_new[new]


def _updated(older: pd.DataFrame, later: pd.DataFrame, pairs: np.ndarray) -> tuple[pd.DataFrame, list[tuple[int, str, Any, Any]]]:
    """The older rows with the newer values of the same inspections, and what changed: row of the newer, column, before, after."""
    old, new = pairs[:, 0], pairs[:, 1]
    columns: dict[str, Any] = {}
    changes: list[tuple[int, str, Any, Any]] = []
    for name in dict.fromkeys([*older.columns, *later.columns]):
        if name not in later.columns:
            columns[name] = older[name]
            continue
        theirs = later[name].take(new)
        if name not in older.columns:
            values = later[name].iloc[:0].reindex(range(len(older)))
            if values.dtype == object and later[name].dtype == np.bool_:
                values = pd.Series(False, index=range(len(older)))
            columns[name] = _replaced(values, old, theirs)
            continue
        ours = older[name].take(old)
        a, b = ours.astype(object).to_numpy(), theirs.astype(object).to_numpy()
        known, before_missing = theirs.notna().to_numpy(), ours.isna().to_numpy()
        differ = known & before_missing
        both = np.flatnonzero(known & ~before_missing)
        differ[both] = a[both] != b[both]  # only what is known can be compared: pandas.NA cannot
        for place in np.flatnonzero(differ & ~before_missing).tolist():
            changes.append((int(new[place]), name, a[place], b[place]))
        columns[name] = _replaced(older[name], old[differ], theirs.iloc[np.flatnonzero(differ)]) if differ.any() else older[name]
    return pd.DataFrame(columns, copy=False), sorted(changes, key=lambda change: change[0])


def _replaced(values: pd.Series, rows: np.ndarray, by: pd.Series) -> pd.Series:
    """A copy with other values in those rows; a Categorical gains what it lacks."""
    result = values.copy()
    if isinstance(result.dtype, pd.CategoricalDtype):
        extra = pd.Index(by.dropna().astype(object).unique()).difference(result.cat.categories, sort=False)
        if len(extra):
            result = result.cat.add_categories(extra)
    result.iloc[rows] = by.astype(object).to_numpy() if isinstance(result.dtype, pd.CategoricalDtype) else by.to_numpy()
    return result


def _stacked(result: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    missing = {name: added[name].iloc[:0].reindex(range(len(added))) for name in added.columns if name not in result.columns}
    lacking = {name: result[name].iloc[:0].reindex(range(len(added))).array for name in result.columns if name not in added.columns}
    return stack(result.assign(**missing), added.assign(**lacking)) if len(added) else result


def _of_providers(result: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """What the newer release says of a provider's opening and closing holds for all its rows."""
    for name in ("opened", "closed"):
        if name not in later.columns or result[name].dtype.kind != "M" or later[name].dtype.kind != "M":
            continue
        said = later.loc[later[name].notna(), ["provider", name]].drop_duplicates("provider", keep="last")
        position = pd.Index(said["provider"].astype(object)).get_indexer(pd.Index(result["provider"].astype(object)))
        dates = result[name].to_numpy(copy=True)
        dates[position >= 0] = said[name].to_numpy()[position[position >= 0]]
        result[name] = dates
    return result


def _identity(frame: pd.DataFrame, row: int) -> tuple[Any, Any, Any]:
    return tuple(frame[name].iloc[row] if name in frame.columns else pd.NaT for name in ("provider", "inspection_start", "published"))


@same_kind
def reconcile(mine: Any, published: Any, *, judgement: str = "overall_effectiveness", provider: str = "provider") -> pd.DataFrame:
    """Name the providers on which two lists of grades differ, and how.

    Parameters
    ----------
    mine, published : DataFrame
        Lists with a row a provider, as `as_at` gives them or an "as at" file holds them.
    judgement : str, default "overall_effectiveness"
        The judgement compared.
    provider : str, default "provider"
        The column of the providers in both.

    Returns
    -------
    DataFrame
        A row a provider on which they differ, in the order of the keys: provider, provider_name where known, mine, published (the
        grades), difference ("only in mine", "only in published", "another grade", "another inspection"), mine_inspected,
        published_inspected. "Another inspection" is the same grade from another day.

    Raises
    ------
    ValueError
        If a provider stands twice in a list.

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
    of_lists = of_one_kind(*(column(frame, provider, "provider") for frame in lists))
    for frame, title, values in zip(lists, ("mine", "published"), of_lists, strict=True):
        keys = pd.Index(values.astype(object))
        if keys.has_duplicates:
            again = keys[keys.duplicated()][0]
            raise ValueError(f"{title}: provider {again} stands in it {int((keys == again).sum())} times; as_at gives one row a provider")
        codes, scale = grade_codes(frame, judgement, None)
        start, report = _day(frame, "inspection_start"), _day(frame, "published")
        labels = np.array([*scale.labels[::-1], None], dtype=object)[codes]
        found.append((keys, labels, start, report, scale))
    if found[0][4] != found[1][4]:
        raise ValueError(f"column {judgement!r} is on the scale {found[0][4].name} in mine and {found[1][4].name} in published")
    everyone = sorted({*found[0][0], *found[1][0]}, key=str)
    at = [keys.get_indexer(pd.Index(everyone)) for keys, *_ in found]
    names = [dict(zip(keys, _labels(frame, "provider_name"), strict=True)) for (keys, *_), frame in zip(found, lists, strict=True)]
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
