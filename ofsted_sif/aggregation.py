"""Counting rows by grade: how many are good or better, by group, with shares and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.dependence import effective_n_of, kish
from ofsted_sif.errors import RowError
from ofsted_sif.intervals import check_method
from ofsted_sif.scales import NO_GRADE, GradeScale, fitting_scale
from ofsted_sif.table import columns, frames
from ofsted_sif.table.columns import as_frame, column, grade_codes, names, numbers
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import EVERYONE, Groups, check_total, cluster_codes, groups, with_total
from ofsted_sif.table.keys import label_codes
from ofsted_sif.table.partial import Partial, Question, by_group_and_word, words_of
from ofsted_sif.table.result import Beside, result_columns, side_by_side

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
    total: bool | str = False,
    cluster: str | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """Count the rows of a table by grade, one row per group, with shares and an interval of the share that meets the threshold.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        The rows to count: inspections, or providers as `as_at` gives them.
    by : str or sequence of str, optional
        Columns that make the groups. Groups come in the order of the categories, else sorted (also where a column of Arrow, Parquet or
        polars is a dictionary that does not say that it is ordered). Rows with a missing label make one last group. By default all rows
        are one group.
    judgement : str or sequence of str, default "overall_effectiveness"
        The column of grades. Several columns give one row per group and judgement, and a column `judgement`; they must share a scale.
    scale : GradeScale, optional
        The scale of the grades; by default the known scale that fits the column. An ordered Categorical that fits none is used as it is.
    threshold : str, optional
        The worst grade that still counts as good enough. By default that of the scale. With another one the columns are called
        ``<grade>_or_better`` and ``share_<grade>_or_better``.
    weights : str, optional
        A column of weights, such as numbers of pupils. The counts of grades are then sums of weights, and shares are weighted; `n`,
        `n_judged` and `n_not_judged` stay numbers of rows. Rows without a weight are counted in `n_without_weight` and add to no sum.
    interval : {"wilson", "clopper-pearson", "jeffreys", "goodman"}, default "wilson"
        How `lower` and `upper` are computed: see `proportion_interval`. ``goodman`` adds bounds of the share of each grade that hold for
        all grades together; `lower` and `upper` are then Wilson's.
    level : float, default 0.95
        Confidence level.
    min_n : int, default 0
        Shares and bounds are NaN where `n_judged` is below it. Counts stay, so this does not hide small numbers.
    observed : bool, default True
        True shows the groups that have rows. False shows all categories, and with several columns in `by` all combinations of them.
    total : bool or str, default False
        Whether to add a last row for all rows together. Its label in every column of `by` is "All", or the text given. Columns of
        numbers and dates become text.
    cluster : str, optional
        Which rows depend on one another, for `lower` and `upper`: "auto" (those of one ``provider``) or the name of a column. It is needed
        where providers repeat, as among inspections of several years: rows of one provider are alike, and tell less than as many rows of
        different providers. A table from `as_at` has each provider once. Each row where the column is missing stands alone. Not with
        `scan`.
    threads : int, optional
        By default one for few rows, else one per core. Counts do not depend on it.

    Returns
    -------
    DataFrame
        One row per group; with several judgements one per group and judgement:

        ============================  ================  ================================================================================
        column                        dtype             meaning
        ============================  ================  ================================================================================
        columns of `by`                                 as in the table; a missing label last
        judgement                     category          only with several judgements: which one the row is about
        n                             int64             rows
        n_judged                      int64             rows with a grade
        n_not_judged                  int64             rows without a grade; n = n_judged + n_not_judged
        n_without_weight              int64             only with `weights`: rows without a weight
        n_clusters                    int64             only with `cluster`: clusters of the rows with a grade
        n_eff                         float64           only with `weights` or `cluster`: how many independent rows of equal weight tell
                                                        as much about the share
        <grade>                       int64 or float64  rows of each grade, the best first (``outstanding``, ``good``, ...); with
                                                        `weights` their sums of weights, float64
        good_or_outstanding           int64 or float64  only where the scale has a threshold: rows that meet it; the threshold names the
                                                        column
        share_<grade>                 float64           share of each grade in the rows with a grade
        share_good_or_outstanding     float64           only where the scale has a threshold: share of the rows that meet it
        lower, upper                  float64           only where the scale has a threshold: bounds of that share
        lower_<grade>, upper_<grade>  float64           only with ``interval="goodman"``: bounds of the share of each grade
        ============================  ================  ================================================================================

        Where `n_judged` is 0, shares and bounds are NaN. With `weights` or `cluster`, `lower` and `upper` are those of ``n_eff`` rows,
        and the bounds of the grades are NaN.

    Raises
    ------
    ValueError
        For a column that is missing, a word or number that is no grade (the message has its row), a weight that is negative or infinite,
        weights that add up to more than the largest number, an unknown method, or a column of `by` that has the name of a column of the
        result.

    Notes
    -----
    The interval takes the rows as a sample of what the same process might have found. Where the table has all providers, it says how
    far the share could differ by chance.

    With weights w, n_eff is Kish's (Σ w)² / Σ w² [1]_. With clusters, of which there are G, let p be the share and
    V = G/(G-1) Σ (Σ w(y - p))² / (Σ w)², the outer sum over clusters and the inner one over their rows, y 1 where the grade is good enough;
    then n_eff is p(1-p)/V, but never more than Kish's, which without weights is `n_judged` [2]_. Where all or none are good enough it is
    G; where several rows are of one cluster alone it is NaN, as are the bounds; where no cluster repeats it is Kish's. 95% bounds of
    inspections under the ILACS hold a share in 94% to 98% of cases, those of independent rows in 85% to 97%
    (tests/benchmarks/CALIBRATION_TREND.md).

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling. Wiley.
    .. [2] Korn, E. L., Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive counts
       estimated from survey data. Survey Methodology 24, 193-201.

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
    check_total(total, by)
    is_plain = weights is None and cluster is None
    fast = (observed, threads)
    if is_plain and total is False and (found := _counted_as_coded(table, names(by, "by"), asked, scale, fast)) is not None:
        labels, tables, scale = found
        scale = scale.with_threshold(threshold)
        of_coded: Any = stacked_columns(labels, tables, asked, scale, interval=interval, level=level, min_n=min_n)
        return of_coded  # same_kind makes of it a table of the kind that came in
    clusters_by = "provider" if cluster == "auto" else cluster
    frame = as_frame(table, by=by, judgement=judgement, weights=weights, cluster=clusters_by)
    grouped = groups(frame, by, observed=observed, by_counting=True)
    tables, beside = [], []
    weight = None if weights is None else weights_of(frame, weights)
    clusters = None if clusters_by is None else cluster_codes(frame, clusters_by, "cluster")
    for name in asked:
        if is_plain and (by_word := _counted_by_word(frame, grouped, name, scale, threads)) is not None:
            counted, scale = by_word
            tables.append(counted)
            continue
        codes, scale = _of_one_scale(frame, name, scale, asked[0])
        sizes = {"n_groups": grouped.size, "n_grades": len(scale.labels)}
        counted = counts.count_grades(grouped.codes, codes, threads=threads, **sizes)
        tables.append(counted.reshape(-1, counted.shape[-1]))
        pair = []
        for of_whom, n in [(grouped, tables[-1]), *([] if total is False else [(EVERYONE, tables[-1].sum(axis=0)[None])])]:
            of = _weighted(of_whom, codes, weight, threads, n) if weight is not None else Beside()
            if clusters is not None:
                of = _clustered(of, clusters, of_whom, codes, weight, scale.with_threshold(threshold))
            pair.append(of)
        beside.append((pair[0], pair[-1]))
    assert scale is not None
    scale = scale.with_threshold(threshold)
    options: dict[str, Any] = {"interval": interval, "level": level, "min_n": min_n, "total": total}
    shown = shown_columns(grouped, tables, asked, scale, [] if is_plain else beside, **options)
    result = pd.DataFrame(shown, copy=False)
    # What a picture of the counts may say of them, where `as_at` has said it of the rows.
    if frame.attrs:
        result.attrs = {name: frame.attrs[name] for name in ("as_at", "published_by", "framework") if name in frame.attrs}
    return result


