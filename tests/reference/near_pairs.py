"""The pairs of rows of two tables that are of one provider and near in time."""


def near_pairs(older, newer, near):
    """Return the pairs of rows, of (provider, day) each, whose days are at most `near` apart; None is missing."""
    return {
        (row, other)
        for row, (provider, day) in enumerate(older)
        for other, (its_provider, its_day) in enumerate(newer)
        if None not in (provider, day, its_day) and provider == its_provider and abs(day - its_day) <= near
    }
