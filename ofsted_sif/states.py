"""What becomes of those found in a grade: the probability of each grade some years later (Aalen and Johansen's estimator)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.durations import Observed, OfSpells, label_of
from ofsted_sif.intervals import interval_of, normal_quantile
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns, names
from ofsted_sif.table.dates import DAYS_A_YEAR, day, iso
from ofsted_sif.table.eligible import Which
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import Groups, groups
from ofsted_sif.table.inspections import observe
from ofsted_sif.table.partial import Partial, PartialRows
from ofsted_sif.table.records import is_first
from ofsted_sif.table.result import result

__all__ = ["state_probabilities"]

MOST_CELLS = 1 << 21  # days by blocks by pairs of grades that are held at once: 16 MB an array


@same_kind
def state_probabilities(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    start: str | Sequence[str] | None = None,
    at: float | Sequence[float] = (1, 2, 3, 4, 5),
    since: Any = None,
    until: Any = None,
    level: float = 0.95,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    published_by: Any = None,
    framework: str | Sequence[str] | None = None,
    register: Any = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Estimate what becomes of providers found in a grade: the probability of each grade some years later, and the years spent in each.

    "Of those found Inadequate, what are they after 2, 4 and 6 years?" The clock starts at the inspection that began the provider's first
    spell in the grade. A provider counts for as long as it was followed.

    Parameters
    ----------
    table, until, judgement, scale, published_by, incomplete
        As for `spells`.
    framework, register, provider, inspected, published, opened, closed, graded
        As for `as_at`.
    by : str or sequence of str, optional
        Columns that make the groups, taken from the inspection that started the clock.
    start : str or sequence of str, optional
        The grade, or grades, in which the clock starts; by default each grade of the scale in turn, a block of rows for each.
    at : float or sequence of float, default (1, 2, 3, 4, 5)
        Years since the start, 0 or more.
    since : date, Timestamp or str, optional
        Only what happened after this day counts ("at the rates since 2022"). A provider whose clock started earlier joins on this day,
        with the time that has passed on its clock.
    level : float, default 0.95
        Confidence level of the bounds.

    Returns
    -------
    DataFrame
        One row per group, start, time and grade, the best grade first:

        =====================================  ========  =========================================================================
        column                                 dtype     meaning
        =====================================  ========  =========================================================================
        columns of `by`                                  as in the table; a missing label last
        start                                  category  the grade in which the clock started
        years                                  float64   years since then
        grade                                  category  the grade that the row is about
        n                                      int64     providers whose clock started, and that were followed for a day at least
        at_risk                                int64     how many were in this grade, and still followed, just before that
        probability                            float64   of being in this grade then; those of a time add up to 1
        lower, upper                           float64   its bounds
        years_in_grade                         float64   expected years in this grade until then; they add up to `years`
        years_lower, years_upper               float64   approximate bounds: for a rare grade they are too narrow
        =====================================  ========  =========================================================================

        Where nobody is followed any longer (all ``at_risk`` of a time are 0), estimates and bounds are NaN. ``attrs`` has ``until`` and
        ``since``.

    Raises
    ------
    ValueError
        As for `spells`; for an unknown grade, a time that is negative or not a number, or `since` after `until`.

    Warns
    -----
    PooledFrameworksWarning, IncompleteHistoryWarning, BeyondDataWarning
        As for `spells`.

    Notes
    -----
    On a day s after the start with N_hj changes from grade h to j among Y_h providers in grade h, let ``A_hj = N_hj / Y_h`` and
    ``A_hh = -Σ_j A_hj``; the row of probabilities becomes ``p (I + A)`` [1]_. Days count as whole days, changes of one day as simultaneous.
    ``years_in_grade`` is the integral of the probability. The variance V is the sum, over providers, of the squared derivative of the
    estimate by the provider's weight (the infinitesimal jackknife), so that several changes of a provider count as one provider's. The
    bounds of p are Wilson's with ``min(n, p (1 - p) / V)`` providers in place of n, and n where V is 0; those of the years are the estimate
    ± z √V, cut to [0, years], and NaN where V is 0.

    Without `since` nothing is assumed about how the past of a provider bears on its future [2]_; with `since` the future is taken to depend
    on the present grade and the time since the start alone. A grade is what was last found, not what would be found today: a change has
    the date of the inspection that finds it, and providers that did badly are inspected again sooner.

    References
    ----------
    .. [1] Aalen, O. O., Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on censored
       observations. Scand. J. Statist. 5, 141-150.
    .. [2] Datta, S., Satten, G. A. (2001). Validity of the Aalen-Johansen estimators of stage occupation probabilities and Nelson-Aalen
       estimators of integrated transition hazards for non-Markov models. Statist. Probab. Lett. 55, 403-411.
       doi:10.1016/S0167-7152(01)00155-9

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> found = sif.state_probabilities(table, start="Inadequate", at=4, framework=["SIF", "ILACS"])
    >>> found[["grade", "n", "probability", "lower", "upper"]].round(2).to_numpy().tolist()[2:]
    [['Requires improvement', 64, 0.43, 0.3, 0.56], ['Inadequate', 64, 0.29, 0.18, 0.42]]
    """
    called = Columns(provider, inspected, published, opened, closed, graded)
    normal_quantile(level)
    years = _years(at)
    seen = observe(table, called, Which(framework, None, register, incomplete), by=by, judgement=judgement, scale=scale)
    observed = Observed.of(seen, until, published_by)
    on = seen.graded_on
    starts = _starts(on, start)
    origin, start_of, spells = _since_the_start(observed, starts, None if since is None else _since(since, observed.until))
    clocks = _Clocks(seen.groups(by, origin), start_of, spells)
    found = _table(clocks, on, starts, years, level)
    found.attrs = _attrs(judgement, observed.until, since)
    return found


