"""`observe`: the one trip from a user's table to codes, days and groups that every question about inspections makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import RowError
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import Columns, as_frame, column, grade_codes, names, with_words
from ofsted_sif.table.eligible import Eligible, Which, eligible, warn_if_pooled
from ofsted_sif.table.groups import Groups, groups
from ofsted_sif.table.keys import label_codes
from ofsted_sif.table.records import Records, dated, days_of_records, records


@dataclass(frozen=True)
class Inspections:
    """The inspections of a table as the kernels take them.

    Attributes
    ----------
    frame : DataFrame
        The table.
    called : Columns
        The user's names of its columns.
    which : Which
        Which inspections were asked for.
    register : DataFrame or None
        The providers, where they were given.
    records : Records or None
        The rows as records of providers; None where no provider is needed.
    days : ndarray of int64, shape (n,)
        The day that places each row in time; its publication where the inspection day is missing.
    published : ndarray of int64, shape (n,), or None
        Days of publication.
    may_count : Eligible
        The filters on rows, each apart.
    grades : ndarray of int, shape (n,)
        Grade codes of the judgement, worst 0, missing -1; of a piece codes into `words`. Empty where no judgement was asked for.
    scale : GradeScale or None
        Their scale; None for a piece, since only the whole table can tell it.
    words : array or None
        What the codes of a piece mean.
    """

    frame: pd.DataFrame
    called: Columns
    which: Which
    register: pd.DataFrame | None
    records: Records | None
    days: np.ndarray
    published: np.ndarray | None
    may_count: Eligible
    grades: np.ndarray
    scale: GradeScale | None
    words: Any = None

    @property
    def histories(self) -> Records:
        """The rows as records of providers, for a question that follows them through time."""
        assert self.records is not None
        return self.records

    @property
    def graded_on(self) -> GradeScale:
        """The scale, for a question that asked for a judgement of the whole table."""
        assert self.scale is not None
        return self.scale

    def groups(self, by: str | Sequence[str] | None, rows: np.ndarray | None = None, *, observed: bool = True) -> Groups:
        """The groups of all rows, or of some."""
        frame = self.frame if rows is None or len(rows) == len(self.frame) else self.frame.take(rows)
        return groups(frame, by, observed=observed)

    def taken_over(self, by: str | Sequence[str] | None) -> dict[str, Any]:
        """The columns of `by` as they are, to be taken over into a result."""
        return {name: column(self.frame, name, "by").array for name in names(by, "by")}

    def warn_if_pooled(self, rows: np.ndarray) -> None:
        """Warn where these rows stem from several frameworks and none was named."""
        warn_if_pooled(self.frame, rows, self.which.framework)


def observe(
    table: Any,
    called: Columns,
    which: Which,
    *,
    by: str | Sequence[str] | None = None,
    judgement: str | None = None,
    scale: GradeScale | None = None,
    histories: bool = True,
    of_piece: bool = False,
) -> Inspections:
    """Take the inspections out of a table: their providers, days, grades, and who may count.

    Parameters
    ----------
    table : table of any kind
        One row per inspection.
    called, which
        The user's names of its columns, and which inspections are asked for.
    by : str or sequence of str, optional
        Columns that will make groups; they must be there.
    judgement : str, optional
        The judgement to take grades of; without it the whole table is kept, else only the columns needed of polars and Arrow tables.
    scale : GradeScale, optional
        Its scale; by default told from the column.
    histories : bool, default True
        Whether providers are followed through time; without, none is needed.
    of_piece : bool, default False
        A piece of a larger table: frameworks need not occur in it, and grades are codes of their words.
    """
    if judgement is None:
        frame = as_frame(table)
    else:
        frame = as_frame(table, of_records=True, by=by, judgement=judgement, having=which.having, **called.needed())
    register = None if which.register is None else as_frame(which.register)
    of_providers = None
    if histories:
        frame, of_providers = records(frame, register, called)
        inspected, published = of_providers.inspected, of_providers.published
    else:
        inspected, published = days_of_records(frame, called)
    for name in names(by, "by"):
        column(frame, name, "by")
    graded = with_words(frame, [] if of_piece else [judgement, which.having])
    grades, words = np.empty(0, dtype=np.int8), None
    if judgement is not None and of_piece:
        codes, words = label_codes(column(frame, judgement, "judgement"))
        grades = np.asarray(codes)
    elif judgement is not None:
        grades, scale = grade_codes(graded, judgement, scale)
    may_count = eligible(graded, which, called.graded, [] if judgement is None else [judgement], of_piece=of_piece)
    days = dated(inspected, published)
    return Inspections(frame, called, which, register, of_providers, days, published, may_count, grades, scale, words)


def check_dates(seen: Inspections, rows: np.ndarray) -> None:
    """Refuse rows that have neither date."""
    if (missing := seen.days[rows] == NO_DAY).any():
        row = int(rows[np.argmax(missing)])
        raise RowError(
            "", row, f" has neither an inspection date ({seen.called.inspected!r}) nor a publication date ({seen.called.published!r})"
        )
