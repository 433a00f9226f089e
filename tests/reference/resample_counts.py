"""Every outcome of drawing as many providers as there are, with replacement, each with all its rows."""

from collections import Counter
from itertools import product

from .count_grades import count_grades


def outcomes(providers, groups, grades, n_providers, n_groups, n_grades):
    """Return how many of the n_providers ** n_providers draws give each table of counts (a tuple of tuples)."""
    found = Counter()
    for drawn in product(range(n_providers), repeat=n_providers):
        rows = [row for provider in drawn for row, of in enumerate(providers) if of == provider]
        table = count_grades(None if groups is None else [groups[row] for row in rows], [grades[row] for row in rows], n_groups, n_grades)
        found[tuple(map(tuple, table))] += 1
    return found