def _of_one_scale(frame: pd.DataFrame, name: str, scale: GradeScale | None, first: str) -> tuple[np.ndarray, GradeScale]:
    """Grade codes of one of several judgements, on the scale of the first; a judgement on another scale is an error that names both."""
    try:
        return grade_codes(frame, name, scale)
    except RowError as error:
        if scale is None or name == first or error.value is None:  # of text that is none there is no value to look at
            raise
        own = fitting_scale(column(frame, name, "judgement"))
        if own is None:
            raise
        raise RowError(
            error.args[0],
            error.row,
            f"{error.args[2]}. The judgements of one call share a scale: {first!r} is on {scale.name}, {name!r} on {own.name}; "
            "ask for them apart",
            name,
            error.value,
        ) from None


def _weighted(grouped: Groups, codes: np.ndarray, weight: np.ndarray, threads: int | None, counted: np.ndarray) -> Beside:
    """Sums of weights by group and grade, rows without a weight, and Kish's effective number of rows."""
    sizes: dict[str, Any] = {"n_groups": grouped.size, "n_grades": counted.shape[1] - 1, "threads": threads}
    sums, without = counts.count_grades(grouped.codes, codes, weights=weight, **sizes)
    sums, without = sums.reshape(counted.shape), without.reshape(len(counted))
    # Scaled by a power of two, which changes no digit, so that no square is too large.
    largest = np.nanmax(weight, initial=0)
    scale = 2.0 ** -np.floor(np.log2(largest)) if largest > 0 else 1.0
    squares, _ = counts.count_grades(grouped.codes, codes, weights=(weight * scale) ** 2, **sizes)
    return Beside(sums, without, None, kish(sums[:, :-1] * scale, squares.reshape(counted.shape)[:, :-1], counted[:, :-1]))


