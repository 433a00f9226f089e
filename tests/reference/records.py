"""What the definitions that follow a provider through time share: a record, and whether a provider is open."""

from typing import NamedTuple


class Record(NamedTuple):
    """An inspection. Days are numbers; None is missing."""

    provider: int
    inspected: int | None
    published: int | None = None
    eligible: bool = True
    group: int | None = None
    grade: int | None = None
    expires: int | None = None

    def place(self, row):
        """What puts a record before or after others of its provider: day, publication (missing ones first), row."""
        day = self.published if self.inspected is None else self.inspected
        publication = (0, 0) if self.published is None else (1, self.published)
        return day, publication, row

    def counts_by(self, date, cutoff):
        """Whether the record was inspected by the date and published by the cut-off; a missing day is before every day."""
        inspected = self.inspected is None or self.inspected <= date
        published = self.published is None or self.published <= cutoff
        return self.eligible and inspected and published


def is_open(opened, closed, date):
    """Whether a provider exists on a date: on [opened, closed), where None is no bound."""
    return (opened is None or opened <= date) and (closed is None or date < closed)