def _attrs(judgement: str, until: int, since: Any) -> dict[Any, Any]:
    return {"judgement": judgement, "until": iso(until), "since": None if since is None else iso(day(since, "since"))}


def _table(clocks: _Clocks, on: GradeScale, starts: np.ndarray, years: np.ndarray, level: float) -> pd.DataFrame:
    """The result, from the clocks of all providers."""
    grouped, k = clocks.grouped, len(on.labels)
    group = np.zeros(len(clocks.start_of), dtype=np.int64) if grouped.codes is None else grouped.codes
    # The missing group is the last one, for which there is a place whether it occurs or not.
    group = np.where(group < 0, grouped.size, group)
    shown, labels = grouped.shown(np.bincount(group, minlength=grouped.size + 1)[:, None])
    place = np.full(grouped.size + 1, -1)
    place[shown] = np.arange(len(shown))
    block = place[group] * len(starts) + clocks.start_of
    found = _estimate(clocks.spells, block, len(shown) * len(starts), k, years * DAYS_A_YEAR, starts)
    of_group, of_start, of_year, of_grade = np.indices((len(shown), len(starts), len(years), k)).reshape(4, -1)
    best_first = k - 1 - of_grade
    cell = of_group * len(starts) + of_start, of_year, best_first
    data = {
        "start": pd.Categorical.from_codes(starts[of_start], dtype=on.dtype),
        "years": years[of_year],
        "grade": pd.Categorical.from_codes(best_first, dtype=on.dtype),
    }
    data |= {name: values[cell] for name, values in _columns(found, years, level).items()}
    return result({name: values.take(of_group) for name, values in labels.items()}, data)


def _years(at: Any) -> np.ndarray:
    """The times asked for, in years."""
    try:
        years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    except (TypeError, ValueError):
        raise ValueError(f"at={at!r} is neither a number of years nor a list of them; give at=4, or at=[2, 4, 6]") from None
    if years.ndim != 1 or not (np.isfinite(years) & (years >= 0)).all():
        raise ValueError(f"at={at!r}: years since the start are numbers of 0 or more, as at=[2, 4, 6]")
    return years


def _since(since: Any, until: int) -> int:
    first = day(since, "since")
    if first > until:
        raise ValueError(f"since ({iso(first)}) is after the last day of observation ({iso(until)})")
    return first


def _starts(scale: GradeScale, start: Any) -> np.ndarray:
    """Codes of the grades in which the clock starts, in the order asked for, or the best first."""
    k = len(scale.labels)
    if start is None:
        return np.arange(k)[::-1]
    labels = [label_of(scale, grade, "start") for grade in names(start, "start")]
    if not labels:
        raise ValueError("start names no grade; leave it out for all of them")
    return np.array([k - 1 - scale.labels.index(label) for label in labels])


