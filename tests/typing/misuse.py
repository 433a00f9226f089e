"""What mypy must complain of, each in a line that says so: an ignore that is not needed is an error under --strict."""

import ofsted_sif as sif


def misuse() -> None:
    table = sif.load_inspections()
    sif.as_at(table)  # type: ignore[call-overload]  # no date
    sif.as_at(table, "2024-03-31", framwork="SIF")  # type: ignore[call-overload]
    sif.trend(table, "region", "theil-sen")  # type: ignore[call-overload]  # the method by its name only
    sif.agregate(table)  # type: ignore[attr-defined]
    sif.FOUR_POINT.threshold = "Good"  # type: ignore[misc]  # a scale is immutable
