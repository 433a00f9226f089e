"""Counting rows by grade: how many are good or better, by group, with shares and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.errors import RowError
from ofsted_sif.intervals import check_method
from ofsted_sif.scales import NO_GRADE, GradeScale
from ofsted_sif.table import columns, frames
from ofsted_sif.table.columns import as_frame, column, grade_codes, names
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import Groups, groups
from ofsted_sif.table.keys import label_codes
from ofsted_sif.table.partial import Partial, Question, by_group_and_word, words_of
from ofsted_sif.table.result import result_columns, side_by_side

__all__ = ["aggregate"]


@same_kind
def aggregate(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    judgement: str | Sequence[str] = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
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
        The scale of the grades; by default told from the column. An ordered Categorical of no known scale is a scale itself.
    threshold : str, optional
        The worst grade that still counts as good enough, in the columns ``<grade>_or_better`` and ``share_<grade>_or_better``; by
        default that of the scale.
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
    asked = names(judgement, "judgement")
    if not asked:
        raise ValueError("judgement names no column")
    if weights is None and (found := _counted_as_coded(table, names(by, "by"), asked, scale, threads)) is not None:
        labels, tables, scale = found
        scale = scale.with_threshold(threshold)
        of_coded: Any = stacked_columns(labels, tables, asked, scale, interval=interval, level=level, min_n=min_n)
        return of_coded  # same_kind makes of it a table of the kind that came in
    frame = as_frame(table, by=by, judgement=judgement, weights=weights)
    grouped = groups(frame, by, observed=observed)
    tables, weighted, unweighted = [], [], []
    weight = None if weights is None else weights_of(frame, weights)
    for name in asked:
        if weight is None and (by_word := _counted_by_word(frame, grouped, name, scale, threads)) is not None:
            counted, scale = by_word
            tables.append(counted)
            continue
        codes, scale = grade_codes(frame, name, scale)
        sizes = {"n_groups": grouped.size, "n_grades": len(scale.labels)}
        counted = counts.count_grades(grouped.codes, codes, threads=threads, **sizes)
        tables.append(counted.reshape(-1, counted.shape[-1]))
        if weight is not None:
            sums, without = counts.count_grades(grouped.codes, codes, weights=weight, threads=threads, **sizes)
            weighted.append(sums.reshape(tables[-1].shape))
            unweighted.append(without)
    assert scale is not None
    scale = scale.with_threshold(threshold)
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
    """Labels and counts of dictionaries and text of polars and Arrow by codes as they lie; None where the long way round is needed.

    The kernel counts the dictionaries' entries; what these mean is applied to the counts.
    """
    coded = None if len(by) > 1 else frames.coded(table, [*by, *asked], text=True)
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


def _counted_by_word(
    frame: pd.DataFrame, grouped: Groups, judgement: str, scale: GradeScale | None, threads: int | None
) -> tuple[np.ndarray, GradeScale] | None:
    """Counts by grade of a judgement whose words are counted as they lie; None where rows are to be looked at, one perhaps to be named."""
    if scale is not None and not isinstance(scale, GradeScale):
        return None
    found = columns.word_codes(frame, judgement, scale)
    if found is None or (grouped.size + 1) * (len(found[1]) + 1) > MOST_CELLS:
        return None
    codes, of_words, scale = found
    counted = counts.count_grades(grouped.codes, codes, n_groups=grouped.size, n_grades=len(of_words), threads=threads)
    by_word = counted.reshape(-1, len(of_words) + 1)
    if by_word[:, :-1][:, of_words == NO_GRADE].any():
        return None
    by_grade = np.zeros((len(by_word), len(scale.labels) + 1), dtype=np.int64)
    for place, grade in enumerate([*of_words.tolist(), -1]):
        if grade != NO_GRADE:
            by_grade[:, grade] += by_word[:, place]
    return by_grade, scale


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
    grouped: Groups,
    tables: Sequence[np.ndarray],
    asked: Sequence[str],
    scale: GradeScale,
    weighted: Sequence[np.ndarray],
    unweighted: Sequence[np.ndarray],
    **options: Any,
) -> dict[str, Any]:
    """The columns of the result, from counts of all groups by grade, a table a judgement."""
    groups, labels = grouped.shown(tables[0])
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
        made = pd.Categorical.from_codes(np.tile(np.arange(n_asked), n_groups), categories=asked)
        labels = side_by_side(labels, {"judgement": made})
    sums = np.stack(weighted, axis=1).reshape(stacked.shape) if weighted else None
    without = np.stack(unweighted, axis=1).reshape(len(stacked)) if unweighted else None
    return result_columns(labels, stacked, scale, sums=sums, without_weight=without, **options)


def weights_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """The weights as float64, missing ones NaN; negative and infinite ones are an error that names the row."""
    values = column(frame, name, "weights")
    try:
        weight = values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"weights={name!r}: {error}; weights are numbers") from None
    if (wrong := (weight < 0) | np.isinf(weight)).any():
        row = int(np.argmax(wrong))
        raise RowError(f"weights={name!r}, ", row, f": {weight[row]:g} is negative or infinite")
    return weight


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class Aggregate(Question):
    """`ofsted_sif.aggregate`, with its options."""

    by: Any
    judgement: Any
    scale: GradeScale | None
    threshold: str | None = None
    weights: str | None
    interval: str
    level: float
    min_n: int
    observed: bool
    threads: int | None

    def __post_init__(self) -> None:
        check_method(self.interval)
        if not names(self.judgement, "judgement"):
            raise ValueError("judgement names no column")

    def needed(self) -> dict[str, Any]:
        """What is counted, by what, with which weights."""
        return {"by": self.by, "judgement": self.judgement, "weights": self.weights}

    def count(self, piece: Any) -> Partial:
        """Rows by group and word, as they lie coded where they do."""
        by, asked = names(self.by, "by"), names(self.judgement, "judgement")
        coded = frames.coded(piece, [*by, *asked]) if len(by) <= 1 and self.weights is None else None
        weight: np.ndarray | None = None
        group_codes: Any
        judged: list[tuple[Any, Any]]
        if coded is not None:
            group_codes, n_groups, group_labels = None, 0, []
            if by:
                of_groups = coded.pop(0)
                group_codes, n_groups, group_labels = of_groups.chunks, len(of_groups.words), [of_groups.labels]
            judged = [(column.chunks, column.labels) for column in coded]
        else:
            frame = as_frame(piece, **self.needed())
            grouped = groups(frame, self.by)
            group_codes, n_groups, group_labels = grouped.codes, grouped.size, list(grouped.labels.values())
            judged = [label_codes(column(frame, name, "judgement")) for name in asked]
            weight = None if self.weights is None else weights_of(frame, self.weights)
        counted_of = {}
        rows = 0
        for name, (codes, words) in zip(asked, judged, strict=True):
            sizes: dict[str, Any] = {"n_groups": n_groups, "n_grades": len(words), "threads": self.threads}
            counted = counts.count_grades(group_codes, codes, **sizes).reshape(-1, len(words) + 1)
            counted_of[f"words of {name}"], _ = words_of(codes, words, counted[:, :-1].any(axis=0), name, self.scale)
            more = []
            if weight is not None:
                # The sums of the weights, and how many rows have none and so enter no sum.
                more = [counts.count_grades(group_codes, codes, weights=of, **sizes)[0] for of in (weight, np.isnan(weight) * 1.0)]
            counted_of[name] = by_group_and_word(counted, group_labels, words, *(of.reshape(counted.shape) for of in more))
            rows = int(counted.sum())
        return Partial(rows, counted_of)

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `aggregate`."""
        asked = names(self.judgement, "judgement")
        grouped, of_group = self.groups_of(self.by, self.observed, [partial.counted[name] for name in asked])
        tables: list[np.ndarray] = []
        weighted, unweighted = [], []
        scale = self.scale
        for name, group in zip(asked, of_group, strict=True):
            cells = partial.counted[name]
            scale, (grade,) = self.grades_of(partial.counted[f"words of {name}"], name, scale, cells.labels[-1])
            place = (np.where(group < 0, grouped.size, group), grade)
            shape = (grouped.size + 1, len(scale.labels) + 1)
            sums = []
            for summed in cells.sums:
                sums.append(np.zeros(shape, dtype=summed.dtype))
                np.add.at(sums[-1], place, summed)
            tables.append(sums[0])
            if self.weights is not None:
                weighted.append(sums[1])
                unweighted.append(sums[2].sum(axis=1).astype(np.int64))
        assert scale is not None
        scale = scale.with_threshold(self.threshold)
        how = {"interval": self.interval, "level": self.level, "min_n": self.min_n}
        return pd.DataFrame(shown_columns(grouped, tables, asked, scale, weighted, unweighted, **how), copy=False)


aggregate.question = Aggregate  # type: ignore[attr-defined]