# ---- histories since the clock started


@dataclass(frozen=True)
class _Spells:
    """Grades held since the clock started, in order of clock and time. A provider has a clock for each start grade that it was found in.

    Attributes
    ----------
    clock : ndarray of int64
        The clock of each spell.
    entry, exit : ndarray of int64
        Days since the start: followed from after `entry` to `exit`, which is later.
    grade, to : ndarray of int64
        The grade held, and the one that a change at `exit` led to; -1 where the end of observation came first.
    """

    clock: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    grade: np.ndarray
    to: np.ndarray

    def take(self, rows: np.ndarray) -> _Spells:
        """Some of them."""
        return _Spells(*(values[rows] for values in (self.clock, self.entry, self.exit, self.grade, self.to)))


@dataclass(frozen=True)
class _Clocks:
    """The clocks of all providers: the group of each, the place of its grade among the start grades, and its spells."""

    grouped: Groups
    start_of: np.ndarray
    spells: _Spells


def _since_the_start(observed: Observed, starts: np.ndarray, since: int | None) -> tuple[np.ndarray, np.ndarray, _Spells]:
    """Of each clock the row of its inspection and the place of its grade among `starts`; and the spells from then on, after `since`."""
    seen = observed.seen
    rows, ended_by, begin, end = observed.spells(seen.grades, len(seen.graded_on.labels))
    of = seen.histories.provider[rows].astype(np.int64)
    grade = seen.grades[rows].astype(np.int64)
    to = np.where(ended_by < 0, -1, seen.grades[ended_by]).astype(np.int64) if len(rows) else grade
    entered = begin if since is None else np.maximum(begin, since)
    origins, places, parts, n_clocks = [], [], [], 0
    for place, start in enumerate(starts.tolist()):
        of_start = np.flatnonzero(grade == start)
        firsts = of_start[is_first(of[of_start])]
        first_of = np.full(len(seen.histories.providers), len(rows))
        first_of[of[firsts]] = firsts
        spell = np.flatnonzero((np.arange(len(rows)) >= first_of[of]) & (end > entered))
        first, new = first_of[of[spell]], is_first(of[spell])
        origins.append(rows[first[new]])
        places.append(np.full(np.count_nonzero(new), place))
        clock = n_clocks + np.cumsum(new) - 1
        parts.append((clock, entered[spell] - begin[first], end[spell] - begin[first], grade[spell], to[spell]))
        n_clocks += len(origins[-1])
    return np.concatenate(origins), np.concatenate(places), _Spells(*map(np.concatenate, zip(*parts, strict=True)))


# ---- the estimator


@dataclass(frozen=True)
class _Estimates:
    """Of each block its number of clocks; and by block, time and grade, with times in days: estimates and their variances."""

    n: np.ndarray
    at_risk: np.ndarray
    probability: np.ndarray
    spent: np.ndarray
    of_probability: np.ndarray
    of_spent: np.ndarray


def _estimate(spells: _Spells, block: np.ndarray, n_blocks: int, k: int, times: np.ndarray, starts: np.ndarray) -> _Estimates:
    """Estimates of all blocks, a few at a time as memory allows; `block` is that of each clock, and goes through `starts` in turn."""
    days = int(np.count_nonzero(np.bincount(spells.exit[spells.to >= 0])))
    at_once = max(MOST_CELLS // (max(days, 1) * k * k), 1)
    of_spell, parts = block[spells.clock], []
    for first in range(0, n_blocks, at_once):
        size = min(at_once, n_blocks - first)
        mine = np.flatnonzero((of_spell >= first) & (of_spell < first + size))
        begin = np.eye(k)[starts[np.arange(first, first + size) % len(starts)]]
        parts.append(_of_blocks(spells.take(mine), of_spell[mine] - first, begin, times))
    found = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)] or [np.empty((0, len(times), k))] * 5
    return _Estimates(np.bincount(block, minlength=n_blocks), *found)


