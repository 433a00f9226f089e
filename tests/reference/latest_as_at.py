"""The most recent record of each provider on a date."""

from .records import is_open


def latest_as_at(records, date, cutoff, opened, closed):
    """Return a row for each provider (one an entry of `opened`), None where it is not open or nothing counts yet."""
    latest = []
    for provider in range(len(opened)):
        best = None
        for row, record in enumerate(records):
            if record.provider != provider or not record.counts_by(date, cutoff):
                continue
            if best is None or record.place(row) > records[best].place(best):
                best = row
        latest.append(best if is_open(opened[provider], closed[provider], date) else None)
    return latest
