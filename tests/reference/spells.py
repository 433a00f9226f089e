"""How long each grade was held."""


def spells(records, opened, closed, until):
    """Return a list of (row, ended_by, start, end), by provider and time, -1 for the end of it; None if a record lies after."""
    found = []
    in_order = sorted(range(len(records)), key=lambda row: records[row].place(row))
    for who in sorted({record.provider for record in records}):
        last = until if closed is None or closed[who] is None else min(until, closed[who])
        in_force = {}  # the row that counts from each day
        for row in in_order:
            record, day = records[row], records[row].place(row)[0]
            if record.provider != who or record.grade is None or not record.eligible:
                continue
            if opened is not None and opened[who] is not None:
                day = max(day, opened[who])
            if day > until:
                continue
            if day > last:
                return None
            in_force[day] = row
        running = None
        for day, row in in_force.items():
            if running is not None and records[running[0]].grade == records[row].grade:
                continue
            if running is not None:
                found.append((running[0], row, running[1], day))
            running = (row, day)
        if running is not None:
            found.append((running[0], -1, running[1], last))
    return found