def _of_blocks(spells: _Spells, block: np.ndarray, begin: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, ...]:
    """At risk, probability, time spent, and the variances of these two, by block, time and grade. `begin` is the row at the start."""
    size, k = begin.shape
    course = _course(spells, block, begin)
    found = []
    for time in times.tolist():
        so_far = int(np.searchsorted(course.days, time, side="right"))
        gaps = np.diff(np.concatenate([[0], course.days[:so_far], [time]]))
        there = ((spells.entry < time) | (spells.entry == 0)) & (time <= spells.exit)
        at_risk = np.zeros((size, k), dtype=np.int64)
        np.add.at(at_risk, (block[there], spells.grade[there]), 1)
        spent = np.tensordot(gaps, course.p[: so_far + 1], axes=1)
        found.append((at_risk, course.p[so_far], spent, *_variances(course, spells, block, so_far, gaps)))
    return tuple(np.stack(arrays, axis=1) for arrays in zip(*found, strict=True))


@dataclass(frozen=True)
class _Course:
    """What happened in some blocks, on each day on which something changed in one of them.

    Attributes
    ----------
    days : ndarray of int64, shape (n_days,)
        These days.
    rates : ndarray, shape (n_days, n_blocks, k, k)
        The A of the docstring.
    p : ndarray, shape (n_days + 1, n_blocks, k)
        The row of probabilities at the start, and after each day.
    weight : ndarray, shape (n_days, n_blocks, k)
        The probability just before the day, by those at risk.
    changed : ndarray of int64
        The spells that ended by a change.
    enters, leaves : ndarray of int64
        Of each spell the first of the days on which it is at risk, and the first on which it no longer is.
    """

    days: np.ndarray
    rates: np.ndarray
    p: np.ndarray
    weight: np.ndarray
    changed: np.ndarray
    enters: np.ndarray
    leaves: np.ndarray


def _course(spells: _Spells, block: np.ndarray, begin: np.ndarray) -> _Course:
    size, k = begin.shape
    changed = np.flatnonzero(spells.to >= 0)
    # By each day: on how many days so far something changed.
    so_many = np.cumsum(np.bincount(spells.exit[changed], minlength=spells.exit.max(initial=0) + 1) > 0)
    days = np.flatnonzero(np.diff(so_many, prepend=0))
    enters, leaves = so_many[spells.entry], so_many[spells.exit]
    at_risk = np.zeros((len(days) + 1, size, k), dtype=np.int64)
    np.add.at(at_risk, (enters, block, spells.grade), 1)
    np.add.at(at_risk, (leaves, block, spells.grade), -1)
    at_risk = np.maximum(np.cumsum(at_risk, axis=0)[:-1], 1)  # where nobody is at risk nothing changes
    rates = np.zeros((len(days), size, k, k))
    np.add.at(rates, (leaves[changed] - 1, block[changed], spells.grade[changed], spells.to[changed]), 1.0)
    rates /= at_risk[..., None]
    rates[..., np.arange(k), np.arange(k)] = -rates.sum(axis=-1)
    p = np.empty((len(days) + 1, size, k))
    p[0] = begin
    for i in range(len(days)):
        p[i + 1] = p[i] + np.matmul(p[i, :, None], rates[i])[:, 0]
    return _Course(days, rates, p, p[:-1] / at_risk, changed, enters, leaves)


