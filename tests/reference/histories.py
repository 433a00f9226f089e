"""The rows of each provider that count one after another."""


def histories(records):
    """Yield, provider by provider, the eligible rows in order of time; of several on one day the last."""
    rows_of = {}
    for row, record in enumerate(records):
        if record.eligible:
            rows_of.setdefault(record.provider, []).append(row)
    for _, rows in sorted(rows_of.items()):
        by_day = {records[row].place(row)[0]: row for row in sorted(rows, key=lambda row: records[row].place(row))}
        yield list(by_day.values())
