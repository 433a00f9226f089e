"""The state on one date as a table: the row in force of each provider, and what is added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import NotAJudgementWarning, warn
from ofsted_sif.scales import fitting_scale
from ofsted_sif.table import frames
from ofsted_sif.table.columns import column, has_grade, is_called_as_judgement, judgement_columns, names, needed_columns
from ofsted_sif.table.dates import DAYS_A_YEAR, dates_of, day, iso, plus_offset
from ofsted_sif.table.eligible import check_cutoff, cutoff_of
from ofsted_sif.table.frames import LentRows
from ofsted_sif.table.inspections import Inspections, observe
from ofsted_sif.table.known import say_unknown, states_of
from ofsted_sif.table.partial import OfHistories, Partial, PartialCounts, PartialRows, in_order_of, refuse_register
from ofsted_sif.table.records import register_rows, stack
from ofsted_sif.table.result import check_not_overwritten
from ofsted_sif.table.together import take_together

STATUS = pd.CategoricalDtype(["inspected", "no graded inspection", "not yet inspected"])
INSPECTED, NO_GRADED, NOT_YET = range(3)


def expiry(days: np.ndarray, max_age: Any) -> np.ndarray:
    """The last day on which the grades of inspections of these days count."""
    ends = plus_offset(days, max_age, "max_age")
    if (ends < days).any():
        raise ValueError(
            f"max_age={max_age!r} is less than nothing: no grade is so young; give a length of time such as DateOffset(years=3)"
        )
    return ends


def state_on(seen: Inspections, until: int, cutoff: int, *, max_age: Any = None, judgement: str | Sequence[str] | None = None) -> Any:
    """The state on a date, with its cut-off: what `as_at` returns. ``attrs`` says of how many providers it is not known.

    Of a table that is lent (without a register, and without `max_age`) it is `LentRows`.
    """
    records, having = seen.histories, seen.which.having
    own = _own_columns(seen.frame, having)
    row_of = records.latest(seen.may_count.all, until, cutoff)
    found = np.flatnonzero(row_of >= 0)
    rows = row_of[found]
    seen.warn_if_pooled(rows)
    unknown = seen.unknown_on(np.array([until]), np.array([cutoff])).provider

    def columns_of(of: np.ndarray, status: pd.Categorical) -> dict[str, Any]:
        dated = _days_at(seen, row_of[of])
        years = (until - dated) / DAYS_A_YEAR
        years[dated == NO_DAY] = np.nan
        columns = {"as_at": dates_of(np.full(len(of), until)), "status": status, "years_since": years}
        if having is not None:
            newest = records.latest(seen.may_count.graded_in_framework, until, cutoff)
            columns["newer_inspection"] = dates_of(_days_at(seen, np.where(newest == row_of, -1, newest)[of]))
        return columns

    of, register = found, seen.register
    more = {} if register is not None else columns_of(found, all_inspected(len(found)))
    state: Any = None
    if seen.lent is None:
        state = take_together(seen.frame, rows, seen.encoded, without=own, more=more)
    else:
        keys = {seen.called.provider: records.providers.take(found)} if seen.new_keys else {}
        state = LentRows(seen.lent, rows, own, keys | more)
    if register is not None:
        waiting = np.setdiff1d(np.flatnonzero((row_of < 0) & records.open_on(until)), unknown)
        state, of, status = with_waiting(seen, register, state, found, waiting, records.known_by(until, cutoff))
        state = state.assign(**columns_of(of, status))
    if max_age is not None:
        at = row_of[of]
        old = np.zeros(len(of), dtype=np.bool_)
        old[at >= 0] = expiry(records.dates.dated_at(at[at >= 0]), max_age) < until
        _age(state, old, [*names(judgement, "judgement"), *names(having, "having")])
    state.attrs = {
        "as_at": iso(until),
        "published_by": iso(cutoff),
        "framework": seen.which.frameworks,
        "n_without_publication_date": records.dates.n_unreported(rows),
        "n_unknown": len(unknown),
        "of_one_period": seen.is_of_one_period,
    }
    return state


def states_on(
    seen: Inspections, dates: Sequence[int], cutoffs: Sequence[int], *, max_age: Any = None, judgement: str | Sequence[str] | None = None
) -> list[pd.DataFrame]:
    """The states on dates that are to be compared; refused where the state of a provider is not known on one of them."""
    seen.refuse_unknown(np.array(dates), np.array(cutoffs))
    for until in dates:
        seen.warn_if_beyond(until)
    return [state_on(seen, *on, max_age=max_age, judgement=judgement) for on in zip(dates, cutoffs, strict=True)]


#: The columns that a state has beside those of the table, the last one only with `having`; None: of dates.
OWN = {"as_at": None, "status": STATUS, "years_since": STATUS, "newer_inspection": None}


def _own_columns(frame: pd.DataFrame, having: str | None) -> list[str]:
    """The columns of the table that an earlier state gave it, and that the new one replaces; a user's own of such a name is an error."""
    own: dict[str, Any] = {name: dtype for name, dtype in OWN.items() if name != "newer_inspection" or having is not None}
    if not len(states_of(frame)):
        check_not_overwritten(frame, own)
    return [name for name in own if name in frame.columns]


def _days_at(seen: Inspections, rows: np.ndarray) -> np.ndarray:
    """The day that places each row in time; missing for no row (-1)."""
    if rows.min(initial=0) >= 0:
        return seen.dates.dated_at(rows)
    result, there = np.full(len(rows), NO_DAY), rows >= 0
    result[there] = seen.dates.dated_at(rows[there])
    return result


