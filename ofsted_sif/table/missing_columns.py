"""All columns that a question misses in a table, told at once: else a table with names of its own is refused once for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ofsted_sif.errors import MissingColumnError
from ofsted_sif.table.columns import as_frame, column, names, optional
from ofsted_sif.table.frames import first_rows

#: Columns without which there may be an answer: a table that lacks them is refused where it calls one nearly so.
_MAY_BE_ABSENT = frozenset({"inspected", "published", "opened", "closed", "graded"})
#: Rows that tell whether a column is of dates.
_ROWS_LOOKED_AT = 1000


@contextmanager
def all_missing_told(table: Any, asked: Mapping[str, Any]) -> Iterator[None]:
    """Let the error about one column that is missing tell of all that are asked for, by their arguments."""
    try:
        yield
    except MissingColumnError as error:
        raise _together(error, [*_missing(table, asked)]) from None


def _missing(table: Any, asked: Mapping[str, Any]) -> Iterator[MissingColumnError]:
    frame = as_frame(first_rows(table, _ROWS_LOOKED_AT))
    for argument, given in asked.items():
        for name in names(given, argument):
            try:
                (optional if argument in _MAY_BE_ABSENT else column)(frame, name, argument)
            except MissingColumnError as error:
                yield error


def _together(error: MissingColumnError, missing: list[MissingColumnError]) -> MissingColumnError:
    """One error for all; that which came first where it is the only one, or of something else."""
    by_message = {str(one): one.instead for one in missing}
    if len(by_message) < 2 or str(error) not in by_message:
        return error
    if not all(by_message.values()):
        return MissingColumnError("\n".join(by_message))
    instead = ", ".join(by_message.values())
    return MissingColumnError("\n".join([*by_message, f"all together: {instead}"]), instead)
