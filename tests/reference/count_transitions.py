"""From which grade to which the inspections of a provider go, counted."""

from itertools import pairwise

from .histories import histories


def count_transitions(records, periods, n_groups, n_periods, n_grades):
    """Return a dict from (group, period, grade before, grade after) to its number; what is missing stands one past the last."""
    number = {}
    for history in histories(records):
        for before, after in pairwise(history):
            codes = (records[after].group, periods[after], records[before].grade, records[after].grade)
            sizes = (n_groups, n_periods, n_grades, n_grades)
            key = tuple(size if code is None else code for code, size in zip(codes, sizes, strict=True))
            number[key] = number.get(key, 0) + 1
    return number