def _clustered(
    beside: Beside,
    clusters: tuple[np.ndarray, int],
    grouped: Groups,
    codes: np.ndarray,
    weight: np.ndarray | None,
    scale: GradeScale,
) -> Beside:
    """The same with the clusters of the rows judged, and how many independent rows tell as much about the share."""
    judged = codes >= 0 if weight is None else (codes >= 0) & ~np.isnan(weight)
    good = scale.meets_threshold(codes)
    group = np.zeros(len(codes), dtype=np.int64) if grouped.codes is None else np.where(grouped.codes < 0, grouped.size, grouped.codes)
    n_clusters, n_eff = effective_n_of(clusters, group, grouped.size + 1, judged, good, weight)
    if scale.threshold is None:
        n_eff = np.full(len(n_eff), np.nan)
    return replace(beside, n_clusters=n_clusters, n_eff=n_eff)


# Dictionaries that several columns share may be long; beyond so many cells of groups and words the rows are coded anew.
MOST_CELLS = 1 << 22


def _counted_as_coded(
    table: Any, by: list[str], asked: list[str], scale: GradeScale | None, options: tuple[bool, int | None]
) -> tuple[dict[str, Any], list[np.ndarray], GradeScale] | None:
    """Labels and counts of dictionaries and text of polars and Arrow by codes as they lie; None where the long way round is needed.

    The kernel counts the dictionaries' entries; what these mean is applied to the counts. `options`: observed, threads.
    """
    observed, threads = options
    counted_by_word = None if len(by) > 1 else _by_word(table, by, asked, threads)
    if counted_by_word is None:
        return None
    coded, by_word = counted_by_word
    groups = coded.pop(0) if by else None
    n_groups = 0 if groups is None else len(groups.words)
    tables = []
    for judged, counted in zip(coded, by_word, strict=True):
        graded = _by_grade(counted, judged, scale)
        if graded is None:
            return None
        scale, by_grade = graded
        tables.append(by_grade)
    assert scale is not None
    if groups is None:
        return {}, tables, scale
    has_missing = bool(tables[0][-1].any())
    shown = list(range(n_groups))
    if observed or groups.shared:
        shown = np.flatnonzero(tables[0][:-1].any(axis=1)).tolist()
    if not groups.in_order:
        shown.sort(key=lambda at: groups.words[at])
    labels = groups.dictionary_at(shown, and_missing=has_missing)
    shown += [n_groups] * has_missing
    return {by[0]: labels}, [counted[shown] for counted in tables], scale


