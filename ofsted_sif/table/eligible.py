"""Who may count: the filters on inspections by framework, grading and judgement made, and the cut-off of publication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import one_name
from ofsted_sif.errors import FrameworkMissingWarning, MissingColumnError, PooledFrameworksWarning, warn
from ofsted_sif.scales import MEANS_NONE, GradeScale, normal_form
from ofsted_sif.table.columns import NO_JUDGEMENTS, column, graded_rows, has_grade, names, near_framework
from ofsted_sif.table.dates import day, is_offset, plus_offset
from ofsted_sif.table.keys import NOTHING, Encoded, label_codes
from ofsted_sif.table.records import Dates, Records

# Frameworks under which Ofsted has inspected; a table may hold further ones.
KNOWN_FRAMEWORKS = ("SLAC", "CP", "CPI", "TLAC", "SIF", "ILACS", "SCCIF", "CIF", "EIF", "OEIF", "Report card")


@dataclass(frozen=True)
class Which:
    """Which inspections are asked for.

    Attributes
    ----------
    framework : str, sequence of str or None
        The frameworks; "all", however it is written, is all of them.
    having : str or None
        The judgement that an inspection must have made.
    register : table or None
        The providers.
    incomplete : {"refuse", "allow"}
        What is done where the table does not have all inspections of a provider.
    on : int, ndarray of int64 or None
        The days of which the state is asked for: the result of `as_at` on that same day may be asked again, else it is refused.
    since : int or None
        Of a piece of a larger table: the day from which on the whole table knows every provider.
    """

    framework: Any = None
    having: str | None = None
    register: Any = None
    incomplete: str = "refuse"
    on: Any = None
    since: int | None = None

    def __post_init__(self) -> None:
        one_name(self.having, "having")
        if self.incomplete not in ("refuse", "allow"):
            raise ValueError(f"incomplete={self.incomplete!r}; known are 'refuse' and 'allow'")
        if _names_all(self.framework):
            object.__setattr__(self, "framework", "all")

    @property
    def allows_incomplete(self) -> bool:
        """Whether a table that is no history is to be taken as one."""
        return self.incomplete == "allow"

    @property
    def frameworks(self) -> list[str]:
        """The frameworks asked for, as a result's attrs say them."""
        return names(self.framework, "framework") or ["all"]


@dataclass(frozen=True)
class Eligible:
    """The filters on records, each apart so that `explain` can say which one it was; their product is what the kernels get."""

    framework: np.ndarray | None
    graded: np.ndarray
    having: np.ndarray | None
    known: np.ndarray | None = None  # where the table has all inspections of the provider
    without_framework: np.ndarray | None = None  # whose framework is missing, where frameworks were named

    @property
    def left_out_without_framework(self) -> np.ndarray:
        """Graded inspections that are left out because their framework is missing."""
        return np.zeros(len(self.graded), dtype=np.bool_) if self.without_framework is None else self.graded & self.without_framework

    @property
    def graded_in_framework(self) -> np.ndarray:
        """Graded inspections of the frameworks asked for, from the day on from which their provider is known."""
        found = self.graded if self.framework is None else self.graded & self.framework
        return found if self.known is None else found & self.known

    @property
    def all(self) -> np.ndarray:
        """Those of them that made the judgement asked for."""
        return self.graded_in_framework if self.having is None else self.graded_in_framework & self.having


def eligible(
    frame: pd.DataFrame,
    which: Which,
    graded: str | None,
    judgements: Mapping[str, GradeScale | None] = NO_JUDGEMENTS,
    *,
    of_piece: bool = False,
    encoded: Encoded = NOTHING,
) -> Eligible:
    """The filters on the rows of a table, or of a piece of one, in which a framework need not occur.

    `judgements` are those asked for, each with its scale, or None where its values tell it.
    """
    having = which.having
    judgements = judgements if having is None else {having: None, **judgements}
    in_those, without = in_framework(frame, which.framework, of_piece=of_piece, encoded=encoded)
    found = Eligible(
        in_those,
        graded_rows(frame, graded, judgements),
        None if having is None else has_grade(column(frame, having, "having"), judgements[having]),
        without_framework=without,
    )
    if not of_piece:
        warn_of_missing_frameworks(found.left_out_without_framework)
    return found


