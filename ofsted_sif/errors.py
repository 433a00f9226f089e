"""The errors and warnings of this package, and where a warning points: at the user's line."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any, SupportsInt

_PACKAGE = os.path.dirname(__file__) + os.sep


class RowError(ValueError):
    """Something is wrong in one row: ``<before>row <row><after>``.

    Attributes
    ----------
    row : int
        The row, from 0.
    column : str or None
        The column, where the error is about one.
    value : object
        The value that is wrong, where there is one.
    """

    def __init__(self, before: str, row: SupportsInt, after: str, column: str | None = None, value: Any = None) -> None:
        super().__init__(before, int(row), after, column, value)  # all of it, so that it can be pickled
        self.row = int(row)
        self.column = column
        self.value = value

    def __str__(self) -> str:
        before, row, after = self.args[:3]
        return f"{before}row {row}{after}"

    def moved(self, row: int, before: str = "") -> RowError:
        """Return the same error about another row, with words put before it: a row of a piece becomes one of the whole."""
        return RowError(before + self.args[0], row, self.args[2], self.column, self.value)


class MissingColumnError(KeyError, ValueError):
    """A column is missing from the table; the message has its name and the columns with the nearest names.

    Attributes
    ----------
    instead : str
        What to type in place, such as ``provider='URN'``; empty where nothing is near.
    """

    def __init__(self, message: str, instead: str = "") -> None:
        super().__init__(message)
        self.instead = instead

    def __str__(self) -> str:
        return str(self.args[0])


class PooledFrameworksWarning(UserWarning):
    """Inspections of several frameworks were taken together and none was named. Name them, or all with ``framework="all"``.

    The warning also comes where this cannot be known, because the column of frameworks is called only nearly `framework`.
    """


class FrameworkMissingWarning(UserWarning):
    """Graded inspections whose framework is missing were left out because frameworks were named; ``framework="all"`` takes them."""


class NotAJudgementWarning(UserWarning):
    """A column has the name of a judgement but no grades in it, or the other way round; the message says what was done."""


class IncompleteHistoryError(ValueError):
    """The question needs all inspections; the table has only each provider's latest ones, or the state on one date."""


class IncompleteHistoryWarning(UserWarning):
    """The table does not have all inspections of each provider; the message says what was left out. ``incomplete="allow"`` takes all."""


class BeyondDataWarning(UserWarning):
    """The date asked for is before the first inspection, or after the day to which the table says that it is complete."""


class SelectedPairsWarning(UserWarning):
    """A test was made on providers inspected twice, which do not stand for all: those that did badly are inspected again sooner."""


class GradesNotTakenWarning(UserWarning):
    """A column of a file that is not read holds what looks like grades; the report's `not_taken` lists such columns."""


class AlikeLabelsWarning(UserWarning):
    """Labels of ``by`` that differ in case and spaces alone, or in being text or a number, are counted as groups of their own."""


class RepeatedInspectionsWarning(UserWarning):
    """One inspection stands in several rows of a file; the message names them and the grades. The report's `repeated` lists all."""


class ShortRowsWarning(UserWarning):
    """A few rows of a CSV have fewer cells than the others, and columns are missing in them; the report's notes list the rows."""


class OlderReleaseWarning(UserWarning):
    """Of two releases, the one that was given as the newer is complete to an earlier day than the other."""


class SharedProvidersWarning(UserWarning):
    """Two tables that were compared as independent share providers; ``paired=True`` compares these as pairs."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the first line outside this package: the user's, whatever decorators lie between."""
    level, frame = 1, sys._getframe(0)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level)
