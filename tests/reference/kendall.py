"""Kendall's S of values against days, and its distribution when every order of the values is as likely."""

from collections import Counter
from fractions import Fraction
from itertools import combinations, permutations


def sign(x):
    return (x > 0) - (x < 0)


def score(days, values):
    """Return the sum, over all pairs on different days, of the sign of later - earlier."""
    return sum(sign(days[j] - days[i]) * sign(values[j] - values[i]) for i, j in combinations(range(len(days)), 2))


def variance(n, of_values, of_days):
    """Return the variance of S given the sizes of the sets of equal values and of equal days, by the formula as it is printed, exactly."""

    def total(sizes, *steps):
        products = []
        for t in sizes:
            product = t
            for step in steps:
                product *= step(t)
            products.append(product)
        return sum(products)

    def less(k):
        return lambda t: t - k

    found = Fraction(
        n * (n - 1) * (2 * n + 5) - sum(total(sizes, less(1), lambda t: 2 * t + 5) for sizes in (of_values, of_days)), 18
    ) + Fraction(total(of_values, less(1)) * total(of_days, less(1)), 2 * n * (n - 1))
    if n > 2:
        found += Fraction(total(of_values, less(1), less(2)) * total(of_days, less(1), less(2)), 9 * n * (n - 1) * (n - 2))
    return found


def kendall(days, values):
    """Return n, S, its variance (None below 2 rows), pairs on different days, pairs of unlike values."""
    n = len(days)
    of_values, of_days = Counter(values).values(), Counter(days).values()
    pairs, tied_days, tied_values = (sum(t * (t - 1) // 2 for t in sizes) for sizes in ((n,), of_days, of_values))
    return n, score(days, values), variance(n, of_values, of_days) if n > 1 else None, pairs - tied_days, pairs - tied_values


def distribution(days, values):
    """Return how often each S occurs among all orders of the values."""
    return Counter(score(days, order) for order in permutations(values))
