"""What mypy must complain of, each in a line that says so: an ignore that is not needed is an error under --strict."""

import ofsted_sif as sif
from ofsted_sif.accessor import Accessor


def misuse() -> None:
    table = sif.load_inspections()
    sif.as_at(table)  # type: ignore[call-overload]  # no date
    sif.as_at(table, "2024-03-31", framwork="SIF")  # type: ignore[call-overload]
    sif.trend(table, "region", "theil-sen")  # type: ignore[call-overload]  # the method by its name only
    sif.agregate(table)  # type: ignore[attr-defined]
    sif.FOUR_POINT.threshold = "Good"  # type: ignore[misc]  # a scale is immutable


def misuse_of_methods(on: Accessor) -> None:
    on.as_at("2024-03-31", having="adoption")
    on.as_at("2024-03-31", habing="adoption")  # type: ignore[call-arg]
    on.plot.shares(1)  # type: ignore[call-arg, arg-type]  # options by their names only
