"""Bootstrap by provider: how far a statistic could differ if other providers, each with its whole history, had been met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.arguments import generator, single_values, whole_number
from ofsted_sif.errors import RowError
from ofsted_sif.intervals import normal_quantile
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns, as_frame, column, grade_codes
from ofsted_sif.table.eligible import Which
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import groups
from ofsted_sif.table.inspections import rows_over_time
from ofsted_sif.table.keys import as_key, is_plain
from ofsted_sif.table.result import result, side_by_side

__all__ = ["resample"]

METHODS = ("percentile", "bca")


@dataclass(frozen=True)
class _Draw:
    """How replicates are drawn: which provider each row has, how many there are, and by which seed, threads and bar."""

    codes: np.ndarray
    n_providers: int
    n: int
    seed: int
    threads: int | None
    progress: bool | None
    jackknife: bool


@same_kind
def resample(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    statistic: str | Callable[[pd.DataFrame], Any] | None = None,
    n: int = 1000,
    method: str = "percentile",
    level: float = 0.95,
    rng: Any = None,
    threads: int | None = None,
    progress: bool | None = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
) -> pd.DataFrame:
    """Compute a bootstrap interval: providers are drawn with replacement, each with all its rows.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        Inspections, or one row per provider as `as_at` gives them.
    by : str or sequence of str, optional
        Columns that make the groups, as for `aggregate`; only where `statistic` is a name.
    statistic : str or callable, optional
        By default the share that meets the threshold.
        *Fast*, in C: the name of a grade (``"outstanding"``, ``"good"``, ...) or of the threshold (``"good_or_outstanding"``) gives its
        share in the rows with a grade, as `aggregate` counts it. *Slow*, one call per replicate: a function of a DataFrame that returns a
        number, or a mapping or Series of named numbers. It gets a copy of the rows of the providers drawn. A provider drawn twice appears
        as two: numbers take the place of the providers' keys.
    n : int, default 1000
        Number of replicates.
    method : {"percentile", "bca"}, default "percentile"
        ``percentile``: quantiles of the replicates. ``bca``: bias-corrected and accelerated, which for a function takes another call for
        each provider.
    level : float, default 0.95
        Confidence level.
    rng : None, int, SeedSequence, BitGenerator or Generator, optional
        What ``numpy.random.default_rng`` takes (SPEC 7). The same seed gives the same result for any number of threads.
    threads : int, optional
        By default one per core for a name, and 1 for a function. With more, the function is called from several threads at once.
    progress : bool, optional
        Whether a progress bar is shown; by default where it takes longer than a second.
    judgement, scale, threshold
        As for `aggregate`; only where `statistic` is a name.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with inspections that are not the whole history (column ``known_from``). Only those from the day on which every provider
        is known are drawn, with a warning; it is an error if fewer than two are left. ``"allow"`` draws all, without a warning. A result
        of `as_at` is drawn as it is, one row per provider.
    provider, inspected, published : str
        What these columns are called in the table. The dates are needed only where the table does not have the whole history.

    Returns
    -------
    DataFrame
        One row per group; where a function returns several numbers, one per number:

        ===============  =======  =========================================================
        column           dtype    meaning
        ===============  =======  =========================================================
        columns of `by`           as in the table; a missing label last
        statistic        text     its name
        estimate         float64  the statistic of the table itself
        standard_error   float64  the standard deviation of the replicates
        lower, upper     float64  bounds of the statistic
        n_providers      int64    providers that were drawn from
        n_replicates     int64    replicates that had a value: a group may be empty in some
        ===============  =======  =========================================================

    Raises
    ------
    ValueError
        For an unknown name or method, a level outside (0, 1), `n` below 2, a missing provider (the message has its row), no rows.
    IncompleteHistoryError
        Where fewer than two inspections are left.

    Warns
    -----
    IncompleteHistoryWarning
        Where inspections are left out because the table does not have all of every provider.

    Notes
    -----
    With z0 the normal quantile of the share of replicates below the estimate (ties half) and a the acceleration from leaving out each
    provider in turn, the bounds of ``bca`` are the quantiles Φ(z0 + (z0 ± z)/(1 - a(z0 ± z))) of the replicates (Efron 1987, JASA 82,
    171-185, doi 10.2307/2289144). Whole histories are drawn because inspections of one provider are not independent.

    A table of `changes` has providers inspected twice. They do not stand for all, because those that did badly are inspected again
    sooner, and resampling does not cure that. For "did it improve?" use `change_between`.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> found = sif.resample(state, statistic="good_or_outstanding", rng=1)
    >>> print(f"{found['estimate'].item():.3f}, {found['lower'].item():.2f} to {found['upper'].item():.2f}")
    0.603, 0.52 to 0.68
    """
    if (way := str(method).casefold()) not in METHODS:
        raise ValueError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
    normal_quantile(level)  # a level that is none is named before anything is drawn
    if whole_number(n, "n", "1000") < 2:
        raise ValueError(f"n={n}: a bootstrap takes 2 replicates or more, and some hundreds to be of use")
    frame = rows_over_time(as_frame(table, groups=by), Columns(provider, inspected, published), Which(incomplete=incomplete))
    keys = column(frame, provider, "provider")
    if keys.isna().any():
        raise RowError(f"column {provider!r}, ", np.argmax(keys.isna()), ": the provider is missing", provider)
    if not len(frame):
        raise ValueError("the table has no rows, so there is nothing to draw from")
    codes, distinct = single_values(keys)
    if not is_plain(distinct):
        codes, distinct = pd.factorize(keys.map(as_key))
    seed = int(generator(rng).integers(2**64, dtype=np.uint64))
    draw = _Draw(codes, len(distinct), n, seed, threads, progress, way == "bca")
    if callable(statistic):
        if by is not None:
            raise ValueError("by= goes with the name of a share; a function returns its own named numbers")
        labels, estimate, replicates, left_out = _of_function(frame, statistic, provider, draw)
    else:
        labels, estimate, replicates, left_out = _of_share(frame, statistic, by, judgement, scale, threshold, draw)
    bounds = np.array(
        [
            _bounds(of, value, None if left_out is None else left_out(i), level)
            for i, (of, value) in enumerate(zip(replicates, estimate, strict=True))
        ]
    ).reshape(len(estimate), 4)
    return result(
        labels,
        {
            "estimate": estimate,
            "standard_error": bounds[:, 2],
            "lower": bounds[:, 0],
            "upper": bounds[:, 1],
            "n_providers": len(distinct),
            "n_replicates": bounds[:, 3].astype(np.int64),
        },
    )


def _bar(total: int, progress: bool | None) -> Any:
    from tqdm import tqdm  # only here: seldom needed

    return tqdm(total=total, disable=progress is False, delay=0 if progress else 1, unit="replicate", leave=False)


# ---- shares, in C


def _of_share(
    frame: pd.DataFrame,
    name: str | None,
    by: str | Sequence[str] | None,
    judgement: str,
    scale: GradeScale | None,
    threshold: str | None,
    draw: _Draw,
) -> tuple[dict[str, Any], np.ndarray, np.ndarray, Callable[[int], np.ndarray] | None]:
    """Labels, estimate, replicates (one row per group) and what gives the estimates without each provider."""
    grade, scale = grade_codes(frame, judgement, scale)
    scale = scale.with_threshold(threshold)
    if name is None and (name := scale.threshold_column) is None:
        raise ValueError(f"the scale {scale.name} has no threshold, so no share to resample by default; give statistic= or threshold=")
    known = [*scale.columns, *([scale.threshold_column] if scale.threshold_column else [])]
    if name not in known:
        raise ValueError(f"unknown statistic {name!r}; known are the shares {', '.join(known)}, or a function of a table")
    grouped = groups(frame, by)
    best_first = range(scale.n_good_enough) if name == scale.threshold_column else [scale.columns.index(name)]
    wanted = np.zeros(len(scale.labels) + 1, dtype=np.int64)
    wanted[[len(scale.labels) - 1 - position for position in best_first]] = 1
    judged = np.append(np.ones(len(scale.labels), dtype=np.int64), 0)

    with _bar(draw.n, draw.progress) as bar:
        drawn = counts.resample_counts(
            draw.codes,
            grouped.codes,
            grade,
            draw.n,
            draw.seed,
            n_providers=draw.n_providers,
            n_groups=grouped.size,
            n_grades=len(scale.labels),
            threads=draw.threads,
            progress=bar.update,
        )
    once = counts.count_grades(grouped.codes, grade, n_groups=grouped.size, n_grades=len(scale.labels)).reshape(-1, len(judged))
    labels = dict(grouped.labels)
    size = max(1, grouped.size)
    if grouped.codes is not None and (grouped.codes < 0).any():
        labels = grouped.labels_and_missing
        size += 1
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (drawn @ wanted / (drawn @ judged)).reshape(draw.n, -1).T[:size]
        estimate = (once @ wanted / (once @ judged))[:size]

    def left_out(group: int) -> np.ndarray:
        here = slice(None) if grouped.codes is None else grouped.codes == (group if group < grouped.size else -1)
        good, of = (np.bincount(draw.codes[here], weights[grade[here]], minlength=draw.n_providers) for weights in (wanted, judged))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((good.sum() - good) / (of.sum() - of))

    labels = side_by_side(labels, {"statistic": [f"share_{name}"] * size})
    return labels, estimate, shares, left_out if draw.jackknife else None


# ---- functions


def _of_function(
    frame: pd.DataFrame, statistic: Callable[[pd.DataFrame], Any], provider: str, draw: _Draw
) -> tuple[dict[str, Any], np.ndarray, np.ndarray, Callable[[int], np.ndarray] | None]:
    codes, n_providers, n = draw.codes, draw.n_providers, draw.n
    order = np.argsort(codes, kind="stable")
    rows_of = np.bincount(codes, minlength=n_providers)
    start = np.cumsum(rows_of) - rows_of

    def of(drawn: np.ndarray) -> np.ndarray:
        lengths = rows_of[drawn]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        replicate = frame.take(order[np.repeat(start[drawn], lengths) + within])
        replicate.index = pd.RangeIndex(len(replicate))
        replicate[provider] = np.repeat(np.arange(len(drawn)), lengths)
        return _numbers_of(statistic(replicate), statistic)[1]

    def replicate(number: int) -> np.ndarray:
        stream = np.random.Generator(np.random.Philox(key=np.array([draw.seed, number], dtype=np.uint64)))
        return of(stream.integers(n_providers, size=n_providers))

    def without(left: int) -> np.ndarray:
        return of(np.delete(np.arange(n_providers), left))

    def all_of(function: Callable[[int], np.ndarray], total: int, bar: Any) -> np.ndarray:
        def answered(number: int) -> np.ndarray:
            values = function(number)
            if len(values) != len(estimate):
                raise ValueError(f"the function returned {len(values)} numbers for a replicate and {len(estimate)} for the table itself")
            bar.update(1)
            return values

        if draw.threads is None or draw.threads == 1:
            return np.array([answered(number) for number in range(total)])
        with ThreadPoolExecutor(draw.threads) as pool:
            return np.array(list(pool.map(answered, range(total))))

    names, estimate = _numbers_of(statistic(frame.copy()), statistic)  # a copy: the function may write in it
    with _bar(n + (n_providers if draw.jackknife else 0), draw.progress) as bar:
        replicates = all_of(replicate, n, bar).T
        left_out = all_of(without, n_providers, bar).T if draw.jackknife else None
    return {"statistic": names}, estimate, replicates, None if left_out is None else left_out.__getitem__


def _numbers_of(answer: Any, statistic: Any) -> tuple[list[str], np.ndarray]:
    """Names and numbers of what a function returned."""
    if isinstance(answer, Mapping | pd.Series):
        named = dict(answer.items())
        return [str(name) for name in named], np.array(list(named.values()), dtype=np.float64)
    try:
        return [getattr(statistic, "__name__", "statistic")], np.array([float(answer)])
    except (TypeError, ValueError):
        raise ValueError(
            f"the function returned {type(answer).__name__}; wanted is a number, or a mapping or Series of named numbers"
        ) from None


# ---- intervals


def _bounds(replicates: np.ndarray, estimate: float, left_out: np.ndarray | None, level: float) -> tuple[float, float, float, int]:
    """Lower and upper bound, standard error, and how many replicates had a value."""
    values = replicates[~np.isnan(replicates)]
    if len(values) < 2 or np.isnan(estimate):
        return np.nan, np.nan, np.nan, len(values)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if left_out is not None:
        tails = _bca(values, estimate, left_out[~np.isnan(left_out)], tails)
    lower, upper = np.quantile(values, tails)
    return float(lower), float(upper), float(np.std(values, ddof=1)), len(values)


def _bca(values: np.ndarray, estimate: float, left_out: np.ndarray, tails: np.ndarray) -> np.ndarray:
    """The tails that the bias-corrected and accelerated interval takes in place of equal ones."""
    from scipy.special import ndtr, ndtri  # only here: scipy is slow to import

    bias = ndtri(((values < estimate).mean() + (values <= estimate).mean()) / 2)
    apart = left_out.mean() - left_out if len(left_out) else np.zeros(1)
    spread = (apart**2).sum() ** 1.5
    acceleration = (apart**3).sum() / (6 * spread) if spread > 0 else 0.0
    moved = bias + ndtri(tails)
    return np.asarray(ndtr(bias + moved / (1 - acceleration * moved)))
