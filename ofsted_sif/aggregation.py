"""Counting rows by grade: how many are good or better, by group, with shares and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import columns, counts, frames
from ofsted_sif.frames import same_kind
from ofsted_sif.intervals import check_method, proportion_interval
from ofsted_sif.rows import RowError
from ofsted_sif.scales import GradeScale, snake_case

__all__ = ["aggregate"]


@same_kind
def aggregate(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    judgement: str | Sequence[str] = "overall_effectiveness",
    scale: GradeScale | None = None,
    weights: str | None = None,
    interval: str = "wilson",
    level: float = 0.95,
    min_n: int = 0,
    observed: bool = True,
    threads: int | None = None,
) -> pd.DataFrame:
    """Count the rows of a table by grade, a row a group, with shares and the interval of the share good enough.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        The rows to count: inspections, or providers as `as_at` gives them.
    by : str or sequence of str, optional
        Columns that make the groups. One: every category in its order, or the observed values sorted. Several: the combinations.
        Rows with a missing label make one last group. By default all rows are one group.
    judgement : str or sequence of str, default "overall_effectiveness"
        The column of grades. Several give a row a group and judgement, and a column `judgement`; they must share a scale.
    scale : GradeScale, optional
        The scale of the grades; by default told from the column.
    weights : str, optional
        A column of weights (numbers of pupils, say). Grade counts are then sums of weights, shares are weighted and bounds NaN;
        `n`, `n_judged` and `n_not_judged` stay numbers of rows; rows without a weight are counted in `n_without_weight`.
    interval : {"wilson", "clopper-pearson", "jeffreys", "goodman"}, default "wilson"
        How `lower` and `upper` are found: see `proportion_interval`. ``goodman`` adds simultaneous bounds ``lower_<grade>`` and
        ``upper_<grade>``; the threshold's share, a single proportion, then has Wilson's.
    level : float, default 0.95
        Confidence level.
    min_n : int, default 0
        Shares and bounds are NaN where `n_judged` is below it. Counts stay: this is no disclosure control.
    observed : bool, default True
        With several `by`, False gives the product of their labels.
    threads : int, optional
        By default one for few rows, else one a core. Counts do not depend on it.

    Returns
    -------
    DataFrame
        Columns: those of `by`, ``judgement`` (when several were asked), ``n``, ``n_judged``, ``n_not_judged``, a count a grade best
        first, the threshold's count (``good_or_outstanding``; only where the scale has a threshold), ``share_<grade>``...,
        the threshold's share, ``lower``, ``upper``. Always n = n_judged + n_not_judged; shares are of `n_judged`, NaN where it is 0.

    Raises
    ------
    ValueError
        For a column that is missing, a word or number that is no grade (named, with its row), a weight that is negative or infinite,
        unknown names of methods, or a `by` column that is called as a column of the result.

    Notes
    -----
    The interval takes the rows as a sample of what the same process might have found; of a census it says how far the share could
    differ by chance, not that authorities were left out.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.as_at(sif.load_inspections(), **sif.release("sif-2015-03-10"))
    >>> row = sif.aggregate(table).iloc[0]
    >>> row[["n", "outstanding", "good", "requires_improvement", "inadequate"]].astype(int).tolist()
    [43, 0, 10, 26, 7]
    """
    check_method(interval)
    asked = columns.names(judgement, "judgement")
    if not asked:
        raise ValueError("judgement names no column")
    if weights is None and (found := _counted_as_coded(table, columns.names(by, "by"), asked, scale, threads)) is not None:
        labels, tables, scale = found
        of_coded: Any = stacked_columns(labels, tables, asked, scale, interval=interval, level=level, min_n=min_n)
        return of_coded  # same_kind makes of it a table of the kind that came in
    frame = columns.as_frame(table, by=by, judgement=judgement, weights=weights)
    grouped = columns.groups(frame, by, observed=observed)
    tables, weighted, unweighted = [], [], []
    weight = None if weights is None else weights_of(frame, weights)
    for name in asked:
        codes, scale = columns.grade_codes(frame, name, scale)
        sizes = {"n_groups": grouped.size, "n_grades": len(scale.labels)}
        counted = counts.count_grades(grouped.codes, codes, threads=threads, **sizes)
        tables.append(counted.reshape(-1, counted.shape[-1]))
        if weight is not None:
            sums, without = counts.count_grades(grouped.codes, codes, weights=weight, threads=threads, **sizes)
            weighted.append(sums.reshape(tables[-1].shape))
            unweighted.append(without)
    assert scale is not None
    shown = shown_columns(grouped, tables, asked, scale, weighted, unweighted, interval=interval, level=level, min_n=min_n)
    result = pd.DataFrame(shown, copy=False)
    # What a picture of the counts may say of them, where `as_at` has said it of the rows.
    if frame.attrs:
        result.attrs = {name: frame.attrs[name] for name in ("as_at", "published_by", "framework") if name in frame.attrs}
    return result


# Dictionaries that several columns share may be long; beyond so many cells of groups and words the rows are coded anew.
MOST_CELLS = 1 << 22


def _counted_as_coded(
    table: Any, by: list[str], asked: list[str], scale: GradeScale | None, threads: int | None
) -> tuple[dict[str, Any], list[np.ndarray], GradeScale] | None:
    """Labels and counts of dictionary columns of polars and Arrow by their codes as they lie; None where the long way round is needed.

    The kernel counts the dictionaries' entries; what these mean is applied to the counts.
    """
    coded = None if len(by) > 1 else frames.coded(table, [*by, *asked])
    if coded is None:
        return None
    groups = coded.pop(0) if by else None
    group_codes, n_groups = (None, 0) if groups is None else (groups.chunks, len(groups.words))
    if any((n_groups + 1) * (len(judged.words) + 1) > MOST_CELLS for judged in coded):
        return None
    tables = []
    for judged in coded:
        counted = counts.count_grades(group_codes, judged.chunks, n_groups=n_groups, n_grades=len(judged.words), threads=threads)
        graded = _by_grade(counted.reshape(-1, len(judged.words) + 1), judged, scale)
        if graded is None:
            return None
        scale, by_grade = graded
        tables.append(by_grade)
    assert scale is not None
    if groups is None:
        return {}, tables, scale
    has_missing = bool(tables[0][-1].any())
    if groups.in_order:
        labels = groups.dictionary_at(None, and_missing=has_missing)
        return {by[0]: labels}, [counted[: n_groups + has_missing] for counted in tables], scale
    occurring = np.flatnonzero(np.any([counted[:-1].any(axis=1) for counted in tables], axis=0)).tolist()
    shown = sorted(occurring, key=lambda at: groups.words[at])
    labels = groups.dictionary_at(shown, and_missing=has_missing)
    shown += [n_groups] * has_missing
    return {by[0]: labels}, [counted[shown] for counted in tables], scale


def _by_grade(by_word: np.ndarray, judged: frames.Coded, scale: GradeScale | None) -> tuple[GradeScale, np.ndarray] | None:
    """The scale, and counts by grade from those by word, the missing ones last of both; None where a word is no grade."""
    words = judged.words
    if (found := columns.scale_of_words(words, scale)) is not None:
        return found, by_word
    used = range(len(words)) if judged.in_order else np.flatnonzero(by_word[:, :-1].any(axis=0)).tolist()
    of_words = np.full(len(words) + 1, -1)
    try:
        of_words[used], scale = columns.grade_codes_of([words[code] for code in used], "grade", scale)
    except ValueError:  # an error only if a row has it, and then its row is to be named
        return None
    by_grade = np.zeros((len(by_word), len(scale.labels) + 1), dtype=np.int64)
    for code in [*used, -1]:
        by_grade[:, of_words[code]] += by_word[:, code]
    return scale, by_grade


def shown_columns(
    grouped: columns.Groups,
    tables: Sequence[np.ndarray],
    asked: Sequence[str],
    scale: GradeScale,
    weighted: Sequence[np.ndarray],
    unweighted: Sequence[np.ndarray],
    **options: Any,
) -> dict[str, Any]:
    """The columns of the result, from counts of all groups by grade, a table a judgement."""
    groups, labels = shown_groups(grouped, tables[0])
    counted, sums, without = ([part[groups] for part in parts] for parts in (tables, weighted, unweighted))
    return stacked_columns(labels, counted, asked, scale, sums, without, **options)


def stacked_columns(
    labels: dict[str, Any],
    tables: Sequence[np.ndarray],
    asked: Sequence[str],
    scale: GradeScale,
    weighted: Sequence[np.ndarray] = (),
    unweighted: Sequence[np.ndarray] = (),
    **options: Any,
) -> dict[str, Any]:
    """The same from the groups that the result shows: their labels, and their counts by grade, a table a judgement."""
    n_groups, n_asked = len(tables[0]), len(asked)
    stacked = tables[0]
    if n_asked > 1:
        # A group's judgements stand together: groups outside, judgements inside.
        stacked = np.stack(tables, axis=1).reshape(n_groups * n_asked, len(scale.labels) + 1)
        labels = {name: label.take(np.repeat(np.arange(n_groups), n_asked)) for name, label in labels.items()}
        labels["judgement"] = pd.Categorical.from_codes(np.tile(np.arange(n_asked), n_groups), categories=asked)
    sums = np.stack(weighted, axis=1).reshape(stacked.shape) if weighted else None
    without = np.stack(unweighted, axis=1).reshape(len(stacked)) if unweighted else None
    return result_columns(labels, stacked, scale, sums=sums, without_weight=without, **options)


def weights_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """The weights as float64, missing ones NaN; negative and infinite ones are an error that names the row."""
    values = columns.column(frame, name, "weights")
    try:
        weight = values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"weights={name!r}: {error}; weights are numbers") from None
    if (wrong := (weight < 0) | np.isinf(weight)).any():
        row = int(np.argmax(wrong))
        raise RowError(f"weights={name!r}, ", row, f": {weight[row]:g} is negative or infinite")
    return weight


def shown_groups(grouped: columns.Groups, counted: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Which groups a result shows, the missing one last and only where it occurs, and their labels."""
    if not grouped.labels:
        return np.zeros(1, dtype=np.int64), {}
    labels = dict(grouped.labels)
    shown = np.arange(grouped.size)
    if counted[-1].any():
        shown = np.append(shown, grouped.size)
        labels = {name: with_missing(label, grouped.missing[name]) for name, label in labels.items()}
    return shown, labels


