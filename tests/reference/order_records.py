"""Records by provider and time."""


def order_records(records):
    """Return the rows in their order, by provider, then place in time, then row; and whether they lay so already."""
    rows = list(range(len(records)))
    order = sorted(rows, key=lambda row: (records[row].provider, records[row].place(row)))
    return order, order == rows