def _age(state: pd.DataFrame, old: np.ndarray, named: list[str]) -> None:
    """Make old grades missing in every judgement of a state, which is changed."""
    held = judgement_columns(state, named)
    if not held:
        raise ValueError(
            "max_age= makes old grades missing, but no column of the table is known as a judgement: name them with judgement=['my_grade']"
        )
    for name in held:
        state[name] = frames.plain(column(state, name, "judgement")).where(~old)
    for name in state.columns.difference(held, sort=False):
        values = state[name]
        is_text = not isinstance(values, pd.DataFrame) and values.dtype.kind not in "iufbM" and values.notna().any()
        if is_text and _holds_grades(frames.plain(values)):
            warn(f"column {name!r} holds grades, but max_age= leaves it as it is; name it with judgement={name!r}", NotAJudgementWarning)


def _holds_grades(values: pd.Series) -> bool:
    try:
        return fitting_scale(values) is not None and bool(has_grade(values).any())  # words for none alone are no grades
    except TypeError:  # lists, which are no grades
        return False


def with_waiting(
    seen: Inspections, register: pd.DataFrame, state: pd.DataFrame, found: np.ndarray, waiting: np.ndarray, counting: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray, pd.Categorical]:
    """The state of the providers found, and of those of the register that wait among them, in the order of their keys; these; their status.

    `counting` are the rows that took place and were published by then, graded or not.
    """
    records = seen.histories
    state = stack(state, register_rows(state, register, seen.called.provider, records.providers[waiting]))
    of = np.append(found, waiting)
    code = np.full(len(records.providers), NOT_YET)
    code[records.provider[counting]] = NO_GRADED
    code[records.provider[counting & seen.may_count.graded_in_framework]] = INSPECTED
    status = np.append(np.full(len(found), INSPECTED), code[waiting])
    order = np.argsort(of, kind="stable")
    state = state.take(order)
    state.index = pd.RangeIndex(len(state))
    return state, of[order], pd.Categorical.from_codes(status[order], dtype=STATUS)


def all_inspected(n: int) -> pd.Categorical:
    """The status of providers each of which has an inspection in force."""
    return pd.Categorical.from_codes(np.full(n, INSPECTED, dtype=np.int8), dtype=STATUS)


# ---- by batches


@dataclass(frozen=True, kw_only=True)
class AsAt(OfHistories):
    """`ofsted_sif.as_at`, with its options; memory goes with the providers, which are the rows of its result."""

    whole_rows: ClassVar[bool] = True
    by: Any = None
    scale: Any = None
    date: Any
    published_by: Any
    register: Any
    max_age: Any

    def __post_init__(self) -> None:
        refuse_register(self.register)
        day(self.date, "date")

    @property
    def asked_days(self) -> np.ndarray:
        """The date asked for."""
        return np.array([self._on[0]])

    @property
    def _on(self) -> tuple[int, int]:
        until = day(self.date, "date")
        return until, cutoff_of(self.published_by, until)

    def needed(self) -> dict[str, Any]:
        """What has to be there."""
        return {"having": self.having, "judgement": self.judgement, **self.called.needed()}

    def taken_as_they_lie(self, present: Sequence[str]) -> list[str]:
        """Columns whose text may lie in dictionaries: `observe` encodes them, or nobody looks at them. `max_age` makes grades missing."""
        if self.max_age is not None:
            return []
        judged = {name for name in present if is_called_as_judgement(name)}
        encoded = (judged | {self.having, "framework"}) - {*self.called.needed().values()} | {self.provider}
        looked_at = {*needed_columns([*present], [], self.needed(), of_records=True), *OWN}
        return [name for name in present if name in encoded or name not in looked_at]

    def count(self, piece: Any) -> Partial:
        """The rows in force of the providers of a piece."""
        until, cutoff = self._on
        which = replace(self.which, framework=self.framework or "all", on=until)  # the whole says which frameworks are pooled
        seen = observe(piece, self.called, which, of_piece=True).where_known()
        check_cutoff(seen.dates, self.published_by)
        state = state_on(seen, until, cutoff, max_age=self.max_age, judgement=self.judgement)
        numbers = [np.array([state.attrs[name]]) for name in ("n_unknown", "n_without_publication_date")]
        state.attrs = {}  # pandas copies them with each column that is looked at
        counted = {"state": PartialRows(state), "numbers": PartialCounts((), tuple(numbers)), **self.marks_of_period(seen)}
        return Partial(len(seen.frame), counted | self.chosen_frameworks(seen.may_count, seen.frame, np.empty(0, dtype=np.int64)))

    def finish(self, partial: Partial) -> pd.DataFrame:
        """The rows of all pieces in the order of the keys of their providers."""
        until, cutoff = self._on
        state = in_order_of(partial.counted["state"].frame, self.provider, self.unordered)
        if (of := partial.counted.get("frameworks")) is not None:
            labels = pd.Index(np.asarray(of.labels[0], dtype=object))
            place = labels.get_indexer(pd.Index(np.asarray(state["framework"], dtype=object)))
            self.say_frameworks(partial, of.labels[0], np.bincount(place + 1, minlength=len(labels) + 1)[1:])
        n_unknown, without = (int(number[0]) for number in partial.counted["numbers"].sums)
        self.say_one_period(partial)
        if self.incomplete != "allow":
            say_unknown(n_unknown, len(state), until)
        state.attrs = {
            "as_at": iso(until),
            "published_by": iso(cutoff),
            "framework": self.which.frameworks,
            "n_without_publication_date": without,
            "n_unknown": n_unknown,
            "of_one_period": self.is_of_one_period(partial),
        }
        return state
