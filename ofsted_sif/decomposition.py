"""Why the share changed between two dates: parts that add up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.scales import GradeScale
from ofsted_sif.snapshots import Grid
from ofsted_sif.table.columns import Columns, column, grade_codes, names
from ofsted_sif.table.eligible import Which, check_cutoff
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import groups
from ofsted_sif.table.inspections import observe
from ofsted_sif.table.partial import stacked
from ofsted_sif.table.result import result
from ofsted_sif.table.state import states_on

__all__ = ["decompose"]

PARTS = ("re-graded up", "re-graded down", "newly inspected", "closed", "judgement no longer made")
ABSENT, NOT_JUDGED, BELOW, GOOD_ENOUGH = -2, -1, 0, 1


@same_kind
def decompose(
    table: Any,
    date_from: Any,
    date_to: Any,
    by: str | Sequence[str] | None = None,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    published_by: Any = None,
    framework: Any = None,
    having: str | None = None,
    register: Any = None,
    max_age: Any = None,
    incomplete: str = "refuse",
    provider: str = "provider",
    inspected: str | None = "inspection_start",
    published: str | None = "published",
    opened: str | None = "opened",
    closed: str | None = "closed",
    graded: str | None = "graded",
) -> pd.DataFrame:
    """Split the change in the share good or outstanding between two dates into parts that add up exactly.

    Parameters
    ----------
    table, framework, having, register, max_age, provider, inspected, published, opened, closed, graded
        As for `as_at`, which gives the states on both dates.
    date_from, date_to : date, Timestamp or str
        The two dates, the earlier one first.
    by : str or sequence of str, optional
        Columns that make the groups. They are taken from the inspection in force on the later date; where a provider has left, from the one
        in force on the earlier date. Each group's parts add up to the change of the group's own share.
    judgement : str, default "overall_effectiveness"
        The judgement.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column.
    threshold : str, optional
        The worst grade that still counts as good enough; by default that of the scale. It is needed where the scale has none.
    published_by : date, offset or pair of them, optional
        The cut-off: one for both, an offset added to each date, or one for each date. By default each date itself.
    incomplete : {"refuse", "allow"}, default "refuse"
        What to do with a table that does not have the state of every provider on both dates (column ``known_from``). That is an error,
        and so is a result of `as_at`, because a provider known on one date only would seem to have come or gone. ``"allow"`` takes the
        table as it is.

    Returns
    -------
    DataFrame
        One row per group and part, in the order below:

        ======================  ========  ============================================================================
        column                  dtype     meaning
        ======================  ========  ============================================================================
        columns of `by`                   as in the table; a missing label last
        part                    category  what happened to these providers
        n                       int64     how many they are
        judged                  int64     what they add to the number of providers judged
        good_or_outstanding     int64     what they add to the number that meets the threshold, which names the column
        numerator, denominator  int64     their part of the change in the share, as a fraction
        change                  float64   numerator / denominator; NaN where nobody is judged on one of the dates
        ======================  ========  ============================================================================

        The parts: ``re-graded up`` and ``re-graded down`` (judged on both dates, across the threshold), ``newly inspected`` (not judged on
        the first date), ``closed`` (no longer in the table), ``judgement no longer made`` (still in the table, without that judgement).
        ``attrs`` has the counts on both dates, for all groups together.

    Raises
    ------
    ValueError
        As for `as_at`; for dates in the wrong order, or a scale without a threshold.
    IncompleteHistoryError
        Where the state of a provider is not known on one of the dates; for the result of `as_at`.

    Warns
    -----
    PooledFrameworksWarning, IncompleteHistoryWarning, BeyondDataWarning
        As for `as_at`.

    Notes
    -----
    With G good enough of N judged at first and G' of N' at last,
    ``G'/N' - G/N = sum over parts of (dG N - G dN) / (N N')``,
    where a part adds dG to G and dN to N: a provider that joins or leaves counts by how far it lies from the share at first. The
    numerators are integers over one denominator, so that the parts add up with no remainder.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> parts = sif.decompose(sif.load_inspections(), "2019-03-31", "2024-03-31", framework=["SIF", "ILACS"])
    >>> parts[["part", "n", "judged", "good_or_outstanding"]].head(2).to_numpy().tolist()
    [['re-graded up', 34, 0, 34], ['re-graded down', 14, 0, -14]]
    """
    asked = Grid.between(date_from, date_to, published_by)
    called, which = (
        Columns(provider, inspected, published, opened, closed, graded),
        Which(framework, having, register, incomplete, asked.days),
    )
    seen = observe(table, called, which, by=by, judgement=judgement, scale=scale).where_known()
    scale = seen.graded_on.with_threshold(threshold)
    if scale.threshold is None:
        raise ValueError(f"the scale {scale.name} has no threshold, so no grade counts as good enough; give threshold=")
    check_cutoff(seen.dates, published_by)
    states = states_on(seen, asked.days.tolist(), asked.cutoffs.tolist(), max_age=max_age, judgement=judgement)
    keys = [pd.Index(np.asarray(state[provider])) for state in states]
    everyone = keys[0].union(keys[1])
    # The row of each provider in the state on each date; -1 where it is not there.
    rows = [key.get_indexer(everyone) for key in keys]
    was, is_now = (_places(state, judgement, scale)[row] for state, row in zip(states, rows, strict=True))
    grouped = groups(_labels(states, rows, by), by)
    code = np.zeros(len(everyone), dtype=np.int64) if grouped.codes is None else grouped.codes
    found = _counted(was, is_now, np.where(code < 0, grouped.size, code), grouped.size + 1)
    shown, labels = grouped.shown(found.members)
    numerator = found.good * found.n_from[:, None] - found.good_from[:, None] * found.judged
    denominator = np.broadcast_to((found.n_from * found.n_to)[:, None], numerator.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.where(denominator > 0, numerator / denominator, np.nan)
    columns = {"n": found.n, "judged": found.judged, str(scale.threshold_column): found.good}
    columns |= {"numerator": numerator, "denominator": denominator, "change": change}
    part = np.tile(np.arange(len(PARTS)), len(shown))
    data = {"part": pd.Categorical.from_codes(part, categories=pd.Index(list(PARTS)))}
    data |= {name: values[shown].reshape(-1) for name, values in columns.items()}
    attrs = {"from": [found.good_from.sum(), found.n_from.sum()], "to": [found.good_to.sum(), found.n_to.sum()]}
    return result({name: values.take(np.repeat(np.arange(len(shown)), len(PARTS))) for name, values in labels.items()}, data, attrs)


@dataclass(frozen=True)
class _Counted:
    """Counts by group: of its members and of those judged and good enough on each date; and by group and part."""

    members: np.ndarray
    n_from: np.ndarray
    n_to: np.ndarray
    good_from: np.ndarray
    good_to: np.ndarray
    n: np.ndarray
    judged: np.ndarray
    good: np.ndarray


def _counted(was: np.ndarray, is_now: np.ndarray, group: np.ndarray, size: int) -> _Counted:
    def by_group(which: np.ndarray) -> np.ndarray:
        return np.bincount(group[which], minlength=size)

    member = [
        (was == BELOW) & (is_now == GOOD_ENOUGH),
        (was == GOOD_ENOUGH) & (is_now == BELOW),
        (was < BELOW) & (is_now >= BELOW),
        (was >= BELOW) & (is_now == ABSENT),
        (was >= BELOW) & (is_now == NOT_JUDGED),
    ]
    sides = [by_group(place >= BELOW) for place in (was, is_now)]
    sides += [by_group(place == GOOD_ENOUGH) for place in (was, is_now)]
    n = [by_group(part) for part in member]
    judged = [by_group(part & (is_now >= BELOW)) - by_group(part & (was >= BELOW)) for part in member]
    good = [by_group(part & (is_now == GOOD_ENOUGH)) - by_group(part & (was == GOOD_ENOUGH)) for part in member]
    members = np.bincount(group, minlength=size)[:, None]
    return _Counted(members, *sides, *(np.stack(parts, axis=1) for parts in (n, judged, good)))


def _labels(states: list[pd.DataFrame], rows: list[np.ndarray], by: Any) -> pd.DataFrame:
    """The label columns of each provider: of its state on the later date, else on the earlier."""
    row = np.where(rows[1] >= 0, rows[1], len(states[1]) + rows[0])
    arrays = {name: stacked([column(state, name, "by").array for state in states[::-1]]) for name in names(by, "by")}
    return pd.DataFrame({name: values.take(row) for name, values in arrays.items()}, copy=False)


def _places(state: pd.DataFrame, judgement: str, scale: GradeScale) -> np.ndarray:
    """By row of a state whether it is judged, and good enough; and last, for a row that is not there, that it is absent."""
    codes = grade_codes(state, judgement, scale)[0]
    good_enough = scale.meets_threshold(codes)
    return np.append(np.where(codes < 0, NOT_JUDGED, np.where(good_enough, GOOD_ENOUGH, BELOW)), ABSENT)