def _by_word(table: Any, by: list[str], asked: list[str], threads: int | None) -> tuple[list[frames.Coded], list[np.ndarray]] | None:
    """What the codes of a group and of judgements mean, and counts of each judgement by them; None where they are no codes, or too many."""
    if (as_text := frames.counted_texts(table, by, asked, MOST_CELLS, threads)) is not None:
        return as_text
    coded = frames.coded(table, [*by, *asked], text=True)
    if coded is None:
        return None
    group_codes, n_groups = (coded[0].chunks, len(coded[0].words)) if by else (None, 0)
    judged = coded[len(by) :]
    if any((n_groups + 1) * (len(words.words) + 1) > MOST_CELLS for words in judged):
        return None
    tables = []
    for words in judged:
        counted = counts.count_grades(group_codes, words.chunks, n_groups=n_groups, n_grades=len(words.words), threads=threads)
        tables.append(counted.reshape(-1, len(words.words) + 1))
    return coded, tables


def _counted_by_word(
    frame: pd.DataFrame, grouped: Groups, judgement: str, scale: GradeScale | None, threads: int | None
) -> tuple[np.ndarray, GradeScale] | None:
    """Counts by grade of a judgement whose words are counted as they lie; None where rows are to be looked at, one perhaps to be named."""
    if scale is not None and not isinstance(scale, GradeScale):
        return None
    if (found := columns.word_codes(frame, judgement, scale)) is None:
        return None
    codes, of_words, scale = found
    n_words = len(scale.labels if of_words is None else of_words)
    if of_words is not None and (grouped.size + 1) * (n_words + 1) > MOST_CELLS:
        return None
    counted = counts.count_grades(grouped.codes, codes, n_groups=grouped.size, n_grades=n_words, threads=threads)
    by_word = counted.reshape(-1, n_words + 1)
    if of_words is None:
        return by_word, scale
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
    beside: Sequence[tuple[Beside, Beside]],
    *,
    total: bool | str,
    **options: Any,
) -> dict[str, Any]:
    """The columns of the result, from counts of all groups by grade, one table per judgement, and what stands beside each."""
    groups, labels = grouped.shown(tables[0])
    counted = [part[groups] for part in tables]
    of_shown = [of.rows(groups) for of, _ in beside]
    if total is not False:
        labels = with_total(labels, total)
        counted = [np.append(part, part.sum(axis=0)[None], axis=0) for part in counted]
        of_shown = [of.above(of_all) for of, (_, of_all) in zip(of_shown, beside, strict=True)]
    return stacked_columns(labels, counted, asked, scale, of_shown, **options)


