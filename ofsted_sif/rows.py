"""An error that names a row, so that the row of a piece can be told as that of the whole."""

from __future__ import annotations

from typing import SupportsInt


class RowError(ValueError):
    """What is wrong in one row: ``<before>row <row><after>``.

    Attributes
    ----------
    row : int
        The row, from 0.
    """

    def __init__(self, before: str, row: SupportsInt, after: str) -> None:
        super().__init__(before, int(row), after)  # all of it, so that it can be pickled
        self.row = int(row)

    def __str__(self) -> str:
        before, row, after = self.args
        return f"{before}row {row}{after}"

    def moved(self, row: int, before: str = "") -> RowError:
        """The same of another row, with words put before it."""
        return RowError(before + self.args[0], row, self.args[2])