def with_missing(labels: Any, missing: Any) -> Any:
    """Labels and one missing label after them."""
    if isinstance(labels, pd.Categorical):
        return pd.Categorical.from_codes(np.append(labels.codes, -1), dtype=labels.dtype)
    return pd.concat([pd.Series(labels), pd.Series(missing)], ignore_index=True).array


def labelled(labels: dict[str, Any], data: dict[str, Any]) -> pd.DataFrame:
    """A result: the label columns of its rows, then its own columns; one name for two of them is an error."""
    return pd.DataFrame(_side_by_side(labels, data), copy=False)


def _side_by_side(labels: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    if clash := labels.keys() & data.keys():
        raise ValueError(f"by names {sorted(clash)}, which the result needs for its own columns: rename it")
    return labels | data


def result_table(labels: dict[str, Any], counted: np.ndarray, scale: GradeScale, **options: Any) -> pd.DataFrame:
    """The result of counting as a DataFrame; the parameters are those of `result_columns`."""
    return pd.DataFrame(result_columns(labels, counted, scale, **options), copy=False)


def result_columns(
    labels: dict[str, Any],
    counted: np.ndarray,
    scale: GradeScale,
    *,
    interval: str,
    level: float,
    min_n: int,
    sums: np.ndarray | None = None,
    without_weight: np.ndarray | None = None,
) -> dict[str, Any]:
    """Build the columns of the result of counting: a row a group, from counts worst to best with the missing ones last.

    Parameters
    ----------
    labels : dict of str to array, each of shape (n_rows,)
        The columns that say what a row is.
    counted : ndarray of int64, shape (n_rows, n_grades + 1)
        Counts by grade.
    scale, interval, level, min_n
        As for `aggregate`.
    sums : ndarray of float64, shape (n_rows, n_grades + 1), optional
        Sums of weights, to be shown in place of counts.
    without_weight : ndarray of int64, shape (n_rows,), optional
        Rows without a weight.
    """
    by_grade = counted[:, -2::-1]  # best first
    missing = counted[:, -1]
    n_judged = by_grade.sum(axis=1)
    data: dict[str, Any] = dict(labels)
    more: dict[str, Any] = {"n": n_judged + missing, "n_judged": n_judged, "n_not_judged": missing}
    if without_weight is not None:
        more["n_without_weight"] = without_weight
    shown = by_grade if sums is None else sums[:, -2::-1]
    names = scale.columns
    more |= {name: shown[:, position] for position, name in enumerate(names)}
    share_names = [f"share_{name}" for name in names]
    parts = [shown]
    if scale.threshold_column is not None:
        good_enough = shown[:, : scale.n_good_enough].sum(axis=1)
        more[scale.threshold_column] = good_enough
        share_names.append(f"share_{scale.threshold_column}")
        parts.append(good_enough[:, None])
    total = n_judged if sums is None else shown.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.concatenate(parts, axis=1) / total[:, None]
    bounds = _bounds(by_grade, n_judged, scale, interval, level)
    if sums is not None:
        bounds = {name: np.full(len(bound), np.nan) for name, bound in bounds.items()}
    if (hidden := n_judged < min_n).any():
        for part in (shares, *bounds.values()):
            part[hidden] = np.nan
    more |= {name: shares[:, position] for position, name in enumerate(share_names)} | bounds
    return _side_by_side(data, more)


def _bounds(by_grade: np.ndarray, n: np.ndarray, scale: GradeScale, interval: str, level: float) -> dict[str, np.ndarray]:
    bounds = {}
    if scale.threshold is not None:
        good_enough = by_grade[:, : scale.n_good_enough].sum(axis=1)
        single = "wilson" if interval == "goodman" else interval
        bounds["lower"], bounds["upper"] = proportion_interval(good_enough, n, method=single, level=level)
    if interval == "goodman":
        lower, upper = proportion_interval(by_grade, n[:, None], method="goodman", level=level)
        for position, label in enumerate(scale.labels):
            bounds[f"lower_{snake_case(label)}"], bounds[f"upper_{snake_case(label)}"] = (
                lower[:, position],
                upper[:, position],
            )
    return bounds