def stacked_columns(
    labels: dict[str, Any],
    tables: Sequence[np.ndarray],
    asked: Sequence[str],
    scale: GradeScale,
    beside: Sequence[Beside] = (),
    **options: Any,
) -> dict[str, Any]:
    """The same from the groups that the result shows: their labels, and their counts by grade, one table per judgement."""
    n_groups, n_asked = len(tables[0]), len(asked)
    if n_asked > 1:
        # A group's judgements stand together: groups outside, judgements inside.
        labels = {name: label.take(np.repeat(np.arange(n_groups), n_asked)) for name, label in labels.items()}
        made = pd.Categorical.from_codes(np.tile(np.arange(n_asked), n_groups), categories=pd.Index(asked))
        labels = side_by_side(labels, {"judgement": made})

    def stacked(parts: list[Any]) -> Any:
        if n_asked == 1 or parts[0] is None:
            return parts[0]
        return np.stack(parts, axis=1).reshape(n_groups * n_asked, *parts[0].shape[1:])

    parts = [stacked(list(of)) for of in zip(*(vars(one).values() for one in beside), strict=True)]
    if parts and parts[0] is not None:
        _check_sums(parts[0], labels)
    return result_columns(labels, stacked(list(tables)), scale, beside=Beside(*parts), **options)


def _check_sums(sums: np.ndarray, labels: dict[str, Any]) -> None:
    """Refuse weights that add up to more than the largest number."""
    with np.errstate(over="ignore"):
        too_large = ~np.isfinite(sums.sum(axis=1))
    if too_large.any():
        row = int(np.argmax(too_large))
        where = ", ".join(f"{name}={label[row]!r}" for name, label in labels.items())
        raise ValueError(
            f"the weights{f' of {where}' if where else ''} add up to more than the largest number; divide them all by one number"
        )


def weights_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """The weights as float64, missing ones NaN; negative and infinite ones are an error that names the row."""
    values = column(frame, name, "weights")
    weight = numbers(values, f"weights={name!r}", "weights are numbers")
    if (wrong := (weight < 0) | np.isinf(weight)).any():
        row = int(np.argmax(wrong))
        raise RowError(f"weights={name!r}, ", row, f": {weight[row]:g} is negative or infinite")
    return weight


def _squares(weight: np.ndarray, name: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        squares = weight * weight
    if (wrong := np.isinf(squares)).any():
        row = int(np.argmax(wrong))
        raise RowError(f"weights={name!r}, ", row, f": the square of {weight[row]:g} is more than the largest number", name)
    return np.asarray(squares)


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
    total: bool | str = False
    cluster: str | None = None
    threads: int | None

    def __post_init__(self) -> None:
        check_method(self.interval)
        check_total(self.total, self.by)
        if self.cluster is not None:
            raise ValueError(
                f"cluster={self.cluster!r}: which rows depend on one another can't be told by batches; read the file whole "
                "(pandas.read_parquet with columns=) and call ofsted_sif.aggregate on the table"
            )
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
            grouped = groups(frame, self.by, by_counting=True)
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
                # The sums of the weights, how many rows have none and so enter no sum, and the sums of their squares.
                summed = weight, np.isnan(weight) * 1.0, _squares(weight, str(self.weights))
                more = [counts.count_grades(group_codes, codes, weights=of, **sizes)[0] for of in summed]
            counted_of[name] = by_group_and_word(counted, group_labels, words, *(of.reshape(counted.shape) for of in more))
            rows = int(counted.sum())
        return Partial(rows, counted_of)

    def finish(self, partial: Partial) -> pd.DataFrame:
        """Words become grades, and counts the table of `aggregate`."""
        asked = names(self.judgement, "judgement")
        grouped, of_group = self.groups_of(self.by, self.observed, [partial.counted[name] for name in asked])
        tables: list[np.ndarray] = []
        beside: list[tuple[Beside, Beside]] = []
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
                pair = []
                for parts in (sums, [part.sum(axis=0)[None] for part in sums]):
                    effective = kish(parts[1][:, :-1], parts[3][:, :-1], parts[0][:, :-1])
                    pair.append(Beside(parts[1], parts[2].sum(axis=1).astype(np.int64), None, effective))
                beside.append((pair[0], pair[1]))
        assert scale is not None
        scale = scale.with_threshold(self.threshold)
        how: dict[str, Any] = {"interval": self.interval, "level": self.level, "min_n": self.min_n, "total": self.total}
        return pd.DataFrame(shown_columns(grouped, tables, asked, scale, beside, **how), copy=False)


aggregate.question = Aggregate
