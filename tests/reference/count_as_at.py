"""The state on each of many dates, counted."""

from .latest_as_at import latest_as_at


def count_as_at(records, dates, cutoffs, opened, closed, n_groups, n_grades):
    """Return a table of counts for each date: for each provider, the grade of the latest record that counts by then, unless expired."""
    tables = []
    for date, cutoff in zip(dates, cutoffs, strict=True):
        counts = [[0] * (n_grades + 1) for _ in range(n_groups + 1)]
        for row in latest_as_at(records, date, cutoff, opened, closed):
            if row is None:
                continue
            record = records[row]
            expired = record.expires is not None and date > record.expires
            group = n_groups if record.group is None else record.group
            grade = n_grades if record.grade is None or expired else record.grade
            counts[group][grade] += 1
        tables.append(counts)
    return tables
