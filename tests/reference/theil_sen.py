"""The slopes of all pairs of rows on different days, from the least."""

from itertools import combinations


def slopes(days, values):
    """Return (later - earlier) / days between, sorted."""
    found = []
    for i, j in combinations(range(len(days)), 2):
        if days[i] != days[j]:
            found.append((values[j] - values[i]) / (days[j] - days[i]))
    return sorted(found)