def _variances(course: _Course, spells: _Spells, block: np.ndarray, so_far: int, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the probabilities after so many days, and of the time spent until then: sums of squared influences of providers, by block."""
    _, size, k = course.p.shape
    later, expected = _later(course.rates[:so_far], gaps, course.weight[:so_far])
    # A provider's influence: what its own changes bring, less what its days at risk let expect. Rows of `later` and sums by cell.
    cell = block * k + spells.grade
    sums = np.concatenate([np.zeros((1, size, k, 2 * k)), np.cumsum(expected, axis=0)]).reshape(-1, 2 * k)
    influence = sums[np.minimum(course.enters, so_far) * size * k + cell]
    influence -= sums[np.minimum(course.leaves, so_far) * size * k + cell]
    moved = course.changed[course.leaves[course.changed] <= so_far]
    before, later = (course.leaves[moved] - 1) * size * k + cell[moved], later.reshape(-1, 2 * k)
    step = later[before - spells.grade[moved] + spells.to[moved]] - later[before]
    influence[moved] += course.weight.reshape(-1)[before][:, None] * step
    variance = np.zeros((size, 2 * k))
    if len(block):
        new = np.flatnonzero(is_first(spells.clock))
        np.add.at(variance, block[new], np.add.reduceat(influence, new) ** 2)
    return variance[:, :k], variance[:, k:]


def _later(rates: np.ndarray, gaps: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By day, block and grade: the row of probabilities at the end, and beside it the time spent until then, from a grade on that day.

    Beside both what a day at risk in the grade lets expect of them. It goes backwards, and each day's matrix is used once.
    """
    n_days, size, k, _ = rates.shape
    later, expected = np.empty((2, n_days, size, k, 2 * k))
    spent = np.arange(k), np.arange(k, 2 * k)
    now = np.zeros((size, k, 2 * k))
    now[:, np.arange(k), np.arange(k)] = 1
    now[:, spent[0], spent[1]] = gaps[-1]
    for i in range(n_days - 1, -1, -1):
        later[i] = now
        step = rates[i] @ now
        expected[i] = weight[i][..., None] * step
        now = now + step
        now[:, spent[0], spent[1]] += gaps[i]
    return later, expected


def _columns(found: _Estimates, years: np.ndarray, level: float) -> dict[str, np.ndarray]:
    """The columns of the result, by block, time and grade; NaN where nobody is followed."""
    n = np.broadcast_to(found.n[:, None, None], found.at_risk.shape)
    known = found.at_risk.any(axis=2, keepdims=True)
    p = np.where(known, np.clip(found.probability, 0, 1), np.nan)
    spent = np.where(known, found.spent / DAYS_A_YEAR, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = np.where(found.of_probability > 0, np.minimum(n, p * (1 - p) / found.of_probability), n)
        effective = np.where((p > 0) & (p < 1), effective, n)
        lower, upper = interval_of(p * effective, effective, level=level)
        half = np.where(found.of_spent > 0, normal_quantile(level) * np.sqrt(found.of_spent) / DAYS_A_YEAR, np.nan)
    # At the start the grade is that of the start: there is nothing to estimate.
    lower, upper = (np.where(years[:, None] == 0, p, bound) for bound in (lower, upper))
    return {
        "n": n,
        "at_risk": found.at_risk,
        "probability": p,
        "lower": lower,
        "upper": upper,
        "years_in_grade": spent,
        "years_lower": np.maximum(spent - half, 0),
        "years_upper": np.minimum(spent + half, years[:, None]),
    }


# ---- by batches


_OF_SPELL = ("entry", "exit", "grade", "to", "start_of", "is_first")


@dataclass(frozen=True, kw_only=True)
class StateProbabilities(OfSpells):
    """`ofsted_sif.state_probabilities`, with its options; memory goes with the spells."""

    start: Any
    at: Any
    since: Any
    level: float

    def __post_init__(self) -> None:
        super().__post_init__()
        normal_quantile(self.level)
        _years(self.at)

    def count(self, piece: Any) -> Partial:
        """The spells of the providers of a piece, with the group and the start of the clock of each."""
        observed, told = self.observed(piece)
        seen = observed.seen
        since = None if self.since is None else _since(self.since, observed.until)
        origin, start_of, spells = _since_the_start(observed, _starts(seen.graded_on, self.start), since)
        row = origin[spells.clock]
        labels = {self.provider: seen.histories.providers.take(seen.histories.provider[row])}
        labels |= seen.taken_over(self.by, row)
        numbers = (spells.entry, spells.exit, spells.grade, spells.to, start_of[spells.clock], is_first(spells.clock))
        rows = result(labels, {_column(name): values for name, values in zip(_OF_SPELL, numbers, strict=True)})
        return Partial(len(seen.frame), told | {"spells": PartialRows(rows)})

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The estimates from the clocks of all pieces, in the order in which they are in memory."""
        on = self.said(partial)
        rows = self.rows_of(partial.counted["spells"], {})
        rows = rows.take(np.argsort(rows[_column("start_of")], kind="stable"))
        entry, exit_, grade, to, start_of, new = (rows[_column(name)].to_numpy() for name in _OF_SPELL)
        clocks = _Clocks(groups(rows[new], self.by), start_of[new], _Spells(np.cumsum(new) - 1, entry, exit_, grade, to))
        found = _table(clocks, on, _starts(on, self.start), _years(self.at), self.level)
        found.attrs = _attrs(self.judgement, day(self.until, "until"), self.since)
        return found


def _column(name: str) -> str:
    """A name that no column of the user's has."""
    return f"{name} of the spell"


state_probabilities.question = StateProbabilities
