"""What rows, and clusters of rows, bring to the variance of Kendall's S."""


def sign(x):
    return (x > 0) - (x < 0)


def kendall_clusters(days, grades, clusters):
    """Return the squares of what rows bring, the squares of what clusters bring, and how many clusters there are; None is missing."""
    rows = [(day, grade, cluster) for day, grade, cluster in zip(days, grades, clusters, strict=True) if grade is not None]
    of_cluster, of_rows = {}, 0
    for number, (day, grade, cluster) in enumerate(rows):
        in_time = sum(sign(day - other) for other, _, _ in rows)
        by_grade = sum(sign(grade - other) for _, other, _ in rows)
        of_rows += (in_time * by_grade) ** 2
        key = ("alone", number) if cluster is None else cluster
        of_cluster[key] = of_cluster.get(key, 0) + in_time * by_grade
    return of_rows, sum(brought**2 for brought in of_cluster.values()), len(of_cluster)
