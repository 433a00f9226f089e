"""Weights by group and grade."""

from math import fsum


def sum_weights(groups, grades, weights, n_groups, n_grades):
    """Return the exact sums, rounded once, laid out as the counts of count_grades; and the rows without a weight in each group."""
    of_cell = [[[] for _ in range(n_grades + 1)] for _ in range(n_groups + 1)]
    unweighted = [0] * (n_groups + 1)
    for row, grade in enumerate(grades):
        group = n_groups if groups is None or groups[row] is None else groups[row]
        if weights[row] is None:
            unweighted[group] += 1
        else:
            of_cell[group][n_grades if grade is None else grade].append(weights[row])
    return [[fsum(weights) for weights in of_group] for of_group in of_cell], unweighted
