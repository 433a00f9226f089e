"""What providers are some time after they were found in a grade, by Aalen and Johansen's estimator; each provider has a weight."""


def state_probabilities(histories, weights, start, n_grades, time):
    """Return the probability of each grade at a time, and the days spent in each until then.

    `histories` has a list of (entry, exit, grade, to) for each provider, in days since its start; `to` is None where it was followed to
    `exit` and no longer.
    """
    probability = [1.0 if grade == start else 0.0 for grade in range(n_grades)]
    spent, now = [0.0] * n_grades, 0
    days = sorted({end for spells in histories for _, end, _, to in spells if to is not None and end <= time})
    for day in [*days, time]:
        spent = [days_spent + p * (day - now) for days_spent, p in zip(spent, probability, strict=True)]
        now = day
        if day not in days:
            break
        at_risk, moved = [0.0] * n_grades, [[0.0] * n_grades for _ in range(n_grades)]
        for spells, weight in zip(histories, weights, strict=True):
            for entry, end, grade, to in spells:
                if entry < day <= end:
                    at_risk[grade] += weight
                    if end == day and to is not None:
                        moved[grade][to] += weight
        before = list(probability)
        for grade in range(n_grades):
            for to in range(n_grades):
                if moved[grade][to]:
                    share = before[grade] * moved[grade][to] / at_risk[grade]
                    probability[grade] -= share
                    probability[to] += share
    return probability, spent
