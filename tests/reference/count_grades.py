"""Rows by group and grade."""


def count_grades(groups, grades, n_groups, n_grades):
    """Return n_groups + 1 rows of n_grades + 1 counts; the last of each are the missing ones. Without groups all rows have none."""
    counts = [[0] * (n_grades + 1) for _ in range(n_groups + 1)]
    for row, grade in enumerate(grades):
        group = None if groups is None else groups[row]
        counts[n_groups if group is None else group][n_grades if grade is None else grade] += 1
    return counts
