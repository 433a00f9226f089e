"""The number of each row's value among the distinct ones."""


def encode(values):
    """Return the codes and the distinct values, in order of first appearance; None is missing and has the code -1."""
    labels = []
    for value in values:
        if value is not None and value not in labels:
            labels.append(value)
    return [-1 if value is None else labels.index(value) for value in values], labels