def in_framework(
    frame: pd.DataFrame, framework: Any, *, of_piece: bool, encoded: Encoded = NOTHING
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Which rows are of the frameworks asked for, and of which none is known; None: all. Names are matched in any case and spacing."""
    wanted = names(framework, "framework")
    if framework is not None and not wanted:
        raise ValueError('framework=[] names no framework; name those you mean, or say framework="all"')
    if not wanted and not of_piece:
        warn_of_near_framework(frame.columns)
    if not wanted or framework == "all":
        return None, None
    if (near := near_framework(frame.columns)) is not None:
        raise MissingColumnError(f"framework={framework!r}: {_rename_to_framework(near)}")
    codes, labels = label_codes(column(frame, "framework", "framework"), encoded)
    present = (labels.categories if isinstance(labels, pd.Categorical) else np.asarray(labels)).tolist()
    if not of_piece:
        check_frameworks(framework, present)
    folded, forms = set(map(_form, wanted)), list(map(_form, present))
    in_those = np.array([form in folded for form in forms] + [False])
    return in_those[codes], np.array([form in MEANS_NONE and form not in folded for form in forms] + [True])[codes]


def warn_of_missing_frameworks(left_out: np.ndarray) -> None:
    """Warn where rows are left out because their framework is missing."""
    if n := int(np.count_nonzero(left_out)):
        say_missing_frameworks(n, f", the first in row {int(np.argmax(left_out))}")


def say_missing_frameworks(n: int, first: str = "") -> None:
    """Warn of so many rows that are left out because their framework is missing."""
    warn(
        f"framework= leaves out {n} graded {'inspection' if n == 1 else 'inspections'} whose framework is missing{first}; an older one may "
        "stand in their place: fill in the column 'framework', or say framework=\"all\"",
        FrameworkMissingWarning,
    )


def warn_of_near_framework(present: Iterable[Any]) -> None:
    """Warn where no framework was named and a column only looks like that of frameworks: several may be taken together in it."""
    if (near := near_framework(present)) is not None:
        warn(f"whether several frameworks are taken together is not known: {_rename_to_framework(near)}", PooledFrameworksWarning)


def _rename_to_framework(near: Any) -> str:
    return f"the table has no column 'framework', but {near!r}: table.rename(columns={{{near!r}: 'framework'}})"


def check_frameworks(framework: Any, present: Sequence[object]) -> None:
    """Refuse a framework that is neither in the table nor one of Ofsted's."""
    known = set(map(_form, (*present, *KNOWN_FRAMEWORKS, "all")))
    for name in names(framework, "framework"):
        if _form(name) not in known:
            raise ValueError(f"unknown framework {name!r}; the table has {', '.join(map(str, present)) or 'none'}")


def _names_all(framework: Any) -> bool:
    """Whether all frameworks are asked for; all and others beside them are an error."""
    wanted = names(framework, "framework")
    if "all" not in map(_form, wanted):
        return False
    if len(wanted) > 1:
        raise ValueError(f'framework={framework!r} names all frameworks and others beside them; say framework="all", or those you mean')
    return True


@lru_cache(256, typed=True)
def _form(name: object) -> str:
    """A framework in the form in which frameworks are compared."""
    return normal_form(str(name))


def warn_if_pooled(frame: pd.DataFrame, rows: np.ndarray, framework: object, encoded: Encoded = NOTHING) -> None:
    """Warn where the chosen rows stem from several frameworks and none was named."""
    if framework is not None or "framework" not in frame.columns:
        return
    codes, labels = label_codes(column(frame, "framework", "framework"), encoded)
    warn_of_frameworks(np.bincount(codes[rows] + 1, minlength=len(labels) + 1)[1:], labels)


def warn_of_frameworks(numbers: np.ndarray, labels: Any) -> None:
    """Warn where more than one of the frameworks has rows."""
    if len({_form(label) for label, number in zip(np.asarray(labels), numbers, strict=True) if number}) > 1:
        told = ", ".join(f"{label} {number}" for label, number in zip(np.asarray(labels), numbers, strict=True) if number)
        warn(
            f'inspections of several frameworks are taken together ({told}); name those you mean (framework=["SIF", "ILACS"]), '
            'or say framework="all"',
            PooledFrameworksWarning,
        )


# ---- the cut-off of publication


def cutoff_of(published_by: Any, date: int, what: str = "published_by") -> int:
    """The publication cut-off that belongs to a date: itself, the date with an offset added, or a day of its own."""
    if published_by is None:
        return date
    if is_offset(published_by):
        return int(plus_offset(np.array([date]), published_by, what)[0])
    return day(published_by, what)


def check_cutoff(dates: Dates, published_by: Any) -> None:
    """Refuse a cut-off that is asked of a table without publication dates."""
    if published_by is not None and dates.reported is None:
        raise MissingColumnError(
            f"published_by={published_by!r}: the table has no publication dates that could be cut off; name their column with published=, "
            "or leave published_by= out"
        )


def known_by(which: np.ndarray, records: Records, date: Any, published_by: Any) -> np.ndarray:
    """Which of some records were inspected by the date and published by the cut-off; without a date, by the cut-off alone."""
    if date is None and is_offset(published_by):
        raise ValueError(f"published_by={published_by!r} is an offset, and there is no date that it could be added to")
    check_cutoff(records.dates, published_by)
    if date is not None:
        until = day(date, "date")
        return which & records.known_by(until, cutoff_of(published_by, until))
    if published_by is None:
        return which
    return which & records.known_by(np.iinfo(np.int64).max, day(published_by, "published_by"))
